// What many events cost that nobody looks at: start, memory, Redis commands and CPU in a quiet minute, the list of events.
//
//   STANCHION_BIN=build/bin/stanchion node tests/support/events_bench.mjs [events, 1000] [seats of each, 500] [seconds, 10]
//
// Prints one line for each figure. The events are on sale, and nobody is there. Figures: docs/performance.md.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { askRedis } from './redis.mjs';
import { sleep, startStanchion, temporaryDirectory, until } from './stanchion.mjs';

const [events = 1000, seats = 500, seconds = 10] = process.argv.slice(2).map(Number);
const ROW = 20;
const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK']));
const base = temporaryDirectory();
const dir = path.join(base, 'data');

const plan = () => {
  const rows = [];
  for (let first = 0; first < seats; first += ROW) {
    const length = Math.min(ROW, seats - first);
    const row = Array.from({ length }, (_, at) => [String(at + 1), at * 25, first, first < seats / 2 ? 0 : 1, 0]);
    rows.push({ label: String(rows.length + 1), first, seats: row });
  }
  const category = (name, price_minor) => ({ name, color: '#b3261e', price_minor, currency: 'EUR' });
  return { version: 1, name: 'Hall', width: 1000, height: 1000, seats_count: seats,
    categories: [category('Front', 5000), category('Back', 2500)], sections: [{ name: 'Stalls', level: '', rows }], areas: [], shapes: [] };
};

const say = (what, value) => console.log(`${what.padEnd(48)} ${value}`);
const number = async (server, ...args) => Number(await askRedis(server, ...args));
const cpuMs = (pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 1000 / TICKS_PER_S;
};
const rssMb = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

let missing = '';
// Every gateway has all events, with line, plan and seats.
async function areAllServed(server) {
  for (let tries = 0; tries < 6; tries++) {
    const { events: list } = await (await fetch(`${server.url}/api/v1/events`)).json();
    missing = `${list.length} events, ${list.filter(({ categories }) => !categories[0]?.free).length} without free seats`;
    if (list.length !== events || list.some(({ categories }) => !categories[0]?.free)) return false;
  }
  return true;
}

async function loadAll(server) {
  const args = (at) => ({ id: `event-${at}`, name: `Event ${at}`, currency: 'EUR', time_zone: 'UTC', plan: plan(), settings: { phase: 'open' } });
  for (let at = 0; at < events; at++) {
    const body = { id: String(at), reply: 'reply:bench', verb: 'event.load', args: args(at), by: 'cli' };
    await askRedis(server, 'XADD', 'office', '*', 'body', JSON.stringify(body));
    if (at % 50 === 49) await until('the ledger', async () => await number(server, 'XLEN', 'office') < 20, { stepMs: 5 });
  }
  let there;
  await until(() => `${there} of ${events} events\n${server.log().slice(-2000)}`, async () => (there = await number(server, 'HLEN', 'events')) === events);
}

const commands = async (server) => Number(/total_commands_processed:(\d+)/.exec(await askRedis(server, 'INFO', 'stats'))[1]);
const evals = async (server) => [...(await askRedis(server, 'INFO', 'commandstats')).matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);

async function quiet(server) {
  const children = server.children();
  const before = { commands: await commands(server), evals: await evals(server), cpu: Object.fromEntries(Object.entries(children).map(([name, pid]) => [name, cpuMs(pid)])) };
  await sleep(seconds * 1000);
  say('Redis commands a second (scripts counted inside, too)', Math.round((await commands(server) - before.commands) / seconds));
  say('scripts called a second', Math.round((await evals(server) - before.evals) / seconds));
  for (const [name, pid] of Object.entries(children))
    say(`${name}: CPU, memory`, `${((cpuMs(pid) - before.cpu[name]) / seconds / 10).toFixed(1)} %, ${rssMb(pid).toFixed(0)} MB`);
}

async function list(server) {
  const times = [];
  let bytes = 0;
  for (let i = 0; i < 15; i++) {
    const start = performance.now();
    bytes = (await (await fetch(`${server.url}/api/v1/events`)).text()).length;
    times.push(performance.now() - start);
  }
  say('GET /api/v1/events: median ms, bytes', `${times.sort((a, b) => a - b)[7].toFixed(1)}, ${bytes}`);
  const start = performance.now();
  await server.cli(['event', 'list']);
  say('stanchion event list: ms', Math.round(performance.now() - start));
}

async function timed(what, action) {
  const start = performance.now();
  const result = await action();
  say(what, `${((performance.now() - start) / 1000).toFixed(2)} s`);
  return result;
}

const flags = ['--gateways', '2'];
let server = await startStanchion({ flags, dir });
await timed(`loading ${events} events of ${seats} seats`, () => loadAll(server));
await timed('until all gateways serve them', () => until(() => missing, () => areAllServed(server)));
await sleep(3000);
await quiet(server);
await list(server);
if (events === 1000) say('one more', (await server.cli(['event', 'load', 'docs/examples/arena', '--id', 'one-more'])).stderr.trim());
await timed('stop', () => server.stop());
server = await timed('start again: until healthy', () => startStanchion({ flags, dir }));
await timed('and until all gateways serve them', () => until(() => missing, () => areAllServed(server)));
const { ledger } = server.children();
process.kill(ledger, 'SIGKILL');
await timed('the ledger killed: until it has recovered', () => until('recovered', () => {
  const now = server.children().ledger;
  return now && now !== ledger && server.log().match(/ledger: running/g)?.length >= 2;
}, 60_000, 20));
await server.stop();
