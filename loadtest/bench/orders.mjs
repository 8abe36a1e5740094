#!/usr/bin/env node
// How fast orders are held, paid and written, on this machine, the load generator included:
//
//   loadtest/bench/orders.mjs [--bin DIR]... [--rounds N] [--parts free,paid,ledger,holds,joins] [--json FILE] ...
//
// Needs the release build (cmake --preset release && cmake --build build) and takes about three minutes; prints a table with
// the goals, and writes JSON with --json.
//
// DIR has the programs stanchion, stampede (build/bin). With several, their rounds alternate, and each
// figure comes with its ratio to the first one's: this is how two builds are compared on a machine that does other
// work too. A figure is the median of its rounds. CPU is that of each process while orders were made, per order.
//
//   free    orders of one free ticket, WebSocket to fsync and back; then at half of that rate for the latencies
//   paid    the same with authorise and capture at the sandbox provider
//   ledger  the outbox is filled while the ledger is stopped; then it writes
//   holds, joins  scripts in Redis against redis-benchmark's SET at depth 128 (rows_redis.mjs; of the sources, not of DIR)
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { helpOf, readCommandLine } from '../../tests/support/command_line.mjs';
import { holds, joins } from './rows_redis.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const { values: options } = readCommandLine(helpOf(import.meta.url), {
  bin: { type: 'string', multiple: true, default: [path.join(root, 'build/bin')] },
  rounds: { type: 'string', default: '1', isNumber: true },
  parts: { type: 'string', default: 'free,paid,ledger,holds,joins' },
  visitors: { type: 'string', default: '30000', isNumber: true },
  'visitors-paid': { type: 'string', default: '10000', isNumber: true },
  gateways: { type: 'string', default: '2' },
  processes: { type: 'string', default: '2' },
  buyers: { type: 'string', default: '400' },
  seats: { type: 'string', default: '1' },
  orders: { type: 'string', default: '20000', isNumber: true },
  'no-latency': { type: 'boolean', default: false },
  json: { type: 'string' },
  keep: { type: 'boolean', default: false },
});
const CLOCK_TICKS_S = 100, SAMPLE_MS = 100, READY_MS_MAX = 30_000, ROW_SEATS = 50, PLAN_SEATS = 100_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor((list.length - 1) / 2)];
const live = new Set();
process.on('exit', () => live.forEach((child) => child.kill('SIGKILL')));

async function until(what, probe, msMax = READY_MS_MAX, stepMs = 20) {
  for (const end = Date.now() + msMax; ;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`timed out: ${what}`);
    await sleep(stepMs);
  }
}

const isFree = (port) => new Promise((resolve) => {
  const probe = net.createServer().once('error', () => resolve(false));
  probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
});
async function freePort() {
  for (let port = 13000 + Math.floor(Math.random() * 15000); ; port += 2) {
    if (await isFree(port) && await isFree(port + 1)) return port;
  }
}

// A house of rows of 50 seats, all of one price.
function writePlan(dir, seats, price) {
  const rows = ['section,row,seat_from,seat_to,category,price,currency'];
  for (let row = 0; row * ROW_SEATS < seats; row++) {
    const count = Math.min(ROW_SEATS, seats - row * ROW_SEATS);
    rows.push(`${Math.floor(row / 20) + 1},${row % 20 + 1},1,${count},${row % 2 ? 'Back' : 'Front'},${price},EUR`);
  }
  fs.writeFileSync(path.join(dir, 'seats.csv'), `${rows.join('\n')}\n`);
}

