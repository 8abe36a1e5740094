// A plan is published while it is being sold: prices and names are taken over by every gateway at once, what was sold or
// is being paid keeps its price, and what would take a seat away from somebody is refused with its name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TYPED_PRICES, TYPED_SEATS, writeHall } from '../support/halls.mjs';
import { ofEachGateway } from '../support/gateways.mjs';
import { askRedis } from '../support/redis.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const CARD = '4242424242424242';
const INI = '[settings]\ntick_ms = 100\nseats_per_visitor_max = 4\n';
let server, directory, owner;
const plan = async () => (await fetch(`${server.url}/api/v1/events/${server.event}/plan`)).json();
const event = async () => (await fetch(`${server.url}/api/v1/events/${server.event}`)).json();

before(async () => {
  directory = writeHall({ ini: INI });
  server = await startStanchion({ flags: ['--gateways', '2'], event: directory });
});
after(async () => { await server?.stop(); });

const load = (files) => {
  writeHall({ directory, ini: INI, ...files });
  return server.cli(['event', 'load', directory, '--id', server.event]);
};

async function loaded(files) {
  const { code, stdout, stderr } = await load(files);
  assert.equal(code, 0, `${stderr}${server.log()}`);
  assert.match(stdout, /the sale goes on with them/);
  const published = await askRedis(server, 'GET', `ev:${server.event}:plan`);
  await until('every gateway has the plan', async () => (await ofEachGateway(server, (gateway) => gateway.ask(`/api/v1/events/${server.event}/plan`)))
    .every(({ text }) => text === Buffer.from(published, 'latin1').toString()));
}

async function refused(files, pattern) {
  const before = JSON.stringify(await plan());
  const { code, stderr } = await load(files);
  assert.equal(code, 1);
  assert.match(stderr, pattern);
  assert.equal(JSON.stringify(await plan()), before, 'nothing was changed');
  writeHall({ directory, ini: INI });
}

async function inside() {
  const one = await visit(server);
  await one.enter();
  return one;
}

async function pay(one, order) {
  await one.ask({ type: 'pay', order, card: CARD });
  return one.push('confirmed');
}

async function audited() {
  const { stdout } = await server.cli(['audit']);
  assert.match(stdout, /^0 findings/m);
}

test('other prices, types and names: sold and running orders keep theirs, who holds seats is told', async () => {
  owner = await inside();
  await owner.ask({ type: 'hold', seats: [3] });
  await pay(owner, (await owner.ask({ type: 'checkout' })).order);
  const [paying, holding, looking] = [await inside(), await inside(), await inside()];
  const map = await looking.ask({ type: 'map' });
  await paying.ask({ type: 'hold', seats: [4] });
  const running = await paying.ask({ type: 'checkout', types: { 4: 1 } });
  assert.equal((await holding.ask({ type: 'hold', seats: [5] })).total_minor, 7900);
  await loaded({ prices: TYPED_PRICES.replace('Adult,79.00', 'Full,85.00').replace('39.50', '42.00').replace('#0072b2', '#123456') });
  const pushed = await looking.push((message) => message.type === 'map' && message.plan !== map.plan);
  assert.ok(pushed.version >= map.version);
  const answer = await holding.ask({ type: 'checkout', total_minor: 7900 });
  assert.deepEqual([answer.code, answer.total_minor], ['price_changed', 8500]);
  assert.equal((await holding.ask({ type: 'hold', seats: [5] })).total_minor, 8500, 'the seat is still held');
  const bought = await pay(paying, running.order);
  assert.deepEqual(bought.tickets.map(({ type, price_minor }) => [type, price_minor]), [['Reduced', 3950]]);
  const now = await holding.ask({ type: 'checkout', total_minor: 8500 });
  assert.deepEqual((await pay(holding, now.order)).tickets.map(({ type, price_minor }) => [type, price_minor]), [['Full', 8500]]);
  const { orders } = await owner.ask({ type: 'tickets' });
  assert.deepEqual(orders[0].tickets.map(({ type, price_minor }) => [type, price_minor]), [['Adult', 7900]]);
  const { phase, categories } = await event();
  assert.equal(phase, 'open', 'settings that are not given stay as they are');
  assert.equal(categories[0].color, '#123456');
  await audited();
});

test('a plan that would drop, move or bar a sold or held seat is refused, and the seats are named', async () => {
  const one = await inside();
  await one.ask({ type: 'hold', seats: [11] });
  const withSeats = (from, to) => ({ seats: TYPED_SEATS.replace(from, to) });
  await refused(withSeats('Stalls,A,1,9,Front', 'Stalls,A,2,9,Front'), /4 seats that are sold, held or withheld would be dropped, moved or taken off sale: Stalls row A 4 \(sold\), .*Stalls row B 2 \(held\)/);
  await refused(withSeats('Stalls,B,1,10,Back,,', 'Stalls,B,1,10,Back,not_for_sale,'), /1 seats .*: Stalls row B 2 \(held\)/);
  await refused(withSeats('Stalls,A,1,9,Front,,', 'Stalls,A,1,3,Front,,\nStalls,A,4,4,Back,,\nStalls,A,5,9,Front,,'), /1 seats .*: Stalls row A 4 \(sold\)/);
  await refused(withSeats('Stalls,B,1,10', 'Stalls,B,1,11'), /has sold or held seats, so seats keep their order and category; 6 would not: Floor/);
  await loaded({ seats: TYPED_SEATS.replace('Floor,,,,Floor,standing,6\n', ''), prices: TYPED_PRICES.split('\n').slice(0, 5).join('\n') }); // nobody has those
  await loaded({});
  assert.deepEqual((await one.ask({ type: 'release' })).seats, []);
  await audited();
});

test('seats at the end may be added, seats nobody has may go or be barred, and every gateway knows', async () => {
  await loaded({ seats: TYPED_SEATS.replace('standing,6', 'standing,8').replace('Stalls,A,1,9,Front,,', 'Stalls,A,1,1,Front,not_for_sale,\nStalls,A,2,9,Front,,') });
  const [one, two] = [await inside(), await inside()];
  for (const each of [one, two]) {
    await until('the new places', async () => (await each.ask({ type: 'hold', seats: [each === one ? 26 : 27] })).type === 'held');
    const barred = await each.ask({ type: 'hold', seats: [0] });
    assert.equal(barred.code, 'no_such_seat', JSON.stringify(barred));
  }
  await refused({}, /2 seats .*Floor .*\(held\)/);
  await one.ask({ type: 'release' });
  await two.ask({ type: 'release' });
  await loaded({});
  const free = async () => (await event()).categories.map((category) => category.free);
  let left;
  await until(() => `the old stock: ${left}`, async () => (left = JSON.stringify(await free())) === JSON.stringify([7, 10, 6]));
  await audited();
});

test('withheld seats are somebody\'s, too; the currency stays', async () => {
  assert.equal((await server.cli(['event', 'withhold', server.event, '--name', 'press', '--seats', '25'])).code, 0);
  await refused({ seats: TYPED_SEATS.replace('standing,6', 'standing,5') }, /1 seats .*\(withheld\)/);
  const { code, stderr } = await load({ prices: TYPED_PRICES.replaceAll('EUR', 'USD') });
  assert.equal(code, 1);
  assert.match(stderr, /USD|currency/);
});
