// A private Redis as the server starts its own (server/supervisor/redis_process.c), and our scripts in it: what they
// cost is the CPU time and the blocking time of that Redis, whoever calls them.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { root, until } from '../../tests/support/stanchion.mjs';
import { cpuS } from './processes.mjs';

// One answer from the text at `at`: { value, next }, or null while it is not whole.
function read(text, at) {
  const end = text.indexOf('\r\n', at);
  if (end < 0) return null;
  const kind = text[at], line = text.slice(at + 1, end), next = end + 2;
  if (kind === '+') return { value: line, next };
  if (kind === '-') return { value: new Error(line), next };
  if (kind === ':') return { value: Number(line), next };
  const count = Number(line);
  if (count < 0) return { value: null, next };
  if (kind === '$') return text.length < next + count + 2 ? null : { value: text.slice(next, next + count), next: next + count + 2 };
  const list = [];
  let from = next;
  while (list.length < count) {
    const item = read(text, from);
    if (!item) return null;
    list.push(item.value);
    from = item.next;
  }
  return { value: list, next: from };
}

// A command as it is sent; its words are bytes, one for each character.
const written = (words) => `*${words.length}\r\n${words.map((word) => `$${String(word).length}\r\n${word}\r\n`).join('')}`;

// A connection with as many commands under way as one likes; answers come in order.
export class Link {
  constructor(socketPath) {
    this.socket = net.connect(socketPath);
    this.socket.setEncoding('latin1');
    this.text = '';
    this.waiting = [];
    this.socket.on('data', (data) => this.take(data));
    this.socket.on('error', (error) => this.waiting.splice(0).forEach((wait) => wait.reject(error)));
  }

  take(data) {
    this.text += data;
    let at = 0;
    for (let answer; (answer = read(this.text, at)); at = answer.next) {
      const wait = this.waiting.shift();
      if (answer.value instanceof Error) wait.reject(answer.value); else wait.resolve(answer.value);
    }
    this.text = this.text.slice(at);
  }

  ask(...args) {
    this.socket.write(written(args), 'latin1');
    return new Promise((resolve, reject) => { this.waiting.push({ resolve, reject }); });
  }

  end() { this.socket.destroy(); }
}

// Asks for each of `commands` (an iterable of argument lists) with at most `depth` under way; the answers go to `take`.
export async function pipeline(link, commands, depth, take = () => {}) {
  const underWay = new Set();
  for (const command of commands) {
    const done = link.ask(...command).then((answer) => { underWay.delete(done); take(answer); });
    underWay.add(done);
    if (underWay.size >= depth) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}

export async function startRedis() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'stanchion-bench-'));
  const child = spawn('redis-server', ['--port', '0', '--dir', dir, '--unixsocket', 'redis.sock', '--appendonly', 'yes',
    '--appendfsync', 'everysec', '--save', '', '--maxmemory-policy', 'noeviction', '--auto-aof-rewrite-percentage', '0'], { stdio: 'ignore' });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const ended = new Promise((resolve) => child.on('close', resolve));
  const socket = path.join(dir, 'redis.sock');
  await until('redis-server runs', () => fs.existsSync(socket), 10_000);
  const link = new Link(socket);
  return { link, socket, cpuS: () => cpuS([child.pid]),
    async memoryBytes() { return Number((await link.ask('INFO', 'memory')).match(/used_memory:(\d+)/)[1]); },
    // Time that calls of a command have taken, in ms, and how many they were.
    async spent(command = 'evalsha') {
      const found = (await link.ask('INFO', 'commandstats')).match(new RegExp(`cmdstat_${command}:calls=(\\d+),usec=(\\d+)`));
      return { calls: Number(found?.[1] ?? 0), ms: Number(found?.[2] ?? 0) / 1000 };
    },
    async stop() {
      link.end();
      kill();
      process.off('exit', kill);
      await ended;
      fs.rmSync(dir, { recursive: true, force: true });
    } };
}

// How often a second `work` does something of which it does `count`: by the clock, and by the CPU time of that Redis.
function rated(redis, count, work) {
  const cpu = redis.cpuS(), from = performance.now();
  work();
  return { perS: 1000 * count / (performance.now() - from), perCpuS: count / (redis.cpuS() - cpu) };
}

