// A payment goes over seven arrows: intent, authorisation, sale, order, confirmation, capture or void, and the provider's
// webhook beside them. Here each of them fails, is repeated, comes late or comes twice, against the real provider, and at
// the end money and seats belong together: captured exactly for the order that stands, given back for the others, within
// a stated time. All rows of the table run at the same time, each with a seat of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startProvider } from '../faults/provider.mjs';
import { askRedis } from '../support/redis.mjs';
import { freePort, sleep, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const GOOD = '4242424242424242', DECLINED = '4000000000000002', BY_WEBHOOK = '4000000000000093', LATE = '4000000000000101';
const PAY_MS = 10_000; // the least
const LONG_PAY_MS = 60_000; // for payments that are not to end by time, however busy the machine
const DOWN = { isDown: true }, LOST = { isLost: true }, TWICE = { copies: 2 };
const late = (ms) => async () => { await sleep(ms); return {}; };
const times = (count, fate) => Array(count).fill(fate);

let server, provider;
const fates = new Map(), seen = []; // order -> step -> what becomes of the first, the second... request
before(async () => {
  const port = await freePort();
  provider = await startProvider({ directory: temporaryDirectory(), gatewayPort: port, lateMs: 3000, dice: null, env: {} });
  provider.fate = async ({ step, order }) => {
    seen.push({ step, order });
    const fate = fates.get(order)?.[step]?.shift() ?? {};
    return typeof fate === 'function' ? fate() : fate;
  };
  server = await startStanchion({ port, flags: ['--gateways', '2', ...provider.flags], event: 'arena' });
  await server.set('tick_ms=100', `pay_ms=${PAY_MS}`, 'recovery_ms=0');
});
after(async () => {
  await server?.stop();
  await provider?.stop();
});

const rows = (file, sql) => JSON.parse(execFileSync('sqlite3', ['-readonly', '-json', '-cmd', '.timeout 5000', file, sql], { encoding: 'utf8' }) || '[]');
const STATES = ['created', 'processing', 'authorised', 'captured', 'voided'];

// Everything that is on disk about an order; the files are read at most five times a second for all rows together.
let picture = { at: 0 };
function look(order) {
  if (Date.now() - picture.at > 200) {
    const ledger = path.join(server.dir, 'ledger.db');
    picture = {
      intents: rows(provider.file, 'SELECT order_id, status, amount_minor FROM intents'),
      payments: rows(ledger, 'SELECT order_id, state FROM payments'),
      orders: rows(ledger, `SELECT o.id AS order_id, seats, (SELECT count(*) FROM sold s WHERE s.order_nr = o.nr) AS sold,
        (SELECT count(*) FROM journal j WHERE j.order_nr = o.nr AND j.kind = 'capture') AS captures FROM orders o`),
      at: Date.now(),
    };
  }
  const of = (list) => list.filter((row) => row.order_id === order);
  const [payment] = of(picture.payments);
  return { intents: of(picture.intents).map((row) => STATES[row.status]), payment: payment?.state, orders: of(picture.orders) };
}

async function enter() {
  const buyer = await visit(server);
  const entered = await buyer.enter();
  assert.equal(entered.type, 'entered', JSON.stringify(entered));
  return buyer;
}

async function checkout(buyer, seat, fate = {}) {
  assert.equal((await buyer.ask({ type: 'hold', seats: [seat] })).type, 'held');
  const payment = await buyer.ask({ type: 'checkout' });
  assert.equal(payment.type, 'payment', JSON.stringify(payment));
  fates.set(payment.order, fate);
  return payment.order;
}

async function pay(buyer, order, card = GOOD) {
  assert.equal((await buyer.ask({ type: 'pay', order, card })).type, 'paying');
}

const isOutcome = (push) => ['confirmed', 'declined', 'unsold'].includes(push.type);
const outcome = (buyer, order) => buyer.push((push) => isOutcome(push) && push.order === order, { msMax: 40_000 });

// One order, one intent, captured once, the seat sold to it.
const ENDS = {
  captured: (seat) => ({ intents: ['captured'], payment: 'captured', orders: [{ seats: `[${seat}]`, sold: 1, captures: 1 }] }),
  voided: () => ({ intents: ['voided'], payment: 'voided', orders: [] }),
  'never asked': () => ({ intents: [], payment: 'intended', orders: [] }),
  declined: () => ({ intents: ['created'], payment: 'intended', orders: [] }), // cancelled when the time to pay is over
};
async function expectEnd(end, order, seat) {
  const since = Date.now(), wanted = ENDS[end](seat);
  const now = () => { const found = look(order); return { ...found, orders: found.orders.map(({ order_id, ...row }) => row) }; };
  await until('money at rest', () => JSON.stringify(now()) === JSON.stringify(wanted), { stepMs: 200 }).catch(() => {});
  assert.deepEqual(now(), wanted);
  return Date.now() - since;
}

// tells: what the visitor hears at last, once. end: where money and seats are.
const table = [
  { arrow: 'intent', fault: 'fails twice', fate: { create: times(2, DOWN) } },
  { arrow: 'intent', fault: 'is answered into nothing', fate: { create: [LOST] } },
  { arrow: 'intent', fault: 'comes twice', fate: { create: [TWICE] } },
  { arrow: 'intent', fault: 'comes late', fate: { create: [late(3000)] } },
  { arrow: 'intent', fault: 'never comes', fate: { create: times(9, DOWN) }, tells: 'declined', reason: 'payments_down', end: 'never asked' },
  { arrow: 'authorisation', fault: 'fails twice', fate: { confirm: times(2, DOWN) } },
  { arrow: 'authorisation', fault: 'is answered into nothing, twice', fate: { confirm: times(2, LOST), webhook: times(2, DOWN) } },
  { arrow: 'authorisation', fault: 'comes twice', fate: { confirm: [TWICE] } },
  { arrow: 'authorisation', fault: 'is asked for late, when the seats are gone', isTimed: true, fate: { confirm: [late(PAY_MS + 2000)] }, tells: 'unsold', reason: 'time_out', end: 'voided' },
  { arrow: 'authorisation', fault: 'is heard of late, when another has bought the seat', isTimed: true, fate: { confirm: [{ answerMs: PAY_MS + 3000 }], webhook: times(20, late(PAY_MS + 3000)) },
    tells: 'unsold', reason: 'time_out', end: 'voided', then: 'rival' },
  { arrow: 'authorisation', fault: 'is a no', card: DECLINED, tells: 'declined', reason: 'card_declined', end: 'declined', then: 'again' },
  { arrow: 'sale', fault: 'is not wanted any more while the bank thinks', card: LATE, then: 'release', tells: 'unsold', reason: 'given_up', end: 'voided' },
  { arrow: 'capture', fault: 'fails twice', fate: { capture: times(2, DOWN) } },
  { arrow: 'capture', fault: 'is answered into nothing', fate: { capture: [LOST] } },
  { arrow: 'capture', fault: 'comes twice', fate: { capture: [TWICE] } },
  { arrow: 'capture', fault: 'comes late', fate: { capture: [late(4000)] } },
  { arrow: 'void', fault: 'fails twice', card: LATE, then: 'release', fate: { cancel: times(2, DOWN) }, tells: 'unsold', reason: 'given_up', end: 'voided' },
  { arrow: 'void', fault: 'is answered into nothing', card: LATE, then: 'release', fate: { cancel: [LOST] }, tells: 'unsold', reason: 'given_up', end: 'voided' },
  { arrow: 'void', fault: 'comes twice', card: LATE, then: 'release', fate: { cancel: [TWICE] }, tells: 'unsold', reason: 'given_up', end: 'voided' },
  { arrow: 'webhook', fault: 'comes three times', card: BY_WEBHOOK, fate: { webhook: [{ copies: 3 }] } },
  { arrow: 'webhook', fault: 'comes before the answer', fate: { confirm: [{ answerMs: 3000 }] } },
  { arrow: 'webhook', fault: 'is lost once', card: BY_WEBHOOK, fate: { webhook: [DOWN] } },
  { arrow: 'webhook', fault: 'comes late and three times', fate: { webhook: [async () => { await sleep(3000); return { copies: 3 }; }] } },
];
const extra = {
  release: async (buyer) => assert.equal((await buyer.ask({ type: 'release' })).type, 'released'),
  rival: async (buyer, order, seat) => {
    await outcome(buyer, order);
    const rival = await enter(), second = await checkout(rival, seat);
    await pay(rival, second);
    assert.equal((await outcome(rival, second)).type, 'confirmed');
    await sleep(4000); // until the late answer is here
    await expectEnd('captured', second, seat);
    await rival.close();
  },
  again: async (buyer, order, seat) => {
    await outcome(buyer, order);
    const { order: second } = await buyer.ask({ type: 'checkout' });
    assert.notEqual(second, order);
    await pay(buyer, second);
    assert.equal((await outcome(buyer, second)).type, 'confirmed');
    await expectEnd('captured', second, seat);
  },
};

async function begin({ fate, card }, seat) {
  const buyer = await enter(), order = await checkout(buyer, seat, fate);
  await pay(buyer, order, card);
  return { buyer, order };
}

test('every arrow fails, is repeated, comes late, comes twice', { concurrency: true }, async (t) => {
  const timed = await Promise.all(table.map((row, seat) => row.isTimed && begin(row, seat)));
  await server.set(`pay_ms=${LONG_PAY_MS}`);
  await Promise.all(table.map((row, seat) => t.test(`${row.arrow} ${row.fault}`, async (t) => {
    const { tells = 'confirmed', reason, end = 'captured', then } = row;
    const { buyer, order } = timed[seat] || await begin(row, seat);
    await extra[then]?.(buyer, order, seat);
    const told = await outcome(buyer, order);
    assert.deepEqual([told.type, told.reason], [tells, reason]);
    t.diagnostic(`money at rest ${await expectEnd(end, order, seat)} ms after the outcome`);
    assert.equal(buyer.pushes.filter((push) => isOutcome(push) && push.order === order).length, 1, 'told once');
    await buyer.close();
  })));
  await server.set(`pay_ms=${PAY_MS}`);
});

// --- what ends a process or a memory, one after the other ---

const outboxIsEmpty = () => until('the outbox is empty', async () => await askRedis(server, 'XLEN', 'outbox') === 0);
const asked = (step, order) => seen.some((request) => request.step === step && request.order === order);
function killGateways() {
  for (const [name, pid] of Object.entries(server.children())) if (name.startsWith('gateway')) process.kill(pid, 'SIGKILL');
}
async function tickets(buyer) {
  const again = await until('a gateway', () => visit(server, { cookie: buyer.cookie }).catch(() => null));
  return { again, orders: async () => (await again.ask({ type: 'tickets' })).orders ?? [] };
}

test('the provider is not called before the ledger has the intent on disk', async () => {
  const buyer = await enter();
  assert.equal((await buyer.ask({ type: 'hold', seats: [100] })).type, 'held');
  const { ledger } = server.children();
  let order;
  process.kill(ledger, 'SIGSTOP');
  try {
    ({ order } = await buyer.ask({ type: 'checkout' }));
    await pay(buyer, order);
    await sleep(1500);
    assert.equal(asked('create', order), false, 'the provider was called');
    assert.deepEqual(rows(path.join(server.dir, 'ledger.db'), `SELECT * FROM payments WHERE order_id = '${order}'`), []);
  } finally {
    process.kill(ledger, 'SIGCONT');
  }
  assert.equal((await outcome(buyer, order)).type, 'confirmed');
  await expectEnd('captured', order, 100);
  await buyer.close();
});

test('the ledger had not heard of it when Redis forgot everything: nothing is taken, and that is said', async () => {
  const buyer = await enter();
  assert.equal((await buyer.ask({ type: 'hold', seats: [104] })).type, 'held');
  const { ledger } = server.children();
  let order;
  process.kill(ledger, 'SIGSTOP');
  try {
    ({ order } = await buyer.ask({ type: 'checkout' }));
    await pay(buyer, order);
    await askRedis(server, 'FLUSHALL');
  } finally {
    process.kill(ledger, 'SIGKILL');
  }
  const told = await outcome(buyer, order);
  assert.deepEqual([told.type, told.reason], ['unsold', 'ledger_refused']);
  assert.equal(asked('confirm', order), false, 'the bank was asked');
  assert.deepEqual(look(order).orders, []);
  await buyer.close();
});

test('sale: the gateways die while the bank answers, and the webhook brings the sale to an end', async () => {
  const buyer = await enter(), order = await checkout(buyer, 101, { confirm: [{ answerMs: 2000 }], webhook: [late(1000)] });
  await outboxIsEmpty();
  await pay(buyer, order);
  await until('the bank is asked', () => asked('confirm', order), { stepMs: 10 });
  killGateways();
  const { again, orders } = await tickets(buyer);
  await until('a ticket', async () => (await orders()).some((each) => each.order === order), { stepMs: 200 });
  await expectEnd('captured', order, 101);
  await again.close();
});

test('order: the ledger dies with the sale in the outbox', async () => {
  const buyer = await enter(), order = await checkout(buyer, 102);
  await outboxIsEmpty();
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  await pay(buyer, order);
  await until('sold', async () => await askRedis(server, 'HGET', 'ev:arena:settled', order) === 'sold');
  process.kill(ledger, 'SIGKILL');
  assert.equal((await outcome(buyer, order)).type, 'confirmed');
  await expectEnd('captured', order, 102);
  await buyer.close();
});

test('webhooks: signed, of now, and never against what is decided', async () => {
  const [, url] = provider.flags, sold = look0('captured'), given = look0('voided');
  const hook = `${server.url}/api/v1/payments/webhook`;
  const send = async (type, id, { ageS = 0, secret = provider.secret } = {}) => {
    const intent = await (await fetch(`${url}/v1/payment_intents/${id}`, { headers: { authorization: `Bearer ${provider.key}` } })).json();
    const status = { payment_failed: 'requires_payment_method', requires_capture: 'requires_capture' }[type];
    const body = JSON.stringify({ id: 'evt_1', type: `payment_intent.${type}`, intent: { ...intent, status, error: status.length > 20 ? 'card_declined' : null } });
    const t = Math.floor(Date.now() / 1000) - ageS;
    const mark = crypto.createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
    const answer = await fetch(hook, { method: 'POST', body, headers: { 'stanchion-signature': `t=${t},v1=${mark}` } });
    return answer.status;
  };
  assert.equal(await send('payment_failed', sold.id, { secret: 'another' }), 400);
  assert.equal(await send('payment_failed', sold.id, { ageS: 301 }), 400, 'older than the window');
  for (let i = 0; i < 3; i++) {
    assert.equal(await send('payment_failed', sold.id), 204, 'a no that comes after the sale');
    assert.equal(await send('requires_capture', given.id), 204, 'a yes that comes after the void');
    assert.equal(await send('requires_capture', sold.id), 204, 'a yes once more');
  }
  await sleep(500);
  await outboxIsEmpty();
  assert.deepEqual([look(sold.order_id).intents, look(sold.order_id).payment], [['captured'], 'captured']);
  assert.deepEqual([look(given.order_id).intents, look(given.order_id).payment], [['voided'], 'voided']);
});
function look0(state) {
  return rows(provider.file, `SELECT id, order_id FROM intents WHERE status = ${STATES.indexOf(state)} ORDER BY seq LIMIT 1`)[0];
}

test('everything but the ledger forgets an authorised payment: it is voided soon', async () => {
  const buyer = await enter(), order = await checkout(buyer, 103, { confirm: [LOST], webhook: times(20, DOWN) });
  await outboxIsEmpty();
  await pay(buyer, order);
  await until('authorised', () => look(order).intents[0] === 'authorised', { stepMs: 20 });
  killGateways();
  await askRedis(server, 'FLUSHALL');
  await expectEnd('voided', order, 103);
});

test('afterwards audit and verify find nothing', async () => {
  await until('the server is back', async () => (await fetch(`${server.url}/healthz`)).status === 200);
  const audit = await server.cli(['audit']), verify = await server.cli(['ledger', 'verify']);
  assert.equal(audit.code, 0, audit.stdout + audit.stderr);
  assert.equal(verify.code, 0, verify.stdout + verify.stderr);
});
