// The faults: what each does to the server and for how long, and the schedule a seed makes of them. `run` ends when the
// fault is over; recovery comes afterwards. `isLossy`: holds may be gone afterwards (Redis lost data, or clocks moved); `run`
// answers true when it has turned out to be so.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { askRedis, loseRedis, logBytes, logFile } from '../support/redis.mjs';
import { sleep, until } from '../support/stanchion.mjs';
import { makeDice } from './dice.mjs';
import { fillUp } from './disks.mjs';

const GAP_MS = [600, 3500];
const GATEWAYS = 2;
const FREED_MS = 1500; // until what a full disk has ended is told, and the list of children is written again

const kill = (name) => async (world) => { world.kill(name); };

// Whether Redis has answered what a kill takes away: while its log cannot be written, or waits for the disk (Redis then holds
// writing back for up to 2 s).
const UNWRITTEN_MS = 2500;
async function hasUnwritten(world) {
  if (Date.now() < world.starvedUntil) return true;
  const info = await askRedis(world.server, 'INFO', 'persistence').catch(() => '');
  return Number(/aof_buffer_length:(\d+)/.exec(info)?.[1] ?? 0) > 0;
}
async function killRedis(world) {
  const isLossy = await hasUnwritten(world);
  world.kill('redis');
  return isLossy;
}
// Redis' log cannot be written meanwhile.
const starving = (run) => async (world, step) => {
  world.starvedUntil = Date.now() + step.ms + UNWRITTEN_MS;
  await run(world, step);
  world.starvedUntil = Math.max(world.starvedUntil, Date.now() + UNWRITTEN_MS);
};
const killGateway = async (world, step) => { world.kill(`gateway ${Math.floor(step.which * GATEWAYS)}`); };
const stopFor = (name) => async (world, step) => {
  const pid = world.kill(name, 'SIGSTOP');
  await sleep(step.ms);
  try { if (pid) process.kill(pid, 'SIGCONT'); } catch { /* it has died meanwhile */ }
};
const stopGateway = (world, step) => stopFor(`gateway ${Math.floor(step.which * GATEWAYS)}`)(world, step);

async function restart(world) {
  const isLossy = await hasUnwritten(world);
  const children = Object.values(world.server.children());
  world.kill('supervisor');
  await world.server.ended();
  world.keepLog();
  const isAlive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
  await until('children die with their supervisor', () => !children.some(isAlive));
  world.forgetWitness();
  await world.start();
  return isLossy;
}

async function loseData(world, keptBytes) {
  const pid = await until('Redis runs', () => world.child('redis'));
  world.mayEnd('redis', pid, 'SIGKILL');
  await loseRedis(world.server, { keptBytes });
}
// How much of its log Redis had a second ago: what a loss of power leaves of it.
async function loseLastSecond(world) {
  const bytes = logBytes(world.server);
  await sleep(1000);
  await loseData(world, Math.min(bytes, logBytes(world.server)));
}
// The ledger dies with the last second of Redis: what was confirmed only in memory is gone for good.
async function loseLastSecondAndLedger(world) {
  const bytes = logBytes(world.server);
  await sleep(1000);
  world.kill('ledger');
  await loseData(world, Math.min(bytes, logBytes(world.server)));
}

// The network between browsers and server, and the one between server and provider.
async function cutNetwork(world, step) {
  await world.network.cut();
  await sleep(step.ms);
  await world.network.mend();
}
const deadenNetwork = async (world) => { world.network.deaden(); };
const troubleProvider = (trouble) => async (world, step) => {
  Object.assign(world.provider.trouble, trouble);
  await sleep(step.ms);
  Object.keys(trouble).forEach((key) => delete world.provider.trouble[key]);
};

