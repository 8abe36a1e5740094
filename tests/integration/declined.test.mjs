// A decline is heard wherever the visitor is: the provider's answer and its webhook may meet different gateways.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startStanchion } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const TABS = 10; // all at one of two gateways: once in 500 runs, and then the test is green for nothing

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' }); });
after(async () => { await server?.stop(); });

test('all tabs of a visitor hear that the card was declined, each once', async () => {
  const buyer = await visit(server);
  const entered = await buyer.enter();
  assert.equal(entered.type, 'entered');
  const tabs = [];
  for (let i = 0; i < TABS; i++) {
    const tab = await visit(server, { cookie: buyer.cookie });
    assert.match((await tab.ask({ type: 'join' })).type, /admitted|entered/);
    tabs.push(tab);
  }
  assert.equal((await buyer.ask({ type: 'hold', seats: [0] })).type, 'held');
  const payment = await buyer.ask({ type: 'checkout' });
  assert.equal(payment.type, 'payment', server.log());
  const paying = await buyer.ask({ type: 'pay', order: payment.order, card: '4000000000000002' });
  assert.equal(paying.type, 'paying', server.log());
  for (const visitor of [buyer, ...tabs]) {
    const declined = await visitor.push('declined');
    assert.equal(declined.order, payment.order);
    assert.equal(declined.reason, 'card_declined');
    assert.equal(declined.event, undefined);
    assert.equal(declined.visitor, undefined);
  }
  await buyer.ask({ type: 'leave' });
  for (const visitor of [buyer, ...tabs])
    assert.equal(visitor.pushes.filter((push) => push.type === 'declined').length, 1);
  await Promise.all([buyer, ...tabs].map((visitor) => visitor.close()));
});
