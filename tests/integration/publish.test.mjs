// A plan is published while it is being sold: prices and names are taken over by every gateway at once, what was sold or
// is being paid keeps its price, and what would take a seat away from somebody is refused with its name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TYPED_PRICES, TYPED_SEATS, writeHall } from '../support/halls.mjs';
import { ofEachGateway } from '../support/gateways.mjs';
import { askRedis } from '../support/redis.mjs';
import { sleep, startStanchion, until } from '../support/stanchion.mjs';
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

test('a declined payment is begun anew at the prices of then, and nobody pays a sum they were not shown', async () => {
  await loaded({});
  const one = await inside();
  assert.equal((await one.ask({ type: 'hold', seats: [12] })).total_minor, 2000);
  const first = await one.ask({ type: 'checkout', total_minor: 2000 });
  await loaded({ prices: TYPED_PRICES.replace('20.00', '25.00') });
  assert.deepEqual((await one.ask({ type: 'checkout', total_minor: 2500 })).amount_minor, 2000, 'a running payment stays as it is');
  await one.ask({ type: 'pay', order: first.order, card: '4000000000000002' });
  await one.push('declined');
  const refused = await one.ask({ type: 'checkout', total_minor: 2000 });
  assert.deepEqual([refused.code, refused.total_minor], ['price_changed', 2500]);
  const second = await one.ask({ type: 'checkout', total_minor: 2500 });
  assert.deepEqual([second.type, second.amount_minor], ['payment', 2500]);
  await one.ask({ type: 'release' });
  await one.close();
  await loaded({});
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

// Nobody has chosen anything, so any plan may be published, until somebody does: then it is refused. In between there is
// no moment in which a seat that was just given is forgotten.
test('somebody takes a seat at the moment at which another plan is published: one of the two is refused', async () => {
  const rows = (section) => Array.from({ length: 30 }, (_, row) => `${section},${row + 1},1,100,Back,,\n`).join('');
  const files = (section) => ({ ini: INI, seats: `section,row,seat_from,seat_to,category,flags,capacity\n${rows(section)}`, prices: 'category,price,currency\nBack,20.00,EUR\n' });
  const other = writeHall(files('East')), id = 'busy-hall';
  for (const args of [['event', 'load', other, '--id', id], ['event', 'open', id]]) assert.equal((await server.cli(args)).code, 0);
  const one = await until('the event', () => visit(server, { event: id }).catch(() => null));
  await one.enter();
  const counts = { held: 0, loaded: 0, refused: 0 };
  let isOver = false;
  const choosing = (async () => {
    for (let seat = 0; !isOver; seat = (seat + 7) % 3000) {
      const { type } = await one.ask({ type: 'hold', seats: [seat] });
      if (type === 'held') {
        counts.held++;
        await sleep(40); // longer than it takes to publish
        const payment = await one.ask({ type: 'checkout' });
        assert.equal(payment.type, 'payment', `a seat that was given is forgotten: ${JSON.stringify({ payment, counts })}`);
        assert.equal((await one.ask({ type: 'release' })).type, 'released');
      }
      await sleep(40);
    }
  })();
  try {
    for (let i = 0; i < 60 && (counts.loaded < 6 || counts.held < 6); i++) {
      writeHall({ directory: other, ...files(i % 2 ? 'East' : 'West') });
      const { code, stderr } = await Promise.race([server.cli(['event', 'load', other, '--id', id]), choosing]);
      if (code !== 0) assert.match(stderr, /sold, held or withheld|sold or held seats/);
      counts[code === 0 ? 'loaded' : 'refused']++;
    }
  } finally {
    isOver = true;
  }
  await choosing;
  assert.ok(counts.loaded >= 6 && counts.held >= 6, JSON.stringify(counts));
  await one.close();
  await audited();
});

test('what is withheld is somebody\'s although nobody has bought or chosen anything', async () => {
  const hall = writeHall({ ini: INI }), id = 'quiet-hall';
  assert.equal((await server.cli(['event', 'load', hall, '--id', id])).code, 0);
  assert.equal((await server.cli(['event', 'withhold', id, '--name', 'press', '--seats', '3'])).code, 0);
  writeHall({ directory: hall, ini: INI, seats: TYPED_SEATS.replace('Stalls,A,1,9', 'Stalls,A,2,9') });
  const { code, stderr } = await server.cli(['event', 'load', hall, '--id', id]);
  assert.equal(code, 1);
  assert.match(stderr, /1 seats .*: Stalls row A 4 \(withheld\)/);
  assert.equal((await server.cli(['event', 'release', id, '--name', 'press'])).code, 0);
  assert.equal((await server.cli(['event', 'load', hall, '--id', id])).code, 0);
});
