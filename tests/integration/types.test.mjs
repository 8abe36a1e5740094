// Ticket types from the outside: the server adds up, and what was bought is what every list says afterwards.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeHall } from '../support/halls.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const CARD = '4242424242424242';
let server, bought;

before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: writeHall({ ini: '[settings]\ntick_ms = 100\nseats_per_visitor_max = 4\n' }) });
});
after(async () => { await server?.stop(); });

async function cli(args, expected = 0) {
  const result = await server.cli(args);
  assert.equal(result.code, expected, `${args.join(' ')}\n${result.stdout}${result.stderr}${server.log()}`);
  return result.stdout;
}

async function inside() {
  const one = await visit(server);
  await one.enter();
  return one;
}

const brief = (tickets) => tickets.map(({ seat, category, type = '', price_minor }) => [seat, category, type, price_minor]);

test('the plan and the event name the types; the first one is the price of the category', async () => {
  const plan = await (await fetch(`${server.url}/api/v1/events/${server.event}/plan`)).json();
  const [front, back] = plan.categories;
  assert.deepEqual(front.types, [{ name: 'Adult', price_minor: 7900 }, { name: 'Reduced', price_minor: 3950 }, { name: 'Child', price_minor: 0 }]);
  assert.equal(front.price_minor, 7900);
  assert.equal(back.types, undefined);
  const event = await (await fetch(`${server.url}/api/v1/events/${server.event}`)).json();
  assert.deepEqual(event.categories[0].types, front.types);
  assert.equal(event.categories[1].types, undefined);
});

test('each seat by its type, a standing place too; the sum is the server\'s', async () => {
  const one = await inside();
  assert.equal((await one.ask({ type: 'hold', seats: [3, 4, 10] })).total_minor, 7900 * 2 + 2000);
  const { seats: [, , , place] } = await one.ask({ type: 'hold', area: 0, count: 1 });
  const payment = await one.ask({ type: 'checkout', types: { 4: 1, [place]: 1 }, total_minor: 7900 + 3950 + 2000 + 3000 });
  assert.equal(payment.type, 'payment', JSON.stringify(payment));
  const expected = [[3, 'Front', 'Adult', 7900], [4, 'Front', 'Reduced', 3950], [10, 'Back', '', 2000], [place, 'Floor', 'Reduced', 3000]];
  assert.deepEqual(brief(payment.tickets), expected);
  assert.equal(payment.amount_minor, 16850);
  assert.equal((await one.ask({ type: 'checkout', types: { 4: 2 } })).amount_minor, 16850, 'a running payment stays as it is');
  await one.ask({ type: 'pay', order: payment.order, card: CARD });
  const confirmed = await one.push('confirmed');
  assert.deepEqual(brief(confirmed.tickets), expected);
  const { orders: [order] } = await one.ask({ type: 'tickets' });
  assert.deepEqual(brief(order.tickets), expected);
  bought = { ...confirmed, place };
});

test('lists, door and export carry the type', async () => {
  const { order, place, tickets } = bought;
  const shown = JSON.parse(await cli(['orders', 'show', order]));
  assert.deepEqual(shown.tickets.map((ticket) => ticket.type), ['Adult', 'Reduced', '', 'Reduced']);
  const code = tickets[1].code;
  assert.match(await cli(['ticket', 'check', '--look', code]), /^valid: .*row A number 5.*, Reduced$/m);
  assert.equal(JSON.parse(await cli(['ticket', 'check', '--look', '--json', code])).type, 'Reduced');
  const [header, ...doors] = (await cli(['door', 'list', server.event])).trim().split('\r\n').map((line) => line.split(','));
  const typeAt = header.indexOf('type');
  assert.deepEqual(doors.map((line) => [Number(line[1]), line[typeAt]]), [[3, 'Adult'], [4, 'Reduced'], [10, ''], [place, 'Reduced']]);
  const [columns, ...rows] = (await cli(['orders', 'export'])).trim().split('\r\n').map((line) => line.split(','));
  assert.deepEqual(rows.map((row) => row[columns.indexOf('type')]), ['Adult', 'Reduced', '', 'Reduced']);
});

test('a refund gives back the price of the type, and the money adds up', async () => {
  const { order } = bought;
  await until('captured', async () => JSON.parse(await cli(['orders', 'show', order])).payment[0].state === 'captured');
  assert.match(await cli(['orders', 'refund', order, '--seats', '4']), /\[4\] given back, 3950 EUR/);
  const shown = JSON.parse(await cli(['orders', 'show', order]));
  assert.deepEqual(shown.refunds.map(({ seat, type }) => [seat, type]), [[4, 'Reduced']]);
  assert.deepEqual(shown.tickets.filter((ticket) => ticket.refunded).map((ticket) => ticket.type), ['Reduced']);
  assert.match(await cli(['audit']), /^0 findings/m);
});

test('an order of free tickets only', async () => {
  const one = await inside();
  await one.ask({ type: 'hold', seats: [5] });
  const payment = await one.ask({ type: 'checkout', types: { 5: 2 } });
  assert.equal(payment.amount_minor, 0);
  await one.ask({ type: 'pay', order: payment.order, card: CARD });
  assert.deepEqual(brief((await one.push('confirmed')).tickets), [[5, 'Front', 'Child', 0]]);
});

test('a declined card: the next try may have other types', async () => {
  const one = await inside();
  await one.ask({ type: 'hold', seats: [6] });
  const first = await one.ask({ type: 'checkout' });
  await one.ask({ type: 'pay', order: first.order, card: '4000000000000002' });
  await one.push('declined');
  const second = await one.ask({ type: 'checkout', types: { 6: 1 } });
  assert.notEqual(second.order, first.order);
  assert.equal(second.amount_minor, 3950);
  await one.ask({ type: 'pay', order: second.order, card: CARD });
  assert.deepEqual(brief((await one.push('confirmed')).tickets), [[6, 'Front', 'Reduced', 3950]]);
});

test('wrong types and another sum than shown are refused by name, and the seats stay held', async () => {
  const one = await inside();
  await one.ask({ type: 'hold', seats: [7, 11] });
  for (const [request, code, more] of [
    [{ types: [1] }, 'bad_message', { field: 'types' }],
    [{ types: { 7: 'Reduced' } }, 'bad_message', { field: 'types' }],
    [{ types: { seven: 1 } }, 'bad_message', { field: 'types' }],
    [{ types: { 7: 3 } }, 'no_such_type', { seats: [7] }],
    [{ types: { 11: 1 } }, 'no_such_type', { seats: [11] }],
    [{ types: { 8: 0 } }, 'not_held', { seats: [8] }],
    [{ types: { 7: 1 }, total_minor: 9900 }, 'price_changed', { total_minor: 5950, currency: 'EUR' }],
    [{ total_minor: '9900' }, 'bad_message', { field: 'total_minor' }],
    [{ total_minor: -1 }, 'bad_message', { field: 'total_minor' }],
  ]) {
    const answer = await one.ask({ type: 'checkout', ...request });
    const fields = Object.fromEntries(Object.keys(more).map((key) => [key, answer[key]]));
    assert.deepEqual([answer.code, fields], [code, more], JSON.stringify({ request, answer }));
  }
  assert.equal((await one.ask({ type: 'checkout', types: { 7: 1 }, total_minor: 5950 })).type, 'payment');
});
