// The largest house there may be: 100,000 seats loaded, published to two gateways, drawn as a snapshot and told as changes,
// chosen in, sold, and published anew over what is sold.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ofEachGateway } from '../support/gateways.mjs';
import { writeHall } from '../support/halls.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const SEATS = 100_000, ROW = 100, ROWS = 50;
const INI = '[settings]\ntick_ms = 100\nseats_per_visitor_max = 50\n';
const PRICES = 'category,price,currency\nFront,80.00,EUR\nBack,40.00,EUR\n';
const FREE = 0, HELD = 1;

// 20 sections of 50 rows of 100 seats; `lacks` so many of the last row.
const seatsText = (lacks = 0) => ['section,row,seat_from,seat_to,category', ...Array.from({ length: SEATS / ROW }, (_, at) =>
  `${Math.floor(at / ROWS) + 1},${at % ROWS + 1},1,${at === SEATS / ROW - 1 ? ROW - lacks : ROW},${at < 300 ? 'Front' : 'Back'}`), ''].join('\n');

let server, directory, one, other;
before(async () => {
  directory = writeHall({ seats: seatsText(), prices: PRICES, ini: INI });
  server = await startStanchion({ flags: ['--gateways', '2'], event: directory });
  [one, other] = await Promise.all([visit(server), visit(server)]);
  for (const each of [one, other]) assert.equal((await each.enter()).type, 'entered');
});
after(async () => { await server?.stop(); });

const load = (files) => {
  writeHall({ directory, ini: INI, seats: seatsText(), prices: PRICES, ...files });
  return server.cli(['event', 'load', directory, '--id', server.event]);
};
const stateIn = (map, seat) => Buffer.from(map.states, 'base64')[seat >> 2] >> (seat & 3) * 2 & 3;

test('every gateway has the plan and counts every seat', async () => {
  const answers = await ofEachGateway(server, (gateway) => gateway.ask(`/api/v1/events/${server.event}`));
  for (const { text } of answers) assert.deepEqual(JSON.parse(text).categories.map(({ free, total }) => [free, total]), [[30_000, 30_000], [70_000, 70_000]]);
  const plan = await (await fetch(`${server.url}/api/v1/events/${server.event}/plan`)).json();
  assert.equal(plan.seats_count, SEATS);
  const { first, seats } = plan.sections.at(-1).rows.at(-1);
  assert.deepEqual([first + seats.length, seats.at(-1)[0]], [SEATS, '100']);
});

test('a snapshot of two bits a seat, and changes that name the first and the last seat', async () => {
  const map = await other.ask({ type: 'map' });
  assert.equal(Buffer.from(map.states, 'base64').length, SEATS / 4);
  assert.ok(Buffer.from(map.states, 'base64').every((byte) => byte === 0), 'everything is free');
  assert.equal((await one.ask({ type: 'hold', seats: [0, SEATS - 1] })).type, 'held');
  const told = await other.push((push) => push.type === 'seats' && push.held.includes(SEATS - 1));
  assert.ok(told.held.includes(0) && told.version > map.version);
  const now = await other.ask({ type: 'map' });
  assert.deepEqual([0, 1, SEATS - 2, SEATS - 1].map((seat) => stateIn(now, seat)), [HELD, FREE, FREE, HELD]);
  const beyond = await one.ask({ type: 'hold', seats: [SEATS] });
  assert.equal(beyond.code, 'no_such_seat');
});

test('the best seats of all, sold; the largest order there may be, told to everybody', async () => {
  const best = await other.ask({ type: 'hold', best: { count: 4 } });
  assert.equal(best.type, 'held', JSON.stringify(best));
  assert.ok(best.seats.every((seat) => seat < 30_000 && seat > 0), 'of the dearest');
  assert.deepEqual((await other.ask({ type: 'release' })).seats, []);
  const far = Array.from({ length: 48 }, (_, at) => 40_000 + 1000 * at);
  assert.equal((await one.ask({ type: 'hold', seats: far })).seats.length, 50);
  const { order, amount_minor: amount } = await one.ask({ type: 'checkout' });
  assert.equal(amount, 8000 + 49 * 4000);
  await one.ask({ type: 'pay', order, card: '4242424242424242' });
  assert.equal((await one.push('confirmed')).tickets.length, 50);
  await until('all of them are sold on the map', async () => {
    const map = await other.ask({ type: 'map' });
    return [0, SEATS - 1, ...far].every((seat) => stateIn(map, seat) === 2);
  });
});

test('published anew while it is sold: other prices yes, without a sold seat no', async () => {
  const cheaper = await load({ prices: PRICES.replace('40.00', '35.00') });
  assert.equal(cheaper.code, 0, cheaper.stderr);
  await until('the new price', async () => (await (await fetch(`${server.url}/api/v1/events/${server.event}`)).json()).categories[1].price_minor === 3500);
  const shorter = await load({ seats: seatsText(1) });
  assert.equal(shorter.code, 1);
  assert.match(shorter.stderr, /1 seats .*: 20 row 50 100 \(sold\)/);
  const longer = await load({ seats: `${seatsText()}21,1,1,1,Back\n` });
  assert.match(longer.stderr, /more than 100000 seats/);
  assert.match((await server.cli(['audit'])).stdout, /^0 findings/m);
});