class Server {
  static async start(bin, price) {
    const server = new Server();
    Object.assign(server, { bin, base: fs.mkdtempSync(path.join(os.tmpdir(), 'stanchion-bench-')), port: await freePort() });
    server.data = path.join(server.base, 'data');
    server.log = fs.openSync(path.join(server.base, 'log'), 'w');
    server.child = spawn(path.join(bin, 'stanchion'), ['serve', '--data.dir', server.data, '--listen.port', String(server.port),
      '--gateways', options.gateways], { stdio: ['ignore', server.log, server.log] });
    live.add(server.child);
    server.url = `http://127.0.0.1:${server.port}`;
    await until('the server is ready', () => fetch(`${server.url}/healthz`).then((answer) => answer.status === 200, () => false));
    const plan = path.join(server.base, 'plan');
    fs.mkdirSync(plan);
    writePlan(plan, PLAN_SEATS, price);
    server.cli('event', 'load', plan, '--id', 'bench');
    server.cli('event', 'set', 'bench', 'tick_ms=100', 'admit_per_tick=2000', 'active_cap=1000000', 'claim_ms=3600000',
      'claim_away_ms=3600000', 'select_ms=3600000', 'seats_per_visitor_max=10');
    server.cli('event', 'open', 'bench');
    return server;
  }

  cli(...args) {
    return execFileSync(path.join(this.bin, 'stanchion'), [...args, '--data.dir', this.data], { encoding: 'utf8' });
  }

  children() {
    const lines = fs.readFileSync(path.join(this.data, 'children'), 'utf8').trim().split('\n');
    return lines.map((line) => ({ name: line.replace(/ \d+$/, ''), pid: Number(line.match(/\d+$/)[0]) }));
  }

  pid(name) {
    return this.children().find((child) => child.name.startsWith(name)).pid;
  }

  redis(...args) {
    return execFileSync('redis-cli', ['-s', path.join(this.data, 'redis/redis.sock'), ...args], { encoding: 'utf8' }).trim();
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    this.child.kill('SIGTERM');
    await ended;
    live.delete(this.child);
    fs.closeSync(this.log);
    if (!options.keep) fs.rmSync(this.base, { recursive: true, force: true });
  }
}

function cpuUs(pid) {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 1e6 / CLOCK_TICKS_S;
  } catch {
    return 0;
  }
}

// CPU of every process by kind ("gateway"), now.
function cpuOf(processes) {
  const sums = {};
  for (const { name, pid } of processes) {
    const kind = name.replace(/ \d+$/, '');
    sums[kind] = (sums[kind] ?? 0) + cpuUs(pid);
  }
  return { at_ms: Date.now(), sums };
}

const childrenOf = (pid) => fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

// Everybody comes, enters, and when all are inside buys. They do not watch the map: no sale lets so many in at once, and what
// open maps cost is measured apart (tests/support/open_maps_bench.mjs). Returns the report with `cpu`: us per order and kind of process.
async function buy(server, visitors, extra) {
  const report = path.join(server.base, 'report.json');
  const stampede = spawn(path.join(server.bin, 'stampede'), ['--url', server.url, '--event', 'bench', '--mode', 'buy', '--plain',
    '--visitors', String(visitors), '--processes', options.processes, '--arrive', `within ${Math.ceil(visitors / 4000)}`,
    '--duration-s', '110', '--seats', options.seats, '--think-ms', '0', '--finish-min', '1', '--maps', '0', '--cap', '1000000',
    '--ledger', path.join(server.data, 'ledger.db'), '--report', report, ...extra], { stdio: ['ignore', server.log, server.log] });
  live.add(stampede);
  const samples = [], ended = new Promise((resolve) => stampede.once('close', resolve));
  let code = null;
  ended.then((value) => { code = value; });
  while (code === null) {
    const own = [{ name: 'stampede', pid: stampede.pid }];
    try {
      own.push(...childrenOf(stampede.pid).map((pid) => ({ name: 'stampede', pid })));
    } catch { /* it has ended */ }
    samples.push(cpuOf([...server.children(), ...own]));
    await sleep(SAMPLE_MS);
  }
  live.delete(stampede);
  if (code !== 0) throw new Error(`stampede ended with ${code}: see ${server.base}/log`);
  const { run, latency, counts } = JSON.parse(fs.readFileSync(report, 'utf8'));
  const near = (ms) => samples.reduce((a, b) => (Math.abs(b.at_ms - ms) < Math.abs(a.at_ms - ms) ? b : a));
  const from = near(run.orders_from_ms), to = near(run.orders_from_ms + run.orders_seconds * 1000);
  const orders = run.orders_per_s * (to.at_ms - from.at_ms) / 1000;
  const cpu = Object.fromEntries(Object.keys(to.sums).map((kind) => [kind, (to.sums[kind] - from.sums[kind]) / orders]));
  return { run, latency, counts, cpu };
}

