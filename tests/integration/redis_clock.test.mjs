// A Redis of one's own, on a machine whose clock is off: everything about the storage goes by the storage's clock, so the
// ledger's sign of life is told and read by that one, and nobody takes the ledger for away (P9).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { clockLibrary, writeClock } from '../support/clock.mjs';
import { askRedis } from '../support/redis.mjs';
import { startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const AHEAD_MS = 40_000;
let server, redis;
const directory = temporaryDirectory(), clock = path.join(directory, 'clock'), socket = path.join(directory, 'redis/redis.sock');

before(async () => {
  const hall = path.join(directory, 'hall');
  fs.mkdirSync(hall);
  fs.mkdirSync(path.dirname(socket));
  fs.writeFileSync(path.join(hall, 'seats.csv'), 'section,row,seat_from,seat_to,category,price,currency\nA,1,1,20,Free,0,EUR\n');
  writeClock(clock, -AHEAD_MS);
  redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', directory, '--maxmemory-policy', 'noeviction'],
    { stdio: 'ignore', env: { ...process.env, LD_PRELOAD: clockLibrary, CLOCK_JUMP_FILE: clock } });
  redis.unref();
  process.on('exit', () => redis.kill('SIGKILL'));
  await until('Redis listens', () => fs.existsSync(socket), { stepMs: 10 });
  const dir = path.join(directory, 'data');
  fs.mkdirSync(dir, { mode: 0o700 });
  fs.writeFileSync(path.join(dir, 'stanchion.ini'), `gateways = 1\nredis.url = unix://${socket}\n`, { mode: 0o600 });
  server = await startStanchion({ dir, event: hall });
  await server.set('tick_ms=100');
});
after(async () => {
  await server?.stop();
  redis?.kill('SIGKILL');
});

async function buys() {
  const visitor = await visit(server);
  const entered = await visitor.enter();
  assert.equal(entered.type, 'entered', JSON.stringify(entered));
  const held = await visitor.ask({ type: 'hold', best: { count: 1 } });
  assert.equal(held.type, 'held', JSON.stringify(held));
  const told = await visitor.ask({ type: 'checkout', total_minor: 0, confirm: true });
  const order = told.type === 'paying' ? await visitor.push('confirmed') : told;
  assert.equal(order.type, 'confirmed', JSON.stringify(told));
  await visitor.close();
}

// The server would not have come up otherwise: for a gateway that goes by its own clock the ledger is away.
test('Redis is behind: all is well, and tickets are sold', async () => {
  await buys();
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

test('Redis is ahead all at once: the ledger gives its sign by that clock, and tickets are sold', async () => {
  writeClock(clock, AHEAD_MS);
  await until('a sign of life by the clock of Redis', () => askRedis({ dir: directory }, 'GET', 'ledger:beat').then((beat) => Number(beat) > Date.now() + AHEAD_MS / 2));
  await buys();
});
