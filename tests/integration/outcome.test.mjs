// A sale that the ledger has not written yet, while the gateways lose their connections to Redis and look where everybody
// stands: the buyer's turn is over, but nobody may say that it was missed or ran out. The outcome says what happened.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { askRedis } from '../support/redis.mjs';
import { sleep, startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const SLOW = '4000000000000077'; // the bank thinks for seconds

let server;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  await server.set('tick_ms=100');
});
after(async () => { await server?.stop(); });

test('a buyer who waits for the ledger is not told that the turn is over', async () => {
  const visitor = await visit(server);
  assert.equal((await visitor.enter()).type, 'entered');
  assert.equal((await visitor.ask({ type: 'hold', seats: [10] })).type, 'held');
  const { order } = await visitor.ask({ type: 'checkout' });
  await until('the ledger knows what is to be paid', async () => await askRedis(server, 'XLEN', 'outbox') === 0);
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  try {
    assert.equal((await visitor.ask({ type: 'pay', order, card: '4242424242424242' })).type, 'paying');
    await until('the sale stands in the outbox', async () => await askRedis(server, 'HGET', 'ev:arena:settled', order) === 'sold');
    assert.ok(await askRedis(server, 'CLIENT', 'KILL', 'TYPE', 'pubsub') > 0);
    await sleep(1500);
  } finally {
    process.kill(ledger, 'SIGCONT');
  }
  assert.equal((await visitor.push('confirmed')).order, order);
  assert.deepEqual(visitor.pushes.filter((push) => push.type === 'expired'), []);
  await visitor.close();
});

test('nor is one who gave an earlier payment up, when that is told while the next one runs', async () => {
  const visitor = await visit(server), other = await visit(server);
  for (const one of [visitor, other]) assert.equal((await one.enter()).type, 'entered');
  const orders = [];
  for (const seat of [20, 21]) {
    await visitor.ask({ type: 'release' });
    assert.equal((await visitor.ask({ type: 'hold', seats: [seat] })).type, 'held');
    orders.push((await visitor.ask({ type: 'checkout' })).order);
    assert.equal((await visitor.ask({ type: 'pay', order: orders.at(-1), card: SLOW })).type, 'paying');
  }
  assert.equal((await visitor.push('unsold')).order, orders[0]);
  await until('the ledger knows what is to be paid', async () => await askRedis(server, 'XLEN', 'outbox') === 0);
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  try {
    await until('the sale stands in the outbox', async () => await askRedis(server, 'HGET', 'ev:arena:settled', orders[1]) === 'sold');
    const soldMs = Date.now(); // after that the gateway looks where everybody inside stands: time stands still
    await other.push((push) => push.type === 'deadline' && push.server_ms > soldMs, { msMax: 30_000 });
    await visitor.ask({ type: 'tickets' }); // whatever was said before has come
  } finally {
    process.kill(ledger, 'SIGCONT');
  }
  assert.equal((await visitor.push('confirmed')).order, orders[1]);
  assert.deepEqual(visitor.pushes.filter((push) => push.type === 'expired'), []);
  for (const one of [visitor, other]) await one.close();
});

// The new connection knows nothing of a payment but what it was told when it came in.
test('nor is one who has come back meanwhile, as the same visitor on another connection', async () => {
  const visitor = await visit(server), other = await visit(server);
  for (const one of [visitor, other]) assert.equal((await one.enter()).type, 'entered');
  assert.equal((await visitor.ask({ type: 'hold', seats: [30] })).type, 'held');
  const { order } = await visitor.ask({ type: 'checkout' });
  assert.equal((await visitor.ask({ type: 'pay', order, card: SLOW })).type, 'paying');
  await until('the ledger knows what is to be paid', async () => await askRedis(server, 'XLEN', 'outbox') === 0);
  const { ledger } = server.children();
  let back;
  process.kill(ledger, 'SIGSTOP');
  try {
    await visitor.close();
    back = await visit(server, { cookie: visitor.cookie });
    assert.equal((await back.enter()).hold?.order, order);
    await until('the sale stands in the outbox', async () => await askRedis(server, 'HGET', 'ev:arena:settled', order) === 'sold');
    const soldMs = Date.now();
    await other.push((push) => push.type === 'deadline' && push.server_ms > soldMs, { msMax: 30_000 });
    assert.equal((await back.ask({ type: 'nothing' })).code, 'unknown_message'); // whatever was said before has come
  } finally {
    process.kill(ledger, 'SIGCONT');
  }
  assert.equal((await back.push('confirmed')).order, order);
  assert.deepEqual(back.pushes.filter((push) => push.type === 'expired'), []);
  for (const one of [back, other]) await one.close();
});