const latencyMs = (report, name, quantile) => report.latency[name][`${quantile}_us`] / 1000;

async function sale(bin, price, visitors, extra = []) {
  const server = await Server.start(bin, price);
  const report = await buy(server, visitors, ['--buyers', options.buyers, ...extra]);
  const figures = { 'orders/s': report.run.orders_per_s };
  for (const [kind, us] of Object.entries(report.cpu)) if (us >= 1) figures[`us CPU ${kind}`] = us;
  figures['us CPU all'] = Object.values(report.cpu).reduce((a, b) => a + b, 0);
  if (price !== '0.00') {
    const begin = Date.now();
    await until('all is captured', () => server.redis('HGET', 'ledger:stats', 'captures_due') === '0', 60_000, 100);
    figures['s until all is captured'] = (Date.now() - begin) / 1000;
  }
  figures['audit'] = server.cli('audit').includes('0 findings') ? 0 : 1;
  await server.stop();
  return figures;
}

async function saleLatency(bin, price, visitors, rate) {
  const server = await Server.start(bin, price);
  const report = await buy(server, visitors, ['--hold-rate', String(Math.round(rate))]);
  await server.stop();
  const figures = {};
  for (const name of ['hold', 'pay to confirmed'])
    for (const quantile of ['p50', 'p99']) figures[`${name} ${quantile} ms`] = latencyMs(report, name, quantile);
  return figures;
}

const ALPHABET = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
function orderId(ms) {
  let text = '';
  for (let i = 0, left = ms; i < 8; i++, left = Math.floor(left / 64)) text = ALPHABET[left % 64] + text;
  for (let i = 0; i < 16; i++) text += ALPHABET[Math.floor(Math.random() * 64)];
  return `o_${text}`;
}

// Orders as settle.lua gets them, in the order in which they would have come, the seats scattered over the house.
function outboxEntries(orders, seatsEach, price) {
  const commands = [], now = Date.now();
  for (let i = 0; i < orders; i++) {
    const first = (i * 7919 % Math.floor(PLAN_SEATS / seatsEach)) * seatsEach;
    const seats = Array.from({ length: seatsEach }, (_, k) => ({ seat: first + k, section: '1', row: '1', number: String(k + 1),
      category: 'Front', price_minor: price }));
    const body = JSON.stringify({ kind: 'order', order: orderId(now + Math.floor(i / 12)), event: 'bench',
      visitor: orderId(i).slice(-12), fence: i + 1, epoch: 1, intent: '', amount_minor: price * seatsEach, currency: 'EUR',
      at_ms: now, seats });
    commands.push(`*5\r\n$4\r\nXADD\r\n$6\r\noutbox\r\n$1\r\n*\r\n$4\r\nbody\r\n$${Buffer.byteLength(body)}\r\n${body}\r\n`);
  }
  return commands.join('');
}

async function ledger(bin, seatsEach, isFreeOfCharge) {
  const server = await Server.start(bin, '5.00');
  const { orders } = options, pid = server.pid('ledger'), redis = server.pid('redis');
  const text = outboxEntries(orders, seatsEach, isFreeOfCharge ? 0 : 500);
  process.kill(server.pid('sandbox'), 'SIGSTOP'); // what is captured is not what is measured
  process.kill(pid, 'SIGSTOP');
  execFileSync('redis-cli', ['-s', path.join(server.data, 'redis/redis.sock'), '--pipe'], { input: text });
  const before = [cpuUs(pid), cpuUs(redis)], begin = performance.now();
  process.kill(pid, 'SIGCONT');
  await until('the outbox is empty', () => server.redis('XLEN', 'outbox') === '0', 60_000, 5);
  const seconds = (performance.now() - begin) / 1000, after = [cpuUs(pid), cpuUs(redis)];
  const dead = Number(server.redis('HGET', 'ledger:stats', 'dead'));
  process.kill(server.pid('sandbox'), 'SIGCONT');
  await server.stop();
  if (dead > 0) throw new Error(`${dead} dead letters`);
  // orders, sold, payments; the journal has a row when there is something to pay
  const rows = orders * (seatsEach + (isFreeOfCharge ? 2 : 3));
  return { 'orders/s': orders / seconds, 'rows/s': rows / seconds, 'us CPU ledger': (after[0] - before[0]) / orders,
    'us CPU redis': (after[1] - before[1]) / orders };
}