// The yardstick: SETs of redis-benchmark, 128 under way on each connection.
export const rateOfSets = (redis, count) => rated(redis, count, () =>
  execFileSync('redis-benchmark', ['-s', redis.socket, '-t', 'set', '-P', '128', '-n', String(count), '-q'], { stdio: 'ignore' }));

// Commands (argument lists) that all do `count` things together, sent by redis-cli: as fast as Redis takes them.
export function rateOf(redis, count, commands) {
  const file = path.join(path.dirname(redis.socket), 'commands');
  fs.writeFileSync(file, commands.map(written).join(''), 'latin1');
  const input = fs.openSync(file, 'r');
  const rate = rated(redis, count, () => {
    const said = execFileSync('redis-cli', ['-s', redis.socket, '--pipe'], { stdio: [input, 'pipe', 'inherit'] }).toString();
    if (!said.includes(`errors: 0, replies: ${commands.length}`)) throw new Error(`redis-cli: ${said.trim()}`);
  });
  fs.closeSync(input);
  fs.rmSync(file);
  return rate;
}

const source = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const namesIn = (file, pattern) => [...source(file).match(pattern)[1].matchAll(/"([^"]+)"/g)].map((match) => match[1]);

// A script of the line: its keys for event e, its hash. The order of keys is that of the program (line_scripts.c).
export async function lineScript(redis, name) {
  const names = namesIn('queue/line_scripts.c', /key_names\[[^{]*\{([^}]*)\}/);
  const keys = ['epoch', ...names.map((key) => `ev:e:${key}`), 'outbox', 'ledger:beat'];
  const sha = await redis.link.ask('SCRIPT', 'LOAD', `${source('queue/lua/prelude.lua')}\n${source(`queue/lua/${name}.lua`)}`);
  return (...args) => ['EVALSHA', sha, keys.length, ...keys, 1, ...args];
}

// The script of the seats, likewise (ledger_scripts.c, seat_turn.c, seat_redis.c). Each call takes the visitors and operations,
// [name, row of the visitor from 1 on, text], as seat_turn.c sends them.
export async function turnScript(redis) {
  const keys = namesIn('ticketing/ledger_scripts.c', /names\[SEAT_KEYS_COUNT\] = \{([^}]*)\}/).map((key) => key.replace('%s', 'e'));
  const names = namesIn('ticketing/seat_turn.c', /names\[SEAT_OPERATION_COUNT\] = \{([^}]*)\}/);
  const text = (file) => source(`ticketing/lua/${file}.lua`);
  const operations = names.map((name, i) => `if kind == ${i + 1} then return function(row, text, seats)\n${text(name)}end end\n`);
  const sha = await redis.link.ask('SCRIPT', 'LOAD', [...['epoch', 'prelude', 'visit'].map(text), 'local function operation_of(kind)',
    ...operations, 'end', text('turn')].join('\n'));
  return (visitors, list) => ['EVALSHA', sha, keys.length, ...keys, 1, 'e', visitors.length, ...visitors,
    ...list.map(([name, row, said]) => String.fromCharCode(names.indexOf(name) + 1, row) + said)];
}

// An event e that is open, with these settings instead of the defaults below.
export async function makeEvent(redis, settings = {}) {
  const all = { phase: 'open', tick_ms: 1, active_cap: 100_000_000, admit_per_tick: 1000, claim_ms: 3_600_000, select_ms: 3_600_000,
    claim_away_ms: 3_600_000, waiting_max: 20_000_000, seats_per_visitor_max: 4, recovery_ms: 60_000, ...settings };
  await redis.link.ask('FLUSHALL');
  await redis.link.ask('SET', 'epoch', 1);
  await redis.link.ask('HSET', 'ev:e:cfg', ...Object.entries(all).flat());
  await redis.link.ask('HSET', 'ev:e:counts', 'free', 100_000, 'version', 0);
}

// Ids as the server makes them: 12 characters, in no order.
export function visitorId(i) {
  const mixed = BigInt.asUintN(64, BigInt(i + 1) * 0x9e3779b97f4a7c15n);
  return mixed.toString(36).padStart(13, '0').slice(-12);
}
