// The provider's webhook comes while Redis does not answer: the payment goes on when Redis does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, startStanchion } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const WEBHOOK_CARD = '4000000000000093'; // answered "processing" at once; the success comes by webhook after 2 s

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' }); });
after(async () => { await server?.stop(); });

test('a success that comes while Redis is stuck is not forgotten', async () => {
  const buyer = await visit(server);
  assert.equal((await buyer.enter()).type, 'entered');
  assert.equal((await buyer.ask({ type: 'hold', seats: [0] })).type, 'held');
  const payment = await buyer.ask({ type: 'checkout' });
  const paying = await buyer.ask({ type: 'pay', order: payment.order, card: WEBHOOK_CARD });
  assert.equal(paying.type, 'paying', server.log());
  await sleep(1000);
  const redis = server.children().redis;
  process.kill(redis, 'SIGSTOP');
  await sleep(5000);
  process.kill(redis, 'SIGCONT');
  const confirmed = await buyer.push('confirmed', { msMax: 15_000 }).catch((error) => assert.fail(`${error.message}\n${server.log()}`));
  assert.equal(confirmed.order, payment.order);
  await buyer.close();
});
