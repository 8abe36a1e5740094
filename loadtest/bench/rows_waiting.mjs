// Rows about those who wait: the memory of all our processes, and the CPU that a tick costs a gateway with a full house.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sleep } from '../../tests/support/stanchion.mjs';
import { CONNECTIONS, startGateway } from './contestants.mjs';
import { median } from './median.mjs';
import { cpuS, Crowd, pssBytes, settle } from './processes.mjs';
import { Link, lineScript, pipeline, visitorId } from './redis.mjs';

const rounded = (value) => Number(value.toPrecision(4));
const patient = ['active_cap=1000000', 'claim_ms=3600000', 'claim_away_ms=3600000', 'select_ms=3600000'];

// What 19,000 visitors add to all processes of ours, and what these weigh altogether for each.
export async function memory() {
  const server = await startGateway({ settings: ['admit_per_tick=0', ...patient] });
  try {
    const crowd = new Crowd(server, { joins: true });
    await settle(server.ours);
    const before = pssBytes(server.ours);
    await crowd.open(CONNECTIONS);
    await settle(server.ours);
    await sleep(2000);
    const after = pssBytes(server.ours);
    await crowd.end();
    return { unit: `bytes for each of ${CONNECTIONS} waiting, all processes but Redis`,
      figures: { added: rounded((after - before) / CONNECTIONS), 'with the empty processes': rounded(after / CONNECTIONS) },
      goals: [{ against: 'bytes added', goal: '<= 1800', value: (after - before) / CONNECTIONS }] };
  } finally {
    await server.stop();
  }
}

function* ghosts(join, count) {
  for (let at = 0; at < count; at += 256) yield join(...Array.from({ length: Math.min(256, count - at) }, (_, i) => visitorId(at + i)));
}

// Ticks that admit 1,000 who have gone home, told to a gateway with 19,000 behind them; nobody is so near that it is
// pushed. A million visitors are on 53 such gateways.
export async function places({ isQuick }) {
  const perTick = 1000, seconds = isQuick ? 8 : 20;
  const flags = ['--push.near_places', '0', '--push.change_percent', '100', '--push.interval_ms_max', '600000', '--push.heartbeat_ms', '600000'];
  const server = await startGateway({ flags, settings: ['admit_per_tick=0', 'tick_ms=1000', ...patient] });
  const link = new Link(server.redis);
  try {
    const redis = { link }, script = await lineScript(redis, 'join'), epoch = await link.ask('GET', 'epoch');
    const asArena = (command) => command.map((word, i) => (i > 2 && i < 3 + command[2] ? String(word).replace(/^ev:e:/, 'ev:arena:') : word));
    const join = (...visitors) => asArena(script(...visitors)).map((word, i, all) => (i === 3 + all[2] ? epoch : word));
    await pipeline(link, ghosts(join, perTick * (seconds + 10)), 8);
    const used = async () => {
      await settle(server.pids);
      await sleep(2000);
      const before = cpuS(server.pids), from = performance.now();
      await sleep(seconds * 1000);
      return 1e6 * (cpuS(server.pids) - before) / (performance.now() - from); // ms a second
    };
    const empty = await used(), crowd = new Crowd(server, { joins: true });
    await crowd.open(CONNECTIONS);
    const still = await used(), counted = await crowd.count();
    await server.set(`admit_per_tick=${perTick}`);
    const moving = await used(), frames = (await crowd.count()).frames - counted.frames;
    if (frames > CONNECTIONS / 10) throw new Error(`${frames} frames were pushed meanwhile`);
    await crowd.end();
    const gateways = Math.ceil(1_000_000 / CONNECTIONS), all = (ms) => rounded(gateways * ms);
    return { unit: `ms of CPU a second for 1,000,000 on ${gateways} gateways, from one of them; a tick of ${perTick} a second`,
      figures: { 'empty gateways': all(empty), 'with everybody, a tick that admits nobody': all(still), 'a tick that admits': all(moving) },
      goals: [{ against: 'ms for each tick', goal: '<= 40', value: gateways * (moving - empty) }] };
  } finally {
    link.end();
    await server.stop();
  }
}

// What this disk needs for one append that is synced: the floor of anything durable.
export async function disk({ isQuick }) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'stanchion-disk-')), count = isQuick ? 500 : 2000, took = [];
  const fd = fs.openSync(path.join(dir, 'log'), 'w'), page = Buffer.alloc(4096, 'x');
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    fs.writeSync(fd, page);
    fs.fdatasyncSync(fd);
    took.push(performance.now() - from);
  }
  fs.closeSync(fd);
  fs.rmSync(dir, { recursive: true });
  return { unit: 'us for an append of 4 KiB and fdatasync', figures: { median: rounded(1000 * median(took)) }, goals: [] };
}
