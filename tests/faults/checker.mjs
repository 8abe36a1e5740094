// Judges a history together with the files the server left: every promise a function from what was seen to what is
// wrong. It knows nothing of the server's insides but docs/schema.md's view `sold_seats` and the provider's intents.
import { hastened } from './deadlines.mjs';
import { readHistory } from './history.mjs';
import { query } from './world.mjs';

// Money is settled at the latest so long after it was authorised: the time to pay (10 s here), the margin after which the
// ledger looks for what nobody decided, and what it waits between two tries after refusals (docs/reliability.md).
export const SETTLED_MS_MAX = 10_000 + 10_000 + 40_000;
const REQUIRES_CAPTURE = 2, PROCESSING = 1, SUCCEEDED = 3;
const FORGETS_SOLD = 'redis forgets sold seats';
const HOLD_SLACK_MS = 100; // an answer is on its way so long

export async function readFacts({ historyFile, ledgerFile, sandboxFile, audit, verify, now = Date.now() }) {
  const [sold, orders, payments, intents] = await Promise.all([
    query(ledgerFile, 'SELECT event, seat, order_id, visitor, price_minor FROM sold_seats'),
    query(ledgerFile, `SELECT o.id, e.id AS event, o.visitor, o.intent, o.amount_minor, o.seats, o.committed_ms
      FROM orders o JOIN events e ON e.nr = o.event_id ORDER BY o.nr`),
    query(ledgerFile, 'SELECT order_id, intent, amount_minor, state FROM payments'),
    query(sandboxFile, 'SELECT id, order_id, amount_minor, status, changed_ms FROM intents'),
  ]);
  const byId = new Map(orders.map((order) => [order.id, { ...order, seats: JSON.parse(order.seats) }]));
  return { history: readHistory(historyFile), sold, orders: byId, payments, intents, audit, verify, now };
}

const told = (history, type) => history.filter((entry) => ['push', 'answer'].includes(entry.what) && entry.m.type === type);
const same = (a, b) => a.length === b.length && [...a].sort((x, y) => x - y).every((seat, i) => seat === [...b].sort((x, y) => x - y)[i]);

// P2: who was told CONFIRMED is in the ledger, with these seats and this amount.
export function lost({ history, orders }) {
  return told(history, 'confirmed').flatMap(({ who, m }) => {
    const order = orders.get(m.order);
    if (!order) return [`${who} was told that order ${m.order} is confirmed; the ledger has no such order`];
    const seats = m.tickets.map((ticket) => ticket.seat);
    if (!same(seats, order.seats)) return [`order ${m.order}: told seats ${seats}, the ledger has ${order.seats}`];
    return order.amount_minor === m.amount_minor ? [] : [`order ${m.order}: told ${m.amount_minor}, the ledger has ${order.amount_minor}`];
  });
}

// P2: committed first, told afterwards.
export function early({ history }) {
  return history.filter((entry) => entry.what === 'witness' && entry.m.rows === 0)
    .map(({ who, m }) => `${who} was told that order ${m.order} is confirmed before it was in the ledger's file`);
}

// P1, in the ledger and by what browsers were told.
export function doubled({ history, sold, orders }) {
  const found = [], owner = new Map();
  const claim = (event, seat, order, where) => {
    const key = `${event} ${seat}`, other = owner.get(key);
    if (other && other !== order) found.push(`seat ${seat} of ${event} is in order ${other} and in ${order} (${where})`);
    owner.set(key, other ?? order);
  };
  sold.forEach((row) => claim(row.event, row.seat, row.order_id, 'ledger'));
  orders.forEach((order) => order.seats.forEach((seat) => claim(order.event, seat, order.id, 'orders')));
  const eventOf = eventsOf(history);
  told(history, 'confirmed').forEach(({ who, m }) =>
    m.tickets.forEach((ticket) => claim(eventOf.get(who), ticket.seat, m.order, 'told')));
  return found;
}

const eventsOf = (history) => new Map(history.filter((entry) => entry.what === 'open').map(({ who, m }) => [who, m.event]));

