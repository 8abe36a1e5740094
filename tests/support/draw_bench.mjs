// Measures a draw of many places: `node tests/support/draw_bench.mjs [PLACES]` (1,000,000 unless said otherwise), with
// the program of $STANCHION_BIN. Fills the line of an event directly in Redis, opens it, and prints how long the draw
// took, how the ticks of another event fared meanwhile, and how long Redis let a PING wait, each beside the same
// figures of a quiet time before.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { sleep, startStanchion, until } from './stanchion.mjs';

const places = Number(process.argv[2] ?? 1_000_000);
const QUIET_MS = 3000, CHUNK = 5000;

// The little of the Redis protocol that is needed: arrays out; status, numbers, texts and arrays in.
class Redis {
  constructor(socket) {
    this.waiting = [];
    this.rest = Buffer.alloc(0);
    this.socket = net.connect(socket);
    this.socket.on('data', (data) => { this.rest = Buffer.concat([this.rest, data]); this.take(); });
  }

  read(at) {
    const end = this.rest.indexOf('\r\n', at);
    if (end < 0) return null;
    const kind = this.rest[at], head = this.rest.toString('latin1', at + 1, end);
    if (kind === 36) { // $
      const bytes = Number(head);
      if (bytes < 0) return [null, end + 2];
      return this.rest.length < end + bytes + 4 ? null : [this.rest.toString('utf8', end + 2, end + 2 + bytes), end + bytes + 4];
    }
    if (kind !== 42) return [kind === 58 ? Number(head) : head, end + 2];
    const list = [];
    let from = end + 2;
    for (let i = 0; i < Number(head); i++) {
      const item = this.read(from);
      if (!item) return null;
      list.push(item[0]);
      from = item[1];
    }
    return [list, from];
  }

  take() {
    for (let item = this.read(0); item; item = this.read(0)) {
      this.rest = this.rest.subarray(item[1]);
      if (Array.isArray(item[0]) && item[0][0] === 'message') this.onMessage(item[0][2]);
      else this.waiting.shift()?.(item[0]);
    }
  }

  ask(...words) {
    const text = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join('');
    return new Promise((resolve) => { this.waiting.push(resolve); this.socket.write(`*${words.length}\r\n${text}`); });
  }
}

const percentile = (list, p) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))];
const show = (name, list) => console.log(`  ${name}: median ${percentile(list, 0.5).toFixed(2)} ms, p99 ${percentile(list, 0.99).toFixed(2)} ms, max ${Math.max(...list).toFixed(2)} ms (${list.length})`);

const server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena', open: false });
const inventory = path.join(path.dirname(server.dir), 'other');
fs.cpSync('docs/examples/arena', inventory, { recursive: true });
await server.cli(['event', 'load', inventory, '--id', 'other']);
await server.cli(['event', 'set', 'other', 'tick_ms=100', 'phase=open']);
await server.cli(['event', 'set', 'arena', 'tick_ms=1000', 'draw=1', 'waiting_max=10000000']);
await until('the draw is committed to', async () => (await (await fetch(`${server.url}/api/v1/events/arena`)).json()).draw?.state === 'committed');
await server.cli(['event', 'set', 'arena', 'phase=prequeue']);

const socket = path.join(server.dir, 'redis/redis.sock');
const redis = new Redis(socket), ticks = new Redis(socket), pings = new Redis(socket);
for (let i = 0; i < places; i += CHUNK) {
  const pairs = Array.from({ length: Math.min(CHUNK, places - i) }, (_, k) => [i + k + 1, `v${String(i + k).padStart(11, '0')}`]).flat();
  await redis.ask('ZADD', 'ev:arena:waiting', ...pairs);
}
await redis.ask('HSET', 'ev:arena:line', 'seq', places);

let intervals = [], last = 0, waits = [], isPinging = true;
ticks.onMessage = (text) => { const { at_ms: at } = JSON.parse(text); if (last) intervals.push(at - last); last = at; };
await ticks.ask('SUBSCRIBE', 'tick:other');
const pinging = (async () => {
  while (isPinging) {
    const start = performance.now();
    await pings.ask('PING');
    waits.push(performance.now() - start);
    await sleep(2);
  }
})();
const phase = async (name, work) => {
  [intervals, waits] = [[], []];
  const result = await work();
  console.log(name);
  show('interval of the other event\'s ticks (100 ms wanted)', intervals);
  show('PING', waits);
  return result;
};
await phase('quiet', () => sleep(QUIET_MS));
const took = await phase('during the draw', async () => {
  await redis.ask('CONFIG', 'RESETSTAT');
  await server.cli(['event', 'set', 'arena', 'phase=open']);
  await until('it begins', async () => Number(await redis.ask('HGET', 'ev:arena:line', 'draw')) >= 1, { stepMs: 2 });
  const start = performance.now();
  await until('it ends', async () => Number(await redis.ask('HGET', 'ev:arena:line', 'draw')) === 2, { msMax: 120_000, stepMs: 5 });
  return performance.now() - start;
});
isPinging = false;
await pinging;
const stats = (await redis.ask('INFO', 'commandstats')).split('\r\n').filter((line) => /^cmdstat_(evalsha|zrange|setrange|rename|zadd|zmscore)/.test(line));
console.log(stats.join('\n'));
console.log(`${places} places: ${(took / 1000).toFixed(2)} s from the cut to the end`);
console.log(server.log().split('\n').filter((line) => line.includes('registrar')).join('\n'));
[redis, ticks, pings].forEach((one) => one.socket.destroy());
const start = performance.now();
await server.cli(['draw', 'export', 'arena', path.join(path.dirname(server.dir), 'draw')]);
const { stdout, code } = await server.cli(['draw', 'verify', path.join(path.dirname(server.dir), 'draw')]);
console.log(`export and verify: ${((performance.now() - start) / 1000).toFixed(2)} s, exit code ${code}: ${stdout}`);
await server.stop();