const parts = {
  free: (bin) => sale(bin, '0.00', options.visitors),
  paid: (bin) => sale(bin, '5.00', options['visitors-paid']),
  'ledger, 1 seat': (bin) => ledger(bin, 1, true),
  'ledger, 4 seats': (bin) => ledger(bin, 4, false),
};
// What is asked for (docs/performance.md).
const GOALS = { 'free orders/s': '>= 12000', 'free hold p99 ms': '<= 10', 'free pay to confirmed p99 ms': '<= 25', 'paid orders/s': '>= 3000',
  'paid hold p99 ms': '<= 10', 'paid pay to confirmed p99 ms': '<= 25', 'ledger, 4 seats rows/s': '>= 150000' };
const wanted = options.parts.split(',');
const results = {};
for (const [name, measure] of Object.entries(parts)) {
  if (!wanted.some((word) => name.startsWith(word))) continue;
  const rounds = options.bin.map(() => []);
  for (let round = 0; round < options.rounds; round++)
    for (const [i, bin] of options.bin.entries()) rounds[i].push(await measure(bin));
  if (!options['no-latency'] && (name === 'free' || name === 'paid')) {
    for (const [i, bin] of options.bin.entries()) {
      const rate = median(rounds[i].map((figures) => figures['orders/s'])) / 2;
      Object.assign(rounds[i][0], await saleLatency(bin, name === 'free' ? '0.00' : '5.00',
        Number(options[name === 'free' ? 'visitors' : 'visitors-paid']), rate));
    }
  }
  results[name] = options.bin.map((bin, i) => Object.fromEntries(Object.keys(rounds[i][0]).map((figure) =>
    [figure, median(rounds[i].filter((one) => figure in one).map((one) => one[figure]))])));
  for (const figure of Object.keys(results[name][0])) {
    const figures = results[name].map((one) => one[figure]);
    console.log(`${name.padEnd(18)}${figure.padEnd(26)}${figures.map((value, i) => `${(value ?? NaN).toPrecision(4).padStart(10)}${
      i > 0 ? ` (${(value / figures[0]).toFixed(2)})` : ''}`).join('')}   ${GOALS[`${name} ${figure}`] ?? ''}`.trimEnd());
  }
}
for (const [name, measure] of Object.entries({ holds, joins })) {
  if (!wanted.includes(name)) continue;
  results[name] = await measure({ rounds: 3, isQuick: true });
  for (const { against, goal, value } of results[name].goals)
    console.log(`${name.padEnd(18)}${`of ${against}`.padEnd(26)}${value.toPrecision(3).padStart(10)}   ${goal}`);
}
const machine = { cores: os.cpus().length, kernel: os.release(), load: os.loadavg() };
console.log(`load ${machine.load.map((value) => value.toFixed(1)).join(' ')} on ${machine.cores} cores`);
if (options.json) {
  const { json, bin, ...asked } = options;
  const report = { command: `loadtest/bench/orders.mjs --json ${json}`, at: new Date().toISOString(),
    commit: execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root }).toString().trim(), machine,
    options: { ...asked, bin: bin.map((folder) => path.relative(root, path.resolve(folder))) }, results };
  fs.writeFileSync(json, `${JSON.stringify(report, null, 1)}\n`);
}