// Nobody is given a seat that somebody else holds for sure, or has bought. Holds are forgotten when Redis loses data.
export function taken({ history }) {
  const found = [], eventOf = new Map(), asked = new Map(), holds = new Map(), bought = new Map();
  let isBlind = false, isForgetful = false;
  const clear = (who) => holds.forEach((hold, key) => { if (hold.who === who) holds.delete(key); });
  for (const { t, who, what, m } of history) {
    if (what === 'open') eventOf.set(who, m.event);
    else if (['fault', 'healed'].includes(what) && m.isLossy) {
      holds.clear();
      if (m.isClock) isBlind = what === 'fault'; // deadlines cannot be compared now
      if (m.name === FORGETS_SOLD) { // the ledger alone stands between these seats and a second sale
        bought.clear();
        isForgetful = what === 'fault';
      }
    }
    else if (what === 'ask') {
      asked.set(`${who} ${m.id}`, t);
      // While Redis forgets what is sold, the ledger may call any payment off, and its seats are free before that is told.
      if (['release', 'leave', 'hold', ...(isForgetful ? ['pay'] : [])].includes(m.type)) clear(who);
    } else if (m.type === 'confirmed') {
      clear(who);
      if (!isForgetful) m.tickets.forEach((ticket) => bought.set(`${eventOf.get(who)} ${ticket.seat}`, { t, who, order: m.order }));
    } else if (['unsold', 'expired'].includes(m.type)) clear(who);
    else if (['payment', 'deadline'].includes(m.type)) holds.forEach((hold) => { if (hold.who === who) hold.deadline = m.deadline_ms; });
    else if (m.type === 'held') {
      const askedAt = asked.get(`${who} ${m.re}`) ?? t;
      for (const seat of m.seats) {
        const key = `${eventOf.get(who)} ${seat}`, hold = holds.get(key), sale = bought.get(key);
        if (hold && hold.who !== who && hold.t < askedAt && t + HOLD_SLACK_MS < hold.deadline)
          found.push(`seat ${key} was given to ${who} while ${hold.who} held it`);
        if (sale && sale.who !== who && sale.t < askedAt) found.push(`seat ${key} was given to ${who}; ${sale.who} had bought it in order ${sale.order}`);
        if (!isBlind) holds.set(key, { who, t, deadline: m.deadline_ms });
      }
    }
  }
  return found;
}

// P7: captured exactly for the orders that stand, nothing kept for the others. `open` = younger than the stated time.
export function money({ orders, intents, payments, now }) {
  const found = [], captured = new Map();
  for (const intent of intents) {
    const order = orders.get(intent.order_id);
    const isYoung = now - intent.changed_ms < SETTLED_MS_MAX;
    if (intent.status === SUCCEEDED) {
      if (!order) found.push(`intent ${intent.id} took money for order ${intent.order_id}, which is not in the ledger`);
      else if (captured.has(order.id)) found.push(`order ${order.id} was paid twice: ${captured.get(order.id)} and ${intent.id}`);
      else if (order.amount_minor !== intent.amount_minor) found.push(`order ${order.id} is over ${order.amount_minor}, captured were ${intent.amount_minor}`);
      captured.set(intent.order_id, intent.id);
    } else if ([REQUIRES_CAPTURE, PROCESSING].includes(intent.status) && !isYoung)
      found.push(`intent ${intent.id} of order ${intent.order_id} is neither captured nor voided after ${now - intent.changed_ms} ms`);
  }
  const due = new Set(payments.filter((payment) => payment.state === 'capture_due').map((payment) => payment.order_id));
  orders.forEach((order) => {
    if (order.amount_minor === 0 || captured.has(order.id)) return;
    if (!due.has(order.id) || now - order.committed_ms > SETTLED_MS_MAX) found.push(`order ${order.id} stands and its money was not captured`);
  });
  return found;
}

// Who was told that nothing was sold has bought nothing; who has claimed a turn has not missed it.
export function contradicted({ history, orders }) {
  const inside = new Set(), missed = [];
  for (const { who, what, m } of history) {
    if (what === 'fault' && m.isLossy) inside.clear(); // a place that comes back by its receipt is a new turn later
    else if (m.type === 'entered') inside.add(who);
    else if (['admitted', 'place', 'left', 'confirmed'].includes(m.type)) inside.delete(who);
    else if (m.type === 'expired') {
      if (m.reason === 'no_show' && inside.has(who)) missed.push(`${who} was told to have missed a turn that was claimed`);
      inside.delete(who);
    }
  }
  // A Redis that has lost the decline offers the same order again: whoever pays it with another card then has bought it.
  const paidAgain = ({ who, m, t }) => m.type === 'declined'
    && history.some((entry) => entry.t >= t && entry.who === who && entry.what === 'ask' && entry.m.type === 'pay' && entry.m.order === m.order);
  const nays = [...told(history, 'unsold'), ...told(history, 'declined')].filter((entry) => orders.has(entry.m.order) && !paidAgain(entry));
  return [...missed, ...nays.map(({ who, m }) => `${who} was told that order ${m.order} is ${m.type}; it is in the ledger`)];
}

