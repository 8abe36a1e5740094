// The classic tests of a ticket sale, by name, at the real program: everybody asks at the same instant, over WebSockets at
// two gateways.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const CARD = '4242424242424242';
let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '2'] }); });
after(async () => { await server?.stop(); });

const rows = (sql) => JSON.parse(execFileSync('sqlite3', ['-readonly', '-json', '-cmd', '.timeout 5000', path.join(server.dir, 'ledger.db'), sql],
  { encoding: 'utf8' }) || '[]');
const soldOf = (event) => rows(`SELECT seat, order_id, visitor FROM sold_seats WHERE event = '${event}' ORDER BY seat`);

// An event of `count` standing places or numbered seats that costs `price`, open, with everybody let in at once.
async function sell(event, count, { price = '20.00', isStanding = true } = {}) {
  const directory = temporaryDirectory();
  const line = isStanding ? `,Floor,,,,Standing,${price},EUR,standing,${count}` : `,Floor,A,1,${count},Seats,${price},EUR,,`;
  fs.writeFileSync(path.join(directory, 'seats.csv'), `level,section,row,seat_from,seat_to,category,price,currency,flags,capacity\n${line}\n`);
  fs.writeFileSync(path.join(directory, 'event.ini'), ['name = Classic', 'currency = EUR', 'time_zone = Europe/Berlin', '[settings]', 'tick_ms = 100',
    'admit_per_tick = 500', 'active_cap = 500', 'standby = 1'].join('\n'));
  for (const args of [['event', 'load', directory, '--id', event], ['event', 'open', event]]) {
    const result = await server.cli(args);
    assert.equal(result.code, 0, result.stdout + result.stderr);
  }
}
// So many visitors in line. Nobody is admitted for whom nothing is left.
async function crowd(event, count) {
  const people = await Promise.all(Array.from({ length: count }, () => visit(server, { event })));
  const joined = await Promise.all(people.map((person) => person.ask({ type: 'join' })));
  assert.ok(joined.every((answer) => ['place', 'admitted'].includes(answer.type)), JSON.stringify(joined.find((answer) => answer.type === 'error')));
  return people;
}
// As often as it takes until it is bought, or everything is sold: a whole visit.
async function buyOne(person, seats) {
  const admitted = await until('a turn, or the end', async () => person.pushes.find((push) => push.type === 'admitted') ??
    (person.pushes.some((push) => push.phase === 'sold_out') ? { type: 'sold_out' } : null), { stepMs: 20 });
  if (admitted.type === 'sold_out') return null;
  assert.equal((await person.ask({ type: 'enter', pass: admitted.pass })).type, 'entered');
  const held = await person.ask({ type: 'hold', ...seats });
  if (held.type !== 'held') return null;
  const payment = await person.ask({ type: 'checkout' });
  assert.equal((await person.ask({ type: 'pay', order: payment.order, card: CARD })).type, 'paying');
  return person.push('confirmed');
}
const leave = (people) => Promise.all(people.map((person) => person.close()));
async function auditFindsNothing() {
  await until('money at rest', () => rows("SELECT count(*) AS n FROM payments WHERE state LIKE '%_due'")[0].n === 0);
  assert.match((await server.cli(['audit'])).stdout, /^0 findings/m);
}

test('30 people for 10 tickets at the same instant: exactly 10', async () => {
  await sell('ten', 10);
  const people = await crowd('ten', 30);
  const bought = (await Promise.all(people.map((person) => buyOne(person, { area: 0, count: 1 })))).filter(Boolean);
  assert.equal(bought.length, 10);
  const sold = soldOf('ten');
  assert.deepEqual(sold.map((row) => row.seat), [...Array(10).keys()]);
  assert.equal(new Set(sold.map((row) => row.visitor)).size, 10);
  await leave(people);
  await auditFindsNothing();
});

