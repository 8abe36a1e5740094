// Orders, tickets and allotments on the organizer's console.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { organizerOf } from '../support/organizer.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server, owner, operator, door, orders, tickets;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  await server.set('tick_ms=100', 'seats_per_visitor_max=4');
  [owner, operator, door] = [await organizerOf(server, 'olga', 'owner'), await organizerOf(server, 'otto', 'operator'), await organizerOf(server, 'dora', 'door')];
  orders = [];
  tickets = [];
  for (const seats of [[50, 51], [60]]) {
    const visitor = await visit(server);
    await visitor.enter();
    await visitor.ask({ type: 'hold', seats });
    const { order } = await visitor.ask({ type: 'checkout' });
    await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
    tickets.push(...(await visitor.push('confirmed')).tickets);
    orders.push(order);
    await visitor.close();
  }
});
after(async () => { await server?.stop(); });

const find = async (q, who = operator) => (await who.must(200, 'GET', `events/arena/orders?q=${encodeURIComponent(q)}`)).orders.map(({ order }) => order);

test('orders are found by what people know of them', async () => {
  const { section, row, number, code } = tickets[1];
  assert.deepEqual(await find(''), [orders[1], orders[0]]);
  assert.deepEqual(await find(orders[0]), [orders[0]]);
  assert.deepEqual(await find(orders[1].slice(0, 12)).then((list) => list.includes(orders[1])), true);
  assert.deepEqual(await find('#60'), [orders[1]]);
  assert.deepEqual(await find(`${section} ${row} ${number}`.toUpperCase()), [orders[0]]);
  assert.deepEqual(await find(code), [orders[0]]);
  assert.deepEqual(await find('ann@example.org'), []);
  assert.deepEqual(await find("' OR 1=1 --"), []);
  const { orders: page, next } = await operator.must(200, 'GET', 'events/arena/orders?limit=1');
  assert.deepEqual([page.length, page[0].order, page[0].seats.length, page[0].email], [1, orders[1], 1, '']);
  assert.equal((await operator.must(200, 'GET', `events/arena/orders?limit=1&before=${next}`)).orders[0].order, orders[0]);
  assert.equal((await operator.get('events/nothing/orders')).status, 404);
});

test('an order in detail, a refund that is looked at first, and the search after it', async () => {
  await until('captured', async () => (await operator.must(200, 'GET', `orders/${orders[0]}`)).shown.payment[0].state === 'captured');
  const { shown } = await operator.must(200, 'GET', `orders/${orders[0]}`);
  assert.deepEqual([shown.tickets.length, shown.journal[0].kind, shown.email], [2, 'sale', '']);
  const look = await operator.must(200, 'POST', `orders/${orders[0]}/refund`, { seats: [51], look: true });
  assert.deepEqual([look.seats, look.amount_minor, look.log], [[51], tickets[1].price_minor, undefined]);
  assert.equal((await operator.must(200, 'GET', `orders/${orders[0]}`)).shown.refunds.length, 0);
  const done = await operator.must(200, 'POST', `orders/${orders[0]}/refund`, { seats: [51], reason: 'ill' });
  assert.deepEqual([done.seats, done.log > 0], [[51], true]);
  const after = (await operator.must(200, 'GET', `orders/${orders[0]}`)).shown;
  assert.deepEqual([after.refunds[0].by, after.refunds[0].reason], ['otto', 'ill']);
  const [line] = (await operator.must(200, 'GET', 'events/arena/orders?q=%2351')).orders;
  assert.deepEqual([line.order, line.refunded_minor], [orders[0], tickets[1].price_minor]);
  assert.equal((await operator.post(`orders/${orders[0]}/refund`, { seats: [99] })).body.error, 'not_of_order');
  assert.equal((await operator.post('orders/o_nothing/refund', {})).status, 404);
  assert.equal((await operator.must(200, 'GET', 'log?event=arena&limit=1')).entries[0].after.order, orders[0]);
});

test('exports are for owners; they are what the command line writes', async () => {
  assert.equal((await operator.get('events/arena/orders.csv')).status, 403);
  const { body, headers } = await owner.get('events/arena/orders.csv');
  assert.match(headers.get('content-type'), /^text\/csv/);
  assert.equal(body, (await server.cli(['orders', 'export', '--event', 'arena'])).stdout);
  const { rows, columns } = await owner.must(200, 'GET', 'events/arena/orders.json');
  assert.deepEqual([rows.length, columns[0]], [3, 'order']);
  assert.equal((await owner.must(200, 'GET', 'log?event=arena&limit=1')).entries[0].verb, 'orders.export');
});

test('the door: a list of hashes, and tickets that open once', async () => {
  const { body } = await door.get('events/arena/door.csv');
  assert.equal(body, (await server.cli(['door', 'list', 'arena'])).stdout);
  assert.ok(body.includes(crypto.createHash('sha256').update(tickets[2].code).digest('hex')) && !body.includes(tickets[2].code));
  const check = (more) => door.must(200, 'POST', 'tickets/check', { code: tickets[2].code, ...more });
  assert.equal((await check({ look: true })).verdict, 'valid');
  assert.equal((await check({ door: 'north' })).verdict, 'valid');
  assert.deepEqual([(await check({ door: 'south' })).verdict, (await check({ look: true })).door], ['used', 'north']);
  assert.equal((await door.get('events/arena/orders')).status, 403);
});

test('allotments are kept and released', async () => {
  const kept = await operator.must(200, 'POST', 'events/arena/withhold', { name: 'press', seats: [60, 70, 71] });
  assert.deepEqual([kept.changed, kept.refused, kept.log > 0], [2, [60], true]);
  assert.deepEqual((await operator.must(200, 'GET', 'events/arena/withheld')).withheld, { press: [70, 71] });
  assert.equal((await operator.must(200, 'POST', 'events/arena/release', { name: 'press' })).changed, 2);
  assert.equal((await operator.post('events/arena/withhold', { name: 'press', seats: [9999999] })).body.error, 'no_such_seat');
});