// Somebody else writes into the ledger's file, and takes his time.
async function lockLedger(world, step) {
  const child = spawn('sqlite3', ['-cmd', '.timeout 3000', path.join(world.dir, 'ledger.db')], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', () => {});
  child.stdin.write('BEGIN IMMEDIATE;\n');
  const end = Date.now() + step.ms, known = new Set(); // another ledger may come meanwhile, as after a restart that is still under way
  for (let isOver = false; !isOver; await sleep(isOver ? 0 : 50)) {
    const { ledger } = world.server.children();
    if (ledger && !known.has(ledger)) world.mayEnd('ledger', ledger, 'locked file');
    known.add(ledger);
    isOver = Date.now() >= end;
  }
  child.stdin.end('ROLLBACK;\n');
  await new Promise((resolve) => child.on('close', resolve));
}

// Every call of this kind on these files fails, by the kernel's tracing. Each process of that name gets it.
async function failCalls(world, step, name, calls, error, files) {
  const end = Date.now() + step.ms, tracers = new Map();
  while (Date.now() < end) {
    const pid = world.server.children()[name];
    if (pid && !tracers.has(pid)) {
      world.mayEnd(name, pid, error);
      const args = ['-f', '-qq', '-o', '/dev/null', '-p', String(pid), '-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}`];
      const tracer = spawn('strace', [...args, ...files(world).flatMap((file) => ['-P', file])], { stdio: 'ignore' });
      tracer.on('error', () => {}); // not installed, or not allowed here: then nothing fails
      tracers.set(pid, tracer);
    }
    await sleep(20);
  }
  await Promise.all([...tracers.values()].map((tracer) => new Promise((resolve) => {
    if (!tracer.pid || tracer.exitCode !== null || tracer.signalCode !== null) { resolve(); return; }
    tracer.on('close', resolve);
    tracer.kill('SIGTERM');
  })));
}
const ledgerFiles = (world) => ['ledger.db', 'ledger.db-wal'].map((name) => path.join(world.dir, name));
const redisFiles = (world) => [logFile(world.server)];
const failSync = (world, step) => failCalls(world, step, 'ledger', 'fdatasync,fsync', 'EIO', ledgerFiles);
const failWrite = (world, step) => failCalls(world, step, 'ledger', 'pwrite64', 'EIO', ledgerFiles);
const fillLedger = (world, step) => failCalls(world, step, 'ledger', 'pwrite64', 'ENOSPC', ledgerFiles);
const fillRedis = (world, step) => failCalls(world, step, 'redis', 'write', 'ENOSPC', redisFiles);

// Redis takes sold seats for free, as after a loss that nobody noticed. The ledger must refuse to sell them again; its
// next start puts Redis right. Only what the ledger has written is forgotten: a loss that spares the outbox spares what was
// done before it.
const FORGET = `
if redis.call('XLEN', 'outbox') > 0 then return 0 end
local states, count = redis.call('GET', KEYS[1]) or '', 0
for at = 1, #states do
  if string.byte(states, at) == 3 and count < 20 then
    redis.call('SETRANGE', KEYS[1], at - 1, '\\0')
    count = count + 1
  end
end
redis.call('PUBLISH', KEYS[3], redis.call('HINCRBY', KEYS[2], 'version', 1) .. '|*')
return 1`;
async function forgetSold(world) {
  const keys = [`ev:${world.event}:seats`, `ev:${world.event}:counts`, `map:${world.event}`]; // gateways would go on showing them as sold
  const forget = () => askRedis(world.server, 'EVAL', FORGET, 3, ...keys).catch(() => 0); // Redis may be away, too
  await until('all sales are written', async () => Number(await Promise.race([forget(), sleep(3000)])) === 1, { msMax: 180_000 });
  await sleep(4000);
  const from = world.server.logEnd();
  world.kill('ledger');
  // Until then somebody may hold a seat that is sold, and loses it when the ledger has looked.
  await until('the ledger has put Redis right', () => /ledger: running/.test(world.server.logFrom(from)), { msMax: 180_000 });
}

// No byte is left on these disks. Whoever writes what must not be lost ends, and is started until there is space.
const WRITERS = { ledger: ['ledger', 'registrar'], redis: ['redis'] };
const fillDisks = (...names) => async (world, step) => {
  const noteEnds = world.mayEndFromNow(names.flatMap((name) => WRITERS[name]));
  await fillUp(names.map((name) => world.disks[name]), step.ms, noteEnds);
  await sleep(FREED_MS);
  noteEnds();
};

// The wall clock of every process jumps, and back.
async function jumpClock(world, step) {
  world.setClock(Math.round(step.which * 60_000 - 30_000));
  await sleep(step.ms);
  world.setClock(0);
}

export const faults = {
  'kill gateway': { run: killGateway, ms: [0, 0] },
  'kill ledger': { run: kill('ledger'), ms: [0, 0] },
  'kill redis': { run: killRedis, ms: [0, 0] },
  'kill provider': { run: kill('provider'), ms: [0, 0] },
  'kill supervisor': { run: restart, ms: [0, 0], isAlone: true },
  'stop gateway': { run: stopGateway, ms: [300, 5000] },
  'stop ledger': { run: stopFor('ledger'), ms: [300, 6000] },
  'ledger away': { run: stopFor('ledger'), ms: [4000, 9000] }, // for so long that time stands still for holds
  'stop redis': { run: stopFor('redis'), ms: [300, 4000] },
  'stop provider': { run: stopFor('provider'), ms: [300, 8000] },
  'network cut': { run: cutNetwork, ms: [200, 4000] },
  'connections half open': { run: deadenNetwork, ms: [0, 0] },
  'provider slow': { run: troubleProvider({ delayMs: 6000 }), ms: [3000, 8000] },
  'provider down': { run: troubleProvider({ isDown: true }), ms: [1000, 8000] },
  'provider repeats': { run: troubleProvider({ repeats: true }), ms: [3000, 8000] },
  'provider loses answers': { run: troubleProvider({ loses: true }), ms: [3000, 8000] },
  'webhooks out of order': { run: troubleProvider({ shuffles: true }), ms: [3000, 8000] },
  'ledger file locked': { run: lockLedger, ms: [500, 8000] },
  'ledger sync fails': { run: failSync, ms: [500, 4000] },
  'ledger write fails': { run: failWrite, ms: [500, 4000] },
  'ledger disk full': { run: fillLedger, ms: [500, 4000] },
  'redis disk full': { run: starving(fillRedis), ms: [500, 4000] },
  'ledger disk full to the last byte': { run: fillDisks('ledger'), ms: [500, 5000], isTmpfs: true },
  'redis disk full to the last byte': { run: starving(fillDisks('redis')), ms: [500, 5000], isTmpfs: true },
  'all disks full to the last byte': { run: starving(fillDisks('ledger', 'redis')), ms: [500, 5000], isTmpfs: true },
  'clock jumps': { run: jumpClock, ms: [1000, 6000], isLossy: true, isClock: true },
  'redis forgets sold seats': { run: forgetSold, ms: [0, 0], isLossy: true },
  'redis loses a second': { run: loseLastSecond, ms: [0, 0], isLossy: true },
  'redis loses everything': { run: (world) => loseData(world, 0), ms: [0, 0], isLossy: true },
  'ledger dies, redis loses a second': { run: loseLastSecondAndLedger, ms: [0, 0], isLossy: true },
};

// Those that this machine can do without being asked to: a disk of our own takes the right to mount.
export const possible = Object.keys(faults).filter((name) => !faults[name].isTmpfs);

// The faults of a round, in their order: [{ gapMs, name, ms, which, isLeft }]. Every kind comes before one comes again.
// isLeft: the next one does not wait for its end.
export function schedule(seed, roundMs, names = possible) {
  const dice = makeDice(seed), steps = [];
  let bag = [];
  for (let spentMs = 0; ;) {
    if (bag.length === 0) bag = [...names];
    const [name] = bag.splice(dice.whole(0, bag.length - 1), 1);
    const step = { gapMs: dice.whole(...GAP_MS), name, ms: dice.whole(...faults[name].ms), which: dice.between(0, 1), isLeft: dice.chance(0.4) };
    spentMs += step.gapMs + (step.isLeft ? 0 : step.ms);
    if (spentMs > roundMs) return steps;
    steps.push(step);
  }
}

export async function injure(world, step) {
  const { isLossy = false, isClock = false, run } = faults[step.name];
  world.history.note('fault', 'fault', { name: step.name, ms: step.ms, which: step.which, isLossy, isClock });
  const hasLost = await run(world, step) === true;
  world.history.note('fault', 'healed', { name: step.name, isLossy: isLossy || hasLost, isClock });
}