test('30 people on the same seat, all with a turn, at the same instant: exactly one', async () => {
  await sell('seat', 40, { isStanding: false });
  const people = await crowd('seat', 30);
  const turns = await Promise.all(people.map(async (person) => person.ask({ type: 'enter', pass: (await person.push('admitted')).pass })));
  assert.ok(turns.every((turn) => turn.type === 'entered'));
  const answers = await Promise.all(people.map((person) => person.ask({ type: 'hold', seats: [7] })));
  assert.equal(answers.filter((answer) => answer.type === 'held').length, 1);
  assert.equal(answers.filter((answer) => answer.code === 'seat_taken').length, 29);
  await leave(people);
});

test('100 people on 100 coupons: none is left, none extra', async () => {
  await sell('coupons', 100, { price: '0.00' });
  const people = await crowd('coupons', 100);
  const bought = await Promise.all(people.map((person) => buyOne(person, { area: 0, count: 1 })));
  assert.ok(bought.every(Boolean));
  const sold = soldOf('coupons');
  assert.equal(sold.length, 100);
  assert.equal(new Set(sold.map((row) => row.visitor)).size, 100);
  const event = await until('sold out', async () => {
    const now = await (await fetch(`${server.url}/api/v1/events/coupons`)).json();
    return now.categories[0].free === 0 && now;
  });
  assert.equal(event.categories[0].total, 100);
  await leave(people);
  await auditFindsNothing();
});

test('the same request 10 times at once: one hold, one order, one row, one payment', async () => {
  await sell('twice', 20, { isStanding: false });
  const [person] = await crowd('twice', 1);
  const ten = async (request) => Promise.all(Array.from({ length: 10 }, () => person.ask(request)));
  const { pass } = await person.push('admitted');
  assert.ok((await ten({ type: 'enter', pass })).every((answer) => answer.type === 'entered'));
  const held = await ten({ type: 'hold', seats: [3, 4] });
  held.forEach((answer) => assert.deepEqual([answer.type, answer.seats], ['held', [3, 4]], JSON.stringify(answer)));
  const payments = await ten({ type: 'checkout' });
  assert.equal(new Set(payments.map((answer) => answer.order)).size, 1, JSON.stringify(payments));
  const { order } = payments[0];
  const paying = await ten({ type: 'pay', order, card: CARD });
  assert.equal(paying[0].type, 'paying');
  await person.push('confirmed');
  assert.equal(rows(`SELECT count(*) AS n FROM orders WHERE id = '${order}'`)[0].n, 1);
  assert.deepEqual(soldOf('twice').map((row) => [row.seat, row.order_id]), [[3, order], [4, order]]);
  await auditFindsNothing();
  assert.equal(rows(`SELECT count(*) AS n FROM journal j JOIN orders o ON o.nr = j.order_nr WHERE o.id = '${order}' AND kind = 'capture'`)[0].n, 1);
  const intents = execFileSync('sqlite3', ['-readonly', path.join(server.dir, 'sandbox.db'), `SELECT count(*), sum(status = 3) FROM intents WHERE order_id = '${order}'`]);
  assert.equal(String(intents).trim(), '1|1');
  await leave([person]);
});

test('releasing twice is releasing once', async () => {
  await sell('release', 5, { isStanding: false });
  const free = async () => (await (await fetch(`${server.url}/api/v1/events/release`)).json()).categories[0].free;
  const [ann, ben] = await crowd('release', 2);
  for (const person of [ann, ben]) assert.equal((await person.ask({ type: 'enter', pass: (await person.push('admitted')).pass })).type, 'entered');
  assert.equal((await ann.ask({ type: 'hold', seats: [1, 2] })).type, 'held');
  await until('three left', async () => await free() === 3);
  const answers = await Promise.all([ann.ask({ type: 'release' }), ann.ask({ type: 'release' })]);
  assert.equal(answers[0].type, 'released');
  assert.ok(answers[1].type === 'released' || answers[1].code === 'no_hold', JSON.stringify(answers[1]));
  await until('five left', async () => await free() === 5);
  assert.equal((await ben.ask({ type: 'hold', seats: [1, 2] })).type, 'held');
  // A third release takes nothing from the next holder.
  await ann.ask({ type: 'release' });
  assert.equal((await ann.ask({ type: 'hold', seats: [2] })).code, 'seat_taken');
  await until('three left', async () => await free() === 3);
  await leave([ann, ben]);
  await auditFindsNothing();
});
