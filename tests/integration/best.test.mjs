// Best available over the wire: side by side, of the category asked for, no two people offered the same seats, and
// who was too slow for a seat hears what else there is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startStanchion } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const PEOPLE = 60;
const ACCESSIBLE = 1, COMPANION = 2;
let server, seats, categories, open = [];

before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' });
  await server.set('tick_ms=100', 'admit_per_tick=500', 'seats_per_visitor_max=8');
  const plan = await (await fetch(`${server.url}/api/v1/events/arena/plan`)).json();
  categories = plan.categories;
  seats = new Map();
  plan.sections.forEach((section) => section.rows.forEach((row, r) => row.seats.forEach(([, x, y, category, flags], i) => {
    seats.set(row.first + i, { row: `${section.name}/${r}`, x, y, category, flags });
  })));
});
after(async () => { open.forEach((one) => one.socket.terminate()); await server?.stop(); });

async function inside() {
  const one = await visit(server);
  open.push(one);
  await one.enter();
  return one;
}

const best = (one, wanted) => one.ask({ type: 'hold', best: wanted });

test('two seats side by side, of the dearest category', async () => {
  const held = await best(await inside(), { count: 2 });
  assert.equal(held.type, 'held', JSON.stringify(held));
  const [a, b] = held.seats.map((seat) => seats.get(seat));
  assert.equal(a.row, b.row);
  assert.equal(Math.abs(held.seats[0] - held.seats[1]), 1);
  const seated = new Set([...seats.values()].map((seat) => seat.category));
  const dearest = Math.max(...[...seated].map((category) => categories[category].price_minor));
  assert.equal(categories[a.category].price_minor, dearest);
});

test('the category asked for', async () => {
  const category = [...seats.values()].at(-1).category;
  const held = await best(await inside(), { count: 3, category });
  assert.deepEqual(held.seats.map((seat) => seats.get(seat).category), [category, category, category]);
});

test('wheelchair places only for who asks for them', async () => {
  const held = await best(await inside(), { count: 2, accessible: 1 });
  assert.equal(held.type, 'held', JSON.stringify(held));
  assert.equal(held.seats.filter((seat) => seats.get(seat).flags & ACCESSIBLE).length, 1);
});

test('more wheelchair places than there are side by side: near each other', async () => {
  const held = await best(await inside(), { count: 8, accessible: 8 });
  assert.equal(held.type, 'held', JSON.stringify(held));
  assert.ok(held.seats.every((seat) => seats.get(seat).flags & ACCESSIBLE));
});

test('many at once over two gateways: all served, no seat twice, everybody beside somebody', async () => {
  const people = await Promise.all(Array.from({ length: PEOPLE }, inside));
  const answers = await Promise.all(people.map((one) => best(one, { count: 2 })));
  const served = answers.filter((answer) => answer.type === 'held');
  const others = answers.filter((answer) => answer.type !== 'held');
  assert.ok(others.every((answer) => answer.code === 'busy'), JSON.stringify(others.slice(0, 3)));
  assert.ok(served.length >= PEOPLE * 0.9, `${served.length} of ${PEOPLE} served`);
  const taken = served.flatMap((answer) => answer.seats);
  assert.equal(new Set(taken).size, taken.length, 'a seat was given twice');
  for (const { seats: [a, b] } of served) {
    assert.equal(seats.get(a).row, seats.get(b).row);
    assert.equal(seats.get(a).flags & (ACCESSIBLE | COMPANION), 0);
  }
});

test('a seat that is gone: others are named, and they can be had', async () => {
  const [first, second] = [await inside(), await inside()];
  const mine = await best(first, { count: 2 });
  const refused = await second.ask({ type: 'hold', seats: mine.seats });
  assert.equal(refused.code, 'seat_taken');
  assert.equal(refused.instead.length, 2);
  assert.equal(seats.get(refused.instead[0]).category, seats.get(mine.seats[0]).category);
  assert.equal((await second.ask({ type: 'hold', seats: refused.instead })).type, 'held');
});

test('wrong requests are named and change nothing', async () => {
  const one = await inside();
  for (const [wanted, field] of [[7, 'best'], [{}, 'count'], [{ count: 0 }, 'count'], [{ count: '2' }, 'count'],
    [{ count: 2, category: 99 }, 'category'], [{ count: 2, category: -1 }, 'category'],
    [{ count: 2, accessible: 3 }, 'accessible']]) {
    const answer = await best(one, wanted);
    assert.deepEqual([answer.code, answer.field], ['bad_message', field], JSON.stringify(wanted));
  }
  assert.equal((await best(one, { count: 9 })).code, 'too_many_seats');
  const without = categories.findIndex((_, category) => ![...seats.values()].some((seat) => seat.category === category && seat.flags & ACCESSIBLE));
  assert.equal((await best(one, { count: 1, accessible: 1, category: without })).code, 'none_free');
  assert.deepEqual((await one.ask({ type: 'release' })).seats, []);
});
