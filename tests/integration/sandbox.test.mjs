// The sandbox provider answers when it has stored what it says: those of a turn share a transaction, and none is told before.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, root, temporaryDirectory, until } from '../support/stanchion.mjs';

const program = path.join(root, 'build/dev/bin/stanchion_sandbox');
const KEY = 'test-key', AT_ONCE = 40, ROUNDS = 8;
const file = path.join(temporaryDirectory(), 'sandbox.db');
const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
let port, sandbox;

// Status and body; null when the connection broke.
function call(method, where, { key, body } = {}) {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${KEY}`, ...(key && { 'idempotency-key': key, 'content-type': 'application/json' }) };
    const request = http.request({ port, host: '127.0.0.1', method, path: where, agent, headers }, (answer) => {
      let text = '';
      answer.on('data', (data) => { text += data; });
      answer.on('error', () => resolve(null));
      answer.on('end', () => resolve({ code: answer.statusCode, body: JSON.parse(text) }));
    });
    request.on('error', () => resolve(null));
    request.end(body && JSON.stringify(body));
  });
}
const create = (order) => call('POST', '/v1/payment_intents', { key: `create:${order}`, body: { amount_minor: 500, currency: 'EUR', order } });

async function start() {
  sandbox = spawn(program, [String(port), file, KEY, '', '', '1000'], { stdio: 'ignore' });
  await until('the sandbox answers', async () => (await call('GET', '/healthz'))?.code === 200);
}

async function end(signal) {
  const ended = new Promise((resolve) => sandbox.once('close', resolve));
  sandbox.kill(signal);
  await ended;
}

before(async () => {
  port = await freePort();
  await start();
});
after(async () => {
  agent.destroy();
  if (sandbox.exitCode === null && sandbox.signalCode === null) await end('SIGTERM');
});

test('what was answered is there after a kill in the same moment', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const told = [];
    const orders = Array.from({ length: AT_ONCE }, (_, i) => `o_${round}_${i}`);
    const all = orders.map((order) => create(order).then((answer) => {
      if (answer === null) return;
      assert.equal(answer.code, 200);
      told.push(answer.body);
      sandbox.kill('SIGKILL'); // at the first answer
    }));
    await Promise.all(all);
    assert.ok(told.length > 0);
    await until('it is gone', () => sandbox.signalCode !== null);
    await start();
    for (const { id, order } of told) assert.deepEqual([(await call('GET', `/v1/payment_intents/${id}`)).body.order, id], [order, id]);
    const [first] = orders;
    const again = await create(first);
    const before = told.find(({ order }) => order === first);
    assert.ok(!before || before.id === again.body.id, 'the same key, the same intent');
  }
});

test('what cannot be stored is not said: all of that turn are refused, and may be repeated', async () => {
  const other = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const has = new Promise((resolve) => other.stdout.once('data', resolve));
  other.stdin.write('BEGIN IMMEDIATE;\nSELECT 1;\n');
  await has;
  const refused = await Promise.all(['a', 'b', 'c'].map((name) => create(`o_locked_${name}`)));
  assert.deepEqual(refused.map(({ code, body }) => [code, body.error]), Array(3).fill([500, 'storage']));
  const ended = new Promise((resolve) => other.once('close', resolve));
  other.stdin.end('ROLLBACK;\n.quit\n');
  await ended;
  const taken = await Promise.all(['a', 'b', 'c'].map((name) => create(`o_locked_${name}`)));
  assert.deepEqual(taken.map(({ code }) => code), [200, 200, 200]);
});
