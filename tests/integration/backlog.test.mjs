// The outbox is full: nobody new may pay, which is said politely, and nothing that waits is dropped or cut; those who pay
// already are taken. When the ledger has caught up, paying goes on by itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { askRedis } from '../support/redis.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const ENTRIES_MAX = 6;
let server;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2', '--outbox.entries_max', String(ENTRIES_MAX)], event: 'arena' });
  await server.cli(['event', 'set', 'arena', 'tick_ms=100']);
});
after(async () => { await server?.stop(); });

const waiting = () => askRedis(server, 'XLEN', 'outbox');
const entries = async () => (await askRedis(server, 'XRANGE', 'outbox', '-', '+')).map(([id, [, body]]) => ({ id, ...JSON.parse(body) }));

async function inside(seat) {
  const visitor = await visit(server);
  await visitor.enter();
  assert.equal((await visitor.ask({ type: 'hold', seats: [seat] })).type, 'held');
  return visitor;
}

test('a full outbox: refused, kept whole, and gone on with', async () => {
  const visitors = await Promise.all(Array.from({ length: ENTRIES_MAX + 3 }, (_, i) => inside(10 + i)));
  const taken = visitors.slice(0, ENTRIES_MAX), refused = visitors.slice(ENTRIES_MAX);
  await until('the outbox is empty', async () => await waiting() === 0);
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  // A ledger that is slow but there: its beat goes on, so that only the length can be what refuses.
  const beat = setInterval(() => { askRedis(server, 'SET', 'ledger:beat', Date.now()).catch(() => {}); }, 100);
  let before, orders;
  try {
    orders = [];
    for (const visitor of taken) {
      const payment = await visitor.ask({ type: 'checkout' });
      assert.equal(payment.type, 'payment', JSON.stringify(payment));
      orders.push(payment.order);
    }
    assert.equal(await waiting(), ENTRIES_MAX);
    before = await entries();
    for (let round = 0; round < 3; round++)
      for (const visitor of refused) {
        const { type, code, message, retry_s } = await visitor.ask({ type: 'checkout' });
        assert.deepEqual([type, code, message, retry_s > 0], ['error', 'ledger_down', 'Payments are held up for a moment. Your seats stay held.', true]);
      }
    for (const [i, visitor] of taken.entries()) assert.equal((await visitor.ask({ type: 'pay', order: orders[i], card: '4242424242424242' })).type, 'paying');
    assert.deepEqual((await entries()).slice(0, ENTRIES_MAX), before, 'nothing was trimmed');
    assert.equal((await refused[0].ask({ type: 'hold', seats: [40] })).type, 'held', 'seats are still given');
  } finally {
    clearInterval(beat);
    process.kill(ledger, 'SIGCONT');
  }
  // Everything that waited is written, and whoever was refused pays when he asks again.
  const confirmed = await Promise.all(taken.map((visitor) => visitor.push('confirmed')));
  assert.deepEqual(confirmed.map(({ order }) => order), orders);
  for (const visitor of refused) {
    const payment = await until('paying goes on', async () => { const answer = await visitor.ask({ type: 'checkout' }); return answer.type === 'payment' && answer; });
    await visitor.ask({ type: 'pay', order: payment.order, card: '4242424242424242' });
    assert.equal((await visitor.push('confirmed')).order, payment.order);
  }
  await until('captured, and nothing is found', async () => {
    const { code, stdout } = await server.cli(['audit']);
    return code === 0 && /captures_due +0\b/.test(stdout);
  });
  const { counts } = JSON.parse((await server.cli(['audit', '--json'])).stdout);
  assert.deepEqual([counts.orders, counts.dead], [visitors.length, 0]);
});
