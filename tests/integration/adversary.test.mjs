// What the fuzzer (tests/fuzz) and thinking like it found once, each by name, and two seconds of it with the same dice
// each time: fresh seeds are for tests/fuzz/run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fuzz, prepare, startTarget } from '../fuzz/fuzz.mjs';
import { brokenInvariants } from '../fuzz/invariants.mjs';
import { exchange, frame, handshake, readFrames, status } from '../support/raw.mjs';
import { askRedis } from '../support/redis.mjs';
import { until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const SECONDS = Number(process.env.STANCHION_FUZZ_SECONDS ?? 2);
const seed = process.env.STANCHION_FUZZ_SEED ?? '1';
const longest = 'e'.repeat(48); // an event's id
let server, world, gateways;

const idOf = ({ receipt }) => JSON.parse(Buffer.from(receipt.split('.')[1], 'base64url')).visitor;
const gatewayPids = () => Object.entries(server.children()).filter(([name]) => name.startsWith('gateway')).map(([, pid]) => pid);

before(async () => {
  server = await startTarget();
  world = await prepare(server);
  gateways = gatewayPids();
});
after(async () => { await server?.stop(); });

test('an event whose id has as many letters as it may is sold', async () => {
  const loaded = await server.cli(['event', 'load', world.hall, '--id', longest]);
  assert.equal(loaded.code, 0, loaded.stderr);
  await server.setEvent(longest, 'phase=open', 'tick_ms=100');
  const visitor = await visit(server, { event: longest });
  assert.equal((await visitor.enter()).type, 'entered');
  assert.equal((await visitor.ask({ type: 'hold', seats: [3] })).type, 'held');
  assert.equal((await visitor.ask({ type: 'leave' })).type, 'left');
  await visitor.close();
  assert.deepEqual(gatewayPids(), gateways);
});

test('an address that is no text is refused as an address, and no gateway dies of it', async () => {
  const { owner } = world.organizers;
  const refused = [['POST', 'accounts/%ff', { role: 'door' }], ['POST', 'accounts/%ff/reset', {}], ['POST', 'accounts/a%80/sign_out', {}], ['GET', 'events/%ff'],
    ['GET', 'events/%c3%28/check'], ['GET', 'orders/%ff'], ['POST', 'events/%ff', { set: { message: 'x' } }], ['POST', 'events/%01/publish', {}], ['GET', 'events/%ff/door.csv']];
  for (const [method, path, body] of refused) assert.equal((await owner.ask(method, path, body)).status, 404, path);
  for (const path of ['log?event=%ff', 'events/second/orders?limit=5&&q=a%fe']) assert.equal((await owner.get(path)).status, 400, path);
  assert.equal((await owner.get('events/second/orders?q=%EC%84%9C%EC%9A%B8')).status, 200);
  assert.deepEqual(gatewayPids(), gateways);
});

test('an address too long to be one ends the connection, so that its body is not taken for the next request', async () => {
  const inner = 'GET /api/v1/time HTTP/1.1\r\nHost: l\r\n\r\n';
  for (const method of ['POST', 'GET']) {
    const { text, closed } = await exchange(server.port, [`${method} /${'x'.repeat(300)} HTTP/1.1\r\nHost: l\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`]);
    assert.deepEqual([status(text), closed, text.match(/HTTP\/1/g).length], [404, true, 1]);
    assert.match(text, /connection: close/i);
  }
});

test('a message may begin and end with an empty fragment', async () => {
  const isAnswered = (text) => readFrames(Buffer.from(text, 'latin1')).texts.length > 0;
  const pieces = [frame(1, '', { fin: false }), frame(0, '', { fin: false }), frame(0, '{"type":"nope",', { fin: false }), frame(0, '"id":7}', { fin: false }), frame(0, '')];
  const { bytes } = await exchange(server.port, [handshake('arena'), 100, ...pieces], { isDone: isAnswered, quietMs: 100 });
  assert.deepEqual(readFrames(bytes).texts.map(({ code, re }) => [code, re]), [['unknown_message', 7]]);
  assert.deepEqual(gatewayPids(), gateways);
});

test('who joins and leaves in one breath has left, also while others are joining', async () => {
  const { redis } = server.children(), [other, hasty] = await Promise.all([visit(server, { event: 'arena' }), visit(server, { event: 'arena' })]);
  process.kill(redis, 'SIGSTOP'); // the other's join is under way, so that the next waits for it
  let joined, left;
  try {
    other.say('{"type":"join"}');
    await fetch(`${server.url}/api/v1/time`); // the gateway has read it
    [joined, left] = [hasty.ask({ type: 'join' }), hasty.ask({ type: 'leave' })];
    await fetch(`${server.url}/api/v1/time`);
  } finally {
    process.kill(redis, 'SIGCONT');
  }
  assert.deepEqual([(await joined).type, (await left).type], ['place', 'left']);
  assert.equal((await hasty.ask({ type: 'leave' })).code, 'no_place');
  await other.ask({ type: 'leave' });
  for (const one of [other, hasty]) await one.close();
});

test('who leaves and holds in one breath keeps no seats', async () => {
  await server.setEvent('arena', 'select_ms=600000');
  const visitor = await visit(server, { event: 'arena' });
  await visitor.enter();
  const [left, held] = await Promise.all([visitor.ask({ type: 'leave' }), visitor.ask({ type: 'hold', seats: [7] })]);
  assert.equal(left.type, 'left');
  assert.ok(['held', 'error'].includes(held.type), JSON.stringify(held));
  await until('nothing is held', () => askRedis(server, 'ZCARD', 'ev:arena:holds').then((count) => count === 0));
  await server.setEvent('arena', 'select_ms=10000');
  await visitor.close();
});

test('seats are taken by the published plan only, also at a gateway that has not heard of it yet', async () => {
  const other = path.join(world.directory, 'other'), [gateway] = gateways;
  fs.mkdirSync(other);
  fs.writeFileSync(path.join(other, 'seats.csv'), 'section,row,seat_from,seat_to,category,price,currency\nBack,Z,1,100,Cheap,1.00,EUR\nGold,G,1,40,Gold,500.00,EUR\n');
  const visitor = await visit(server, { event: longest });
  await visitor.enter();
  process.kill(gateway, 'SIGSTOP');
  let held;
  try {
    const loaded = server.cli(['event', 'load', other, '--id', longest]);
    held = visitor.ask({ type: 'hold', seats: [17] }); // which is seat 18 of the stalls, and seat 18 of the back row from now on
    assert.equal((await loaded).code, 0, (await loaded).stderr);
  } finally {
    process.kill(gateway, 'SIGCONT');
  }
  const answer = await held; // held already, should it have heard of the plan first
  assert.ok(answer.code === 'busy' || answer.total_minor === 100, JSON.stringify(answer));
  await until('it has read the plan', async () => (await visitor.ask({ type: 'hold', seats: [17] })).total_minor === 100);
  assert.deepEqual(await brokenInvariants(server, longest, 500), []);
  assert.equal((await visitor.ask({ type: 'leave' })).type, 'left');
  await visitor.close();
});

test('a report that comes late does not end a place that was given after it', async () => {
  await server.setEvent('arena', 'active_cap=0', 'tick_ms=60000');
  const [earlier, later] = [await visit(server, { event: 'arena' }), await visit(server, { event: 'arena' })];
  const first = await earlier.ask({ type: 'join' }), second = await later.ask({ type: 'join' });
  assert.ok(second.seq > first.seq);
  const tick = Number(await askRedis(server, 'HGET', 'ev:arena:line', 'tick_no')) + 1;
  const report = { tick, at_ms: Date.now(), phase: 'open', seq: first.seq, head: first.seq - 1, waiting: 2, inside: 0, free: 300, holds: 0, recovers_at_ms: 0, draw: 0,
    rate_micro: 1_000_000, lag_ms: 0, refill: 0, rest: 0, admission: 1, claim_until_ms: Date.now() };
  await askRedis(server, 'PUBLISH', 'tick:arena', `${JSON.stringify(report)}\n\n${idOf(second)} no_show ${idOf(first)} no_show\n\n`);
  assert.equal((await earlier.push('expired')).reason, 'no_show');
  assert.deepEqual(later.pushes.filter(({ type }) => type === 'expired'), []);
  await server.setEvent('arena', 'active_cap=500', 'tick_ms=100');
  for (const one of [earlier, later]) await one.close();
  // The real report of that number was passed over: what comes next goes by the ones after it.
  await until('the line has gone on', () => askRedis(server, 'HGET', 'ev:arena:line', 'tick_no').then((now) => Number(now) > tick + 1));
});

test('an outcome that comes late leaves the buyer the place that was taken since', async () => {
  await server.setEvent('arena', 'active_cap=0');
  const [ahead, buyer] = [await visit(server, { event: 'arena' }), await visit(server, { event: 'arena' })];
  await ahead.ask({ type: 'join' });
  const joined = await buyer.ask({ type: 'join' });
  const order = 'o_AAAAAAAAAAAAAAAAAAAAAAAA', told = { type: 'confirmed', order, at_ms: 1, amount_minor: 0, currency: 'EUR', tickets: [] };
  await askRedis(server, 'PUBLISH', 'outcome', `arena ${idOf(joined)} confirmed ${order} ${JSON.stringify(told)}\n`);
  await buyer.push('confirmed');
  await ahead.ask({ type: 'leave' });
  await buyer.push((push) => push.type === 'place' && push.ahead < joined.ahead);
  await server.setEvent('arena', 'active_cap=500');
  for (const one of [ahead, buyer]) await one.close();
});

test('holds and payments end also when the sale is set back to a time before it', async () => {
  const visitor = await visit(server, { event: 'arena' });
  await visitor.enter();
  assert.equal((await visitor.ask({ type: 'hold', seats: [5] })).type, 'held');
  assert.equal((await visitor.ask({ type: 'checkout' })).type, 'payment');
  for (const phase of ['draft', 'prequeue', 'announced']) {
    const set = await server.cli(['event', 'set', 'arena', `phase=${phase}`]);
    assert.equal(set.code, 0, set.stderr);
  }
  const [holder] = await askRedis(server, 'ZRANGE', 'ev:arena:holds', '0', '-1');
  await askRedis(server, 'ZADD', 'ev:arena:holds', '1', holder); // its time is over
  await until('the hold has ended', () => askRedis(server, 'ZCARD', 'ev:arena:holds').then((count) => count === 0));
  assert.equal((await visitor.push('unsold')).reason, 'time_out');
  await server.setEvent('arena', 'phase=open');
  await visitor.close();
});

test(`whatever is said from all sides at once, nobody else notices (seed ${seed})`, async () => {
  const { findings, rounds } = await fuzz(server, world, { seed, seconds: SECONDS });
  server = null;
  const told = findings.map(({ side, what, notes }) => `${side}: ${what}\n  ${notes.slice(-3).map((note) => note.slice(0, 400)).join('\n  ')}`);
  assert.equal(findings.length, 0, `tests/fuzz/run --seed ${seed}\n${told.join('\n').slice(0, 8000)}`);
  assert.ok(Object.values(rounds).every((count) => count > 0), JSON.stringify(rounds));
});
