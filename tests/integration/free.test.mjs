// What costs nothing is bought in one exchange: checkout with `confirm`.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeHall } from '../support/halls.mjs';
import { startStanchion } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const PRICES = 'category,type,price,currency\nFront,,0.00,EUR\nBack,,20.00,EUR\nFloor,,0.00,EUR\n';
let server;

before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2'], event: writeHall({ prices: PRICES, ini: '[settings]\ntick_ms = 100\nseats_per_visitor_max = 4\n' }) });
});
after(async () => { await server?.stop(); });

async function inside(options) {
  const one = await visit(server, options);
  await one.enter();
  return one;
}

// The answer, or the push that follows `paying`.
async function confirmedBy(one, answer) {
  if (answer.type === 'paying') {
    assert.deepEqual([answer.amount_minor, answer.tickets.length], [0, answer.seats.length]);
    return one.push('confirmed');
  }
  assert.equal(answer.type, 'confirmed', `${JSON.stringify(answer)}${server.log()}`);
  return answer;
}

test('one question, one answer: the tickets', async () => {
  const one = await inside();
  assert.equal((await one.ask({ type: 'hold', seats: [3, 4] })).total_minor, 0);
  const confirmed = await confirmedBy(one, await one.ask({ type: 'checkout', total_minor: 0, confirm: true }));
  assert.deepEqual(confirmed.tickets.map(({ seat, price_minor }) => [seat, price_minor]), [[3, 0], [4, 0]]);
  const { orders: [order] } = await one.ask({ type: 'tickets' });
  assert.equal(order.order, confirmed.order);
  assert.deepEqual(order.tickets, confirmed.tickets, 'the ledger says the same');
  assert.equal(one.pushes.filter(({ type }) => type === 'confirmed').length, confirmed.re === undefined ? 1 : 0, 'told once');
  await one.close();
});

test('other tabs hear of it, too', async () => {
  const one = await inside();
  const tab = await visit(server, { cookie: one.cookie });
  await tab.ask({ type: 'join' });
  assert.equal((await one.ask({ type: 'hold', seats: [5] })).type, 'held');
  const confirmed = await confirmedBy(one, await one.ask({ type: 'checkout', confirm: true }));
  assert.equal((await tab.push('confirmed')).order, confirmed.order);
  await Promise.all([one.close(), tab.close()]);
});

test('what is to be paid is not confirmed', async () => {
  const one = await inside();
  await one.ask({ type: 'hold', seats: [12] });
  assert.equal((await one.ask({ type: 'checkout', total_minor: 0, confirm: true })).code, 'price_changed');
  const payment = await one.ask({ type: 'checkout', confirm: true });
  assert.deepEqual([payment.type, payment.amount_minor], ['payment', 2000]);
  assert.equal((await one.ask({ type: 'leave' })).type, 'left');
  await one.close();
});

test('asked twice, bought once', async () => {
  const one = await inside();
  await one.ask({ type: 'hold', seats: [6] });
  const answers = await Promise.all([1, 2, 3].map(() => one.ask({ type: 'checkout', confirm: true })));
  if (!answers.some(({ type }) => type === 'confirmed')) await one.push('confirmed');
  const { orders } = await one.ask({ type: 'tickets' });
  assert.equal(orders.length, 1, JSON.stringify(answers));
  for (const { type, code, order } of answers) {
    assert.ok(type === 'error' ? ['no_hold', 'busy'].includes(code) : order === orders[0].order, JSON.stringify(answers));
  }
  await one.close();
});

test('nonsense is refused, and a checkout of nothing', async () => {
  const one = await inside();
  const bad = await one.ask({ type: 'checkout', confirm: 'yes' });
  assert.deepEqual([bad.code, bad.field], ['bad_message', 'confirm']);
  assert.equal((await one.ask({ type: 'checkout', confirm: true })).code, 'no_hold');
  await one.close();
});

test('while the ledger stands still the answer is `paying`, and the tickets follow', async () => {
  const one = await inside();
  await one.ask({ type: 'hold', seats: [7] });
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  const paying = await one.ask({ type: 'checkout', total_minor: 0, confirm: true }).finally(() => process.kill(ledger, 'SIGCONT'));
  assert.equal(paying.type, 'paying', JSON.stringify(paying));
  assert.deepEqual([paying.seats, paying.amount_minor, paying.tickets.length], [[7], 0, 1]);
  assert.equal((await one.push('confirmed')).order, paying.order);
  await one.close();
});