// After the sale everybody sees exactly what the ledger has for them.
export function unseen({ history, orders }) {
  const found = [], seen = new Map(), visitorOf = new Map();
  history.forEach(({ who, what, m }) => {
    if (what === 'open' && m.cookie) visitorOf.set(who, m.cookie.split('=')[1].split('.')[0]);
    if (what === 'answer' && m.type === 'tickets') seen.set(who, new Set(m.orders.map((order) => order.order)));
  });
  const confirmed = told(history, 'confirmed');
  confirmed.forEach(({ who, m }) => {
    if (!seen.get(who)?.has(m.order)) found.push(`${who} does not see the tickets of order ${m.order}`);
  });
  const people = new Map([...visitorOf].map(([who, visitor]) => [visitor, who]));
  orders.forEach((order) => {
    const who = people.get(order.visitor);
    if (who && seen.has(who) && !seen.get(who).has(order.id)) found.push(`${who} does not see the tickets of order ${order.id} (never told)`);
  });
  return [...new Set(found)];
}

// Every end of a process is one of ours.
export function crashed({ history }) {
  const ours = new Set(history.filter((entry) => entry.what === 'ours').map((entry) => entry.m.pid));
  return history.filter((entry) => entry.what === 'process')
    .filter(({ m }) => !ours.has(Number(m.line.match(/\(pid (\d+)\)/)[1])))
    .map(({ m }) => `a process died by itself: ${m.line}`);
}

// What the server's own instruments say.
export function audited({ audit, verify }) {
  const findings = audit.code === 0 && /^0 findings/m.test(audit.stdout) ? [] : [`audit (exit code ${audit.code}): ${audit.stdout}${audit.stderr}`.trim()];
  return verify.code === 0 ? findings : [...findings, `ledger verify (exit code ${verify.code}): ${verify.stdout}${verify.stderr}`.trim()];
}

export const checks = {
  'confirmed orders are in the ledger': lost,
  'committed before told': early,
  'no seat twice': doubled,
  'no seat given while held or sold': taken,
  'no hold ends before its deadline': hastened,
  'money exactly for the orders': money,
  'nobody was told the contrary': contradicted,
  'everybody sees their tickets': unseen,
  'no process died by itself': crashed,
  'audit and verify find nothing': audited,
};

// How often each fault came.
function kindsOf(history) {
  const kinds = {};
  for (const { what, m } of history) if (what === 'fault') kinds[m.name] = (kinds[m.name] ?? 0) + 1;
  return kinds;
}

// { figures, kinds: { fault: count }, findings: { check: [...] } }
export function judge(facts) {
  const { history, orders, intents } = facts;
  const count = (what, type) => history.filter((entry) => entry.what === what && (!type || entry.m.type === type)).length;
  const findings = Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, check(facts)]));
  const settled = history.filter((entry) => entry.what === 'settled').map((entry) => entry.m);
  return {
    figures: {
      records: history.length, faults: count('fault'), requests: count('ask'), connections: count('open'),
      confirmed: new Set(told(history, 'confirmed').map(({ m }) => m.order)).size, unsold: told(history, 'unsold').length,
      declined: told(history, 'declined').length, orders: orders.size, intents: intents.length,
      captured: intents.filter((intent) => intent.status === SUCCEEDED).length,
      open: intents.filter((intent) => [PROCESSING, REQUIRES_CAPTURE].includes(intent.status)).length,
      witnessed: history.filter((entry) => entry.what === 'witness' && entry.m.rows === 1).length,
      settled_ms_max: Math.max(0, ...settled.map((entry) => entry.ms)),
    },
    kinds: kindsOf(history), findings,
  };
}
