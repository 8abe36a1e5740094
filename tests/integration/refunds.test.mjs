// Refunds from the outside: seats go back on sale, money goes back once, the journal adds up, the visitor is told, and a
// kill of the ledger or the provider in the middle changes none of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server, price;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  await server.set('tick_ms=100', 'seats_per_visitor_max=4');
  const plan = await (await fetch(`${server.url}/api/v1/events/arena/plan`)).json();
  const seats = plan.sections.flatMap((section) => section.rows.flatMap((row) => row.seats));
  price = (seat) => plan.categories[seats[seat][3]].price_minor;
});
after(async () => { await server?.stop(); });

async function cli(args, expected = 0) {
  const result = await server.cli(args);
  assert.equal(result.code, expected, `${args.join(' ')}\n${result.stdout}${result.stderr}${server.log()}`);
  return result;
}
const show = async (order) => JSON.parse((await cli(['orders', 'show', order])).stdout);
const refund = (order, ...more) => cli(['orders', 'refund', order, ...more]);
const isCaptured = (order) => until('captured', async () => (await show(order)).payment[0].state === 'captured');
const isPaidBack = (order) => until('paid back', async () => {
  const { code, stdout } = await server.cli(['orders', 'show', order]); // refused while the ledger is away
  const { payouts } = code === 0 ? JSON.parse(stdout) : { payouts: [] };
  return payouts.length > 0 && payouts.every((payout) => payout.state === 'paid');
});

async function buy(seats) {
  const visitor = await visit(server);
  await visitor.enter();
  assert.equal((await visitor.ask({ type: 'hold', seats })).type, 'held');
  const { order } = await visitor.ask({ type: 'checkout' });
  await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
  await visitor.push('confirmed');
  return { visitor, order };
}

test('part of an order: the seat is free again, the visitor is told, money and journal follow', async () => {
  const { visitor, order } = await buy([50, 51, 52]);
  await isCaptured(order);
  const { stdout } = await refund(order, '--seats', '51', '--reason', 'broken seat');
  assert.match(stdout, new RegExp(`\\[51\\] given back, ${price(51)} EUR`));
  const told = await visitor.push('refunded');
  assert.deepEqual([told.order, told.seats, told.amount_minor], [order, [51], price(51)]);
  await isPaidBack(order);
  const shown = await show(order);
  assert.deepEqual(shown.journal.map((row) => [row.kind, row.amount_minor]), [
    ['sale', price(50) + price(51) + price(52)], ['capture', price(50) + price(51) + price(52)],
    ['refund', price(51)], ['refund_paid', price(51)]]);
  assert.equal(shown.refunds[0].reason, 'broken seat');
  const { orders } = await visitor.ask({ type: 'tickets' });
  assert.deepEqual(orders[0].tickets.filter((ticket) => ticket.refunded).map((ticket) => ticket.seat), [51]);
  assert.equal(orders[0].tickets.length, 3);
  const [header, ...lines] = (await cli(['orders', 'export'])).stdout.trimEnd().split('\r\n').map((line) => line.split(','));
  assert.deepEqual(lines.map((line) => line.length === header.length && line[header.indexOf('refunded')]), ['', '', 'true']);
  const other = await buy([51]);
  assert.notEqual(other.order, order);
  assert.match((await cli(['audit'])).stdout, /^0 findings/m);
});

test('who gave seats back may buy as many again', async () => {
  const { visitor, order } = await buy([60, 61, 62, 63]);
  assert.equal((await visitor.ask({ type: 'join' })).code, 'already_served');
  await refund(order, '--seats', '60-61');
  const again = await visit(server, { cookie: visitor.cookie });
  await again.enter();
  assert.equal((await again.ask({ type: 'hold', seats: [60, 61, 64] })).code, 'too_many_seats');
  assert.equal((await again.ask({ type: 'hold', seats: [60, 61] })).type, 'held');
  await again.ask({ type: 'leave' });
});

test('a whole order, withheld: nobody can buy it, and repeating it changes nothing', async () => {
  const { order } = await buy([70, 71]);
  await refund(order, '--withhold');
  assert.match((await refund(order)).stdout, /given back before, nothing was changed/);
  await isPaidBack(order);
  assert.equal((await show(order)).payouts.length, 1);
  assert.match((await cli(['event', 'withheld', 'arena'])).stdout, /^refunded +2 +\[70,71\]/m);
  const visitor = await visit(server);
  await visitor.enter();
  assert.equal((await visitor.ask({ type: 'hold', seats: [70] })).code, 'seat_taken');
  assert.match((await cli(['audit'])).stdout, /^0 findings/m);
});

test('wrong requests are named and change nothing', async () => {
  const { order } = await buy([80]);
  assert.match((await cli(['orders', 'refund', order, '--seats', '80-81'], 1)).stderr, /Seat 81 is not of order/);
  assert.match((await cli(['orders', 'refund', 'o_nowhere'], 1)).stderr, /no order o_nowhere/);
  assert.match((await cli(['orders', 'show', 'o_nowhere'], 1)).stderr, /no order o_nowhere/);
  assert.match((await cli(['orders', 'refund', order, '--seats', 'x'], 2)).stderr, /numbers and ranges/);
  assert.equal((await show(order)).refunds.length, 0);
});

test('ledger and provider killed while money goes back: it goes back once', async () => {
  const sold = [];
  for (let i = 0; i < 8; i++) sold.push(await buy([100 + 2 * i, 101 + 2 * i]));
  for (const { order } of sold) await isCaptured(order);
  const kill = async (name, but) => {
    const pid = await until(`a ${name}`, () => { const { [name]: now } = server.children(); return now !== but && now; });
    process.kill(pid, 'SIGKILL');
    return pid;
  };
  await kill('sandbox');
  for (const { order } of sold) await refund(order);
  const first = await kill('ledger');
  await kill('ledger', first);
  for (const { order } of sold) await isPaidBack(order);
  for (const { order } of sold) {
    const { journal } = await show(order);
    assert.deepEqual(journal.map((row) => row.kind), ['sale', 'capture', 'refund', 'refund_paid']);
  }
  await until('nothing is found', async () => (await server.cli(['audit'])).code === 0);
  assert.match((await cli(['ledger', 'verify'])).stdout, /is whole/);
});
