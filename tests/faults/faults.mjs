// The faults: what each does to the server and for how long, and the schedule a seed makes of them. `run` ends when the
// fault is over; recovery comes afterwards. `isLossy`: holds may be gone afterwards (Redis lost data, or clocks moved).
import { sleep, until } from '../support/stanchion.mjs';
import { loseRedis, logBytes } from '../support/redis.mjs';
import { makeDice } from './dice.mjs';

const GAP_MS = [600, 3500];
const GATEWAYS = 2;

const kill = (name) => async (world) => { world.kill(name); };
const killGateway = async (world, step) => { world.kill(`gateway ${Math.floor(step.which * GATEWAYS)}`); };
const stopFor = (name) => async (world, step) => {
  const pid = world.kill(name, 'SIGSTOP');
  await sleep(step.ms);
  try { if (pid) process.kill(pid, 'SIGCONT'); } catch { /* it has died meanwhile */ }
};
const stopGateway = (world, step) => stopFor(`gateway ${Math.floor(step.which * GATEWAYS)}`)(world, step);

async function restart(world) {
  const children = Object.values(world.server.children());
  world.kill('supervisor');
  await world.server.ended();
  world.keepLog();
  const isAlive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
  await until('children die with their supervisor', () => !children.some(isAlive), 10_000);
  world.forgetWitness();
  await world.start();
}

async function loseData(world, keptBytes) {
  const pid = world.server.children().redis;
  world.history.note('server', 'ours', { name: 'redis', pid, signal: 'SIGKILL' });
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

export const faults = {
  'kill gateway': { run: killGateway, ms: [0, 0] },
  'kill ledger': { run: kill('ledger'), ms: [0, 0] },
  'kill redis': { run: kill('redis'), ms: [0, 0] },
  'kill sandbox': { run: kill('sandbox'), ms: [0, 0] },
  'kill supervisor': { run: restart, ms: [0, 0] },
  'stop gateway': { run: stopGateway, ms: [300, 5000] },
  'stop ledger': { run: stopFor('ledger'), ms: [300, 6000] },
  'stop redis': { run: stopFor('redis'), ms: [300, 4000] },
  'stop sandbox': { run: stopFor('sandbox'), ms: [300, 8000] },
  'redis loses a second': { run: loseLastSecond, ms: [0, 0], isLossy: true },
  'redis loses everything': { run: (world) => loseData(world, 0), ms: [0, 0], isLossy: true },
  'ledger dies, redis loses a second': { run: loseLastSecondAndLedger, ms: [0, 0], isLossy: true },
};

// The faults of a round, in their order: [{ gapMs, name, ms, which }]. Every kind comes before one comes again.
export function schedule(seed, roundMs, names = Object.keys(faults)) {
  const dice = makeDice(seed), steps = [];
  let bag = [];
  for (let spentMs = 0; ;) {
    if (bag.length === 0) bag = [...names];
    const [name] = bag.splice(dice.whole(0, bag.length - 1), 1);
    const step = { gapMs: dice.whole(...GAP_MS), name, ms: dice.whole(...faults[name].ms), which: dice.between(0, 1) };
    spentMs += step.gapMs + step.ms;
    if (spentMs > roundMs) return steps;
    steps.push(step);
  }
}

export async function injure(world, step) {
  world.history.note('fault', 'fault', { name: step.name, ms: step.ms, which: step.which, isLossy: faults[step.name].isLossy === true });
  await faults[step.name].run(world, step);
  world.history.note('fault', 'healed', { name: step.name });
}
