// A whole run: rounds of a contended sale, each on an event of its own and with the faults its seed says; after each the
// faults end, everything comes to rest, and the checker looks at all that was recorded since the start.
import path from 'node:path';
import { sleep } from '../support/stanchion.mjs';
import { judge, readFacts, SETTLED_MS_MAX } from './checker.mjs';
import { makeDice } from './dice.mjs';
import { faults, injure, possible, schedule } from './faults.mjs';
import { openHistory } from './history.mjs';
import { askTickets, shop } from './shopper.mjs';
import { openWorld, SEATS_COUNT } from './world.mjs';

const CALM_MS = 3000; // selling goes on without faults before the round ends

// Until nothing is under way any more, at most `msMax`: how long it took and what is left.
async function rest(world, msMax) {
  const start = Date.now();
  let left = null;
  for (let calm = 0; calm < 3 && Date.now() - start < msMax;) {
    await sleep(250);
    left = await world.unsettled().catch(() => null);
    calm = left && left.intents + left.due + left.outbox === 0 ? calm + 1 : 0;
  }
  return { ms: Date.now() - start, ...left };
}

async function round(world, number, options, say) {
  const { seed, shoppers, roundMs, names, slowness, impatience, absence } = options;
  const seedOfRound = `${seed}.${number}`, event = `hall-${number}`;
  await world.loadEvent(event);
  world.event = event;
  let isOver = false;
  const sale = { history: world.history, event, seatsCount: SEATS_COUNT, people: [], slowness, impatience, absence, witness: world.witness,
    url: () => world.publicUrl.replace('http', 'ws'), isOver: () => isOver };
  const shops = Array.from({ length: shoppers }, (_, i) => shop(sale, `${number}.${i}`, makeDice(`${seedOfRound}.${i}`)));
  const running = new Set();
  for (const step of schedule(seedOfRound, roundMs, names)) {
    await sleep(step.gapMs);
    if (faults[step.name].isAlone) await Promise.all(running);
    say(`round ${number}: ${step.name}${step.ms ? `, ${step.ms} ms${step.isLeft ? ' and on' : ''}` : ''}`);
    const injury = injure(world, step).finally(() => running.delete(injury));
    running.add(injury);
    if (!step.isLeft || faults[step.name].isAlone) await injury; // nothing else is meant for a server that is not there
    world.keepLog();
  }
  await Promise.all(running);
  await world.healed();
  await sleep(CALM_MS);
  isOver = true;
  await Promise.all(shops);
  const settled = await rest(world, options.restMs);
  world.history.note('server', 'settled', settled);
  const buyers = sale.people.filter((person) => person.orders.size > 0);
  for (let i = 0; i < buyers.length; i += 20) await Promise.all(buyers.slice(i, i + 20).map((person) => askTickets(sale, person)));
}

async function look(world) {
  world.keepLog();
  world.history.flush();
  return judge(await readFacts({
    historyFile: world.history.file, ledgerFile: path.join(world.dir, 'ledger.db'), sandboxFile: world.provider.file,
    audit: await world.cli(['audit']), verify: await world.cli(['ledger', 'verify']),
  }));
}

// options: { seed, minutes, shoppers, slowness (of the cards), impatience and absence (0 to 1), roundMs, restMs, names, directory }; the report of the last look, or
// of the first that found something.
export async function runFaults(options, say = () => {}) {
  const all = { shoppers: 24, slowness: 0.05, impatience: 0.4, absence: 0.03, roundMs: 30_000, restMs: SETTLED_MS_MAX + 10_000, names: possible, minutes: 0, ...options };
  const history = openHistory(path.join(all.directory, 'history.jsonl'));
  const end = Date.now() + all.minutes * 60_000;
  const world = await openWorld({ ...all, history, hasTmpfs: all.names.some((name) => faults[name].isTmpfs) });
  const leave = () => process.exit(1); // what was started and mounted goes with the process
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, leave);
  let report;
  try {
    for (let number = 1; number === 1 || Date.now() < end; number++) {
      await round(world, number, all, say);
      report = { seed: all.seed, rounds: number, ...await look(world) };
      say(`round ${number}: ${JSON.stringify(report.figures)}`);
      if (Object.values(report.findings).some((found) => found.length > 0)) break;
    }
  } finally {
    await world.close();
    history.close();
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, leave);
  }
  return report;
}
