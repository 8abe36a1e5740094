// What a shopper does, in a loop until the sale is over: stands in line, takes seats that many others want too, pays with
// some test card, is impatient now and then, comes back after every loss of connection, and after a purchase begins anew
// as somebody else. Nothing here expects anything: the checker judges the history afterwards.
import { sleep } from '../support/stanchion.mjs';
import { connect } from './client.mjs';

export const GOOD = '4242424242424242';
const DECLINED = '4000000000000002', SLOW = '4000000000000077', TWICE = '4000000000000085', LATER = '4000000000000093', LATE = '4000000000000101';
const CARDS = [GOOD, GOOD, GOOD, GOOD, GOOD, DECLINED, SLOW, SLOW, TWICE, LATER, LATE];
const TRIES_MAX = 60;
const ABSENT_S_MAX = 25;
const WANTED_FROM = 24; // everybody wants one of the first free seats

const isOutcome = (message) => ['confirmed', 'declined', 'unsold'].includes(message.type);

function freeSeats(states, count) {
  const bytes = Buffer.from(states, 'base64'), free = [];
  for (let seat = 0; seat < count && free.length < WANTED_FROM; seat++)
    if (((bytes[seat >> 2] >> (2 * (seat & 3))) & 3) === 0) free.push(seat);
  return free;
}

function choose(dice, free) {
  const count = Math.min(dice.whole(1, 3), free.length), seats = new Set();
  while (seats.size < count) seats.add(dice.pick(free));
  return [...seats];
}

// In line until the turn is claimed. The answer of `enter`, or null: another connection is to be tried, or nothing is left.
async function getIn(sale, person, line) {
  while (line.isOpen && !sale.isOver()) {
    let answer = await line.ask(person.receipt ? { type: 'resume', receipt: person.receipt } : { type: 'join' });
    if (answer === null) return null;
    if (answer.receipt) person.receipt = answer.receipt;
    if (answer.type === 'place') answer = await line.push((push) => push.type === 'admitted', 4000);
    if (answer?.type === 'admitted') {
      const entered = await line.ask({ type: 'enter', pass: answer.pass });
      if (entered?.type === 'entered') return entered;
      person.receipt = null;
      await sleep(200);
    } else if (answer?.type === 'error') {
      if (answer.code === 'receipt_gone') person.receipt = null;
      else if (['already_served', 'not_open'].includes(answer.code)) { person.isDone = true; return null; }
      await sleep(300);
    }
  }
  return null;
}

async function takeSeats(sale, line, dice) {
  for (let tries = 0; tries < 8 && line.isOpen && !sale.isOver(); tries++) {
    const map = await line.ask({ type: 'map' });
    if (map === null) return null;
    const free = map?.states ? freeSeats(map.states, sale.seatsCount) : [];
    if (free.length === 0) { await sleep(300); continue; }
    await sleep(dice.between(0, 150)); // the map grows old
    let held = await line.ask({ type: 'hold', seats: choose(dice, free) });
    if (held?.code === 'seat_taken' && held.instead?.length && dice.chance(0.5)) held = await line.ask({ type: 'hold', seats: held.instead });
    if (held?.type === 'held') return held;
    if (held === null || held.code === 'not_admitted') return null;
  }
  return null;
}

// Pays once and waits for what becomes of it. The outcome, or null when nothing was heard.
async function payOnce(sale, person, line, dice, order, card) {
  person.orders.add(order);
  person.nextCard = null;
  const answer = await line.ask({ type: 'pay', order, card });
  if (answer?.type !== 'paying') return null;
  const ofOrder = (push) => isOutcome(push) && push.order === order;
  if (card === SLOW && dice.chance(sale.impatience)) { // gives up while the provider thinks, takes other seats and pays for those
    await sleep(dice.between(50, 1500));
    await line.ask({ type: 'release' });
    await line.ask({ type: 'release' });
    person.nextCard = dice.chance(0.7) ? SLOW : null; // so that the first answer meets the second payment
    return line.push(ofOrder, 50);
  }
  return line.push(ofOrder, 14_000);
}

async function buy(sale, person, line, dice, entered) {
  let hold = entered.hold;
  for (let tries = 0; tries < 5 && line.isOpen; tries++) {
    if (!hold) hold = await takeSeats(sale, line, dice);
    if (!hold) return;
    if (dice.chance(0.08)) {
      await line.ask({ type: 'release' });
      hold = null;
      continue;
    }
    if (dice.chance(sale.absence)) { // walks off: the seats go when their time is over
      for (let waits = 0; waits < ABSENT_S_MAX && !sale.isOver() && !await line.push((push) => push.type === 'expired', 1000); waits++);
      return;
    }
    await sleep(dice.between(0, 200));
    const payment = hold.order ? hold : await line.ask({ type: 'checkout' });
    if (!payment?.order) { hold = payment?.code === 'no_hold' ? null : hold; if (!payment) return; await sleep(200); continue; }
    const outcome = await payOnce(sale, person, line, dice, payment.order,
      person.nextCard ?? (dice.chance(sale.slowness) ? SLOW : dice.pick(CARDS)));
    if (outcome?.type === 'confirmed') { person.isDone = true; return; }
    if (outcome?.type !== 'declined') hold = null;
    else hold = { seats: payment.seats };
  }
}

async function live(sale, person, dice) {
  for (let tries = 0; tries < TRIES_MAX && !person.isDone && !sale.isOver(); tries++) {
    const line = await connect(sale.history, person.name, sale.url(), sale.event, person.cookie).catch(() => null);
    if (!line) { await sleep(dice.between(100, 500)); continue; }
    person.cookie = line.cookie;
    line.onMessage = (message) => { if (message.type === 'confirmed') sale.witness(person.name, message.order); };
    if (person.orders.size > 0) {
      const tickets = await line.ask({ type: 'tickets' });
      if (tickets?.orders?.length) person.isDone = true;
    }
    if (!person.isDone) {
      const entered = await getIn(sale, person, line);
      if (entered) await buy(sale, person, line, dice, entered);
    }
    line.close();
  }
}

// One shopper after another under one number, until the sale is over. All of them are added to sale.people.
export async function shop(sale, number, dice) {
  for (let i = 0; !sale.isOver(); i++) {
    const person = { name: `s${number}.${i}`, cookie: null, receipt: null, orders: new Set(), nextCard: null, isDone: false };
    sale.people.push(person);
    await live(sale, person, dice);
    await sleep(dice.between(0, 200));
  }
}

// After the sale: everybody who has ever paid asks once more for the tickets.
export async function askTickets(sale, person) {
  for (let tries = 0; tries < 20; tries++) {
    const line = await connect(sale.history, person.name, sale.url(), sale.event, person.cookie).catch(() => null);
    const tickets = await line?.ask({ type: 'tickets' });
    line?.close();
    if (tickets?.type === 'tickets') return;
    await sleep(300);
  }
}
