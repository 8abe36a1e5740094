// Rows about connections: what it costs to make one, many at once, one more, and to tell everybody something.
import { sleep } from '../../tests/support/stanchion.mjs';
import { CONNECTIONS, startFloor, startGateway, startNchan, startWs } from './contestants.mjs';
import { median } from './median.mjs';
import { cpuS, Crowd, settle } from './processes.mjs';

const ratios = (ours, theirs) => median(ours.map((value, i) => value / theirs[i]));
const rounded = (value) => Number(value.toPrecision(4));
const rates = (figures) => Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, values.map(rounded)]));

async function withAll(servers, use) {
  try {
    return await use(servers.filter(Boolean));
  } finally {
    await Promise.all(servers.filter(Boolean).map((server) => server.stop()));
  }
}

// Upgrades per second of the server's CPU, all connections on one process. The gateway also checks the Origin, makes the
// visitor and signs a cookie.
// Each begins anew in each round: not all of them forget 19,000 connections that were reset.
export async function upgrades({ rounds }) {
  const starts = [startFloor, startGateway, startNchan, () => startNchan({ isTuned: true }), startWs], figures = {};
  for (let round = 0; round < rounds; round++) {
    for (const start of starts) {
      const server = await start();
      if (!server) continue;
      await withAll([server], async () => {
        await settle(server.pids);
        const crowd = new Crowd(server), before = cpuS(server.pids);
        await crowd.open(CONNECTIONS);
        (figures[server.name] ??= []).push(CONNECTIONS / (cpuS(server.pids) - before));
        await crowd.end();
      });
    }
  }
  const against = (name, goal) => figures[name] && { against: name, goal, value: ratios(figures.gateway, figures[name]) };
  return { unit: 'upgrades per CPU second', figures: rates(figures),
    goals: [against('floor', '>= 0.7'), against('nchan', '>= 1.4'), against('ws', '>= 4')].filter(Boolean) };
}

async function herdOf(servers, port, path, each, joins) {
  const crowds = servers.map(() => new Crowd({ port, path }, { joins }));
  const from = performance.now();
  await Promise.all(crowds.map((crowd) => crowd.open(each, each)));
  const seconds = (performance.now() - from) / 1000;
  await Promise.all(crowds.map((crowd) => crowd.end()));
  return servers.length * each / seconds;
}

// Everybody connects in the same moment; here the wall clock counts, server and clients share the machine.
export async function herd({ rounds, isQuick }) {
  const each = isQuick ? 5000 : CONNECTIONS, processes = 4;
  const first = await startFloor(), floors = [first];
  while (floors.length < processes) floors.push(await startFloor(first.port));
  const gateways = await startGateway({ gateways: processes, flags: ['--joins_pending_max', '1000000'],
    settings: ['admit_per_tick=0'] });
  return withAll([...floors, gateways], async () => {
    const figures = { floor: [], gateway: [] };
    for (let round = 0; round < rounds; round++) {
      figures.floor.push(await herdOf(floors, first.port, '/', each, false));
      await settle(floors.flatMap(({ pids }) => pids));
      figures.gateway.push(await herdOf(floors, gateways.port, gateways.path, each, true));
      await settle(gateways.ours, 0.2);
    }
    return { unit: `a second: floor upgrades, gateway visitors with a receipt; ${processes} x ${each} at once`, figures: rates(figures),
      goals: [{ against: 'floor', goal: '>= 0.6', value: ratios(figures.gateway, figures.floor) }] };
  });
}

async function costOfMore(server, crowd, count) {
  await settle(server.pids);
  const before = cpuS(server.pids);
  await crowd.open(count);
  const cost = (cpuS(server.pids) - before) / count;
  await crowd.close(count);
  return 1e6 * cost;
}

// A visitor more, joined and with a receipt, beside 100 who wait and beside 19,000.
export async function oneMore({ rounds }) {
  return withAll([await startGateway({ settings: ['admit_per_tick=0'] })], async ([server]) => {
    const more = 600, figures = { 'beside 100': [], 'beside 19,000': [] };
    for (let round = 0; round < rounds; round++) {
      const crowd = new Crowd(server, { joins: true });
      await crowd.open(100);
      figures['beside 100'].push(await costOfMore(server, crowd, more));
      await crowd.open(CONNECTIONS - 100);
      figures['beside 19,000'].push(await costOfMore(server, crowd, more));
      await crowd.end();
      await settle(server.pids);
    }
    return { unit: 'us of gateway CPU', figures: rates(figures),
      goals: [{ against: '100 idle', goal: '<= 1.2', value: ratios(figures['beside 19,000'], figures['beside 100']) }] };
  });
}

// While `work` goes on: CPU of the server for each frame that arrived, and their size.
async function costOfFrames(server, crowd, work) {
  const [cpu, counted] = [cpuS(server.pids), await crowd.count()];
  await work();
  await sleep(300);
  const after = await crowd.count(), frames = after.frames - counted.frames;
  if (frames === 0) throw new Error(`${server.name} pushed nothing`);
  return { us: 1e6 * (cpuS(server.pids) - cpu) / frames, bytes: (after.bytes - counted.bytes) / frames, frames };
}

// A place for everybody at each tick (all are near enough to the head), against the same bytes to everybody.
export async function pushes({ rounds, isQuick }) {
  const visitors = isQuick ? 5000 : 9000, seconds = isQuick ? 4 : 8;
  const flags = ['--push.near_places', '10000'];
  const settings = ['admit_per_tick=0', 'tick_ms=1000', 'active_cap=1000000', 'claim_ms=3600000', 'claim_away_ms=3600000', 'select_ms=3600000'];
  return withAll([await startFloor(), await startWs(), await startGateway({ flags, settings })], async ([floor, ws, gateway]) => {
    const crowds = new Map([[floor, new Crowd(floor)], [ws, new Crowd(ws)], [gateway, new Crowd(gateway, { joins: true })]]);
    for (const crowd of crowds.values()) await crowd.open(visitors);
    const figures = { floor: [], ws: [], gateway: [] };
    let payload = 0;
    const pushing = (server) => async () => {
      for (let i = 0; i < seconds; i++) {
        server.push(payload);
        await sleep(1000);
      }
    };
    for (let round = 0; round < rounds; round++) {
      await gateway.set('admit_per_tick=1');
      await sleep(1500);
      const ours = await costOfFrames(gateway, crowds.get(gateway), () => sleep(1000 * seconds));
      await gateway.set('admit_per_tick=0');
      await settle(gateway.pids);
      payload = Math.round(ours.bytes) - 4;
      figures.gateway.push(ours.us);
      for (const server of [floor, ws]) figures[server.name].push((await costOfFrames(server, crowds.get(server), pushing(server))).us);
    }
    await Promise.all([...crowds.values()].map((crowd) => crowd.end()));
    return { unit: `us of server CPU for a frame of ${payload} bytes, ${visitors} visitors, one each a second`, figures: rates(figures),
      goals: [{ against: 'floor', goal: '<= 1.15', value: ratios(figures.gateway, figures.floor) },
        { against: 'ws', goal: '<= 0.8', value: ratios(figures.gateway, figures.ws) }] };
  });
}
