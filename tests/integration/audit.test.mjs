// `stanchion audit` on a running server: each kind of finding is planted in Redis, in the ledger's file or at the provider,
// is named with the exit code 1, and is gone when it is put right again. Money that was taken without an order is given
// back with `payment return`, once.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { askRedis } from '../support/redis.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const [PROCESSING, AUTHORISED, CAPTURED, VOIDED] = [1, 2, 3, 4]; // server/sandbox/store.h
let server, ann, ben;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  await server.cli(['event', 'set', 'arena', 'tick_ms=100']);
  [ann, ben] = [await buy([10, 11]), await buy([20])];
  await until('captured', () => ledger("SELECT * FROM payments WHERE state = 'captured'").length === 2);
  for (const buyer of [ann, ben]) [buyer.paid] = provider(`SELECT id, amount_minor FROM intents WHERE order_id = '${buyer.order}'`);
});
after(async () => { await server?.stop(); });

const sqlite = (name) => (sql) => JSON.parse(execFileSync('sqlite3', ['-json', '-cmd', '.timeout 10000', path.join(server.dir, name), sql],
  { encoding: 'utf8' }) || '[]');
const ledger = sqlite('ledger.db'), provider = sqlite('sandbox.db');
const cli = async (args, expected = 0) => {
  const result = await server.cli(args);
  assert.equal(result.code, expected, `${args.join(' ')}\n${result.stdout}${result.stderr}${server.log()}`);
  return result;
};

async function buy(seats) {
  const buyer = await visit(server);
  await buyer.enter();
  assert.equal((await buyer.ask({ type: 'hold', seats })).type, 'held');
  const { order } = await buyer.ask({ type: 'checkout' });
  await buyer.ask({ type: 'pay', order, card: '4242424242424242' });
  await buyer.push('confirmed');
  await buyer.close();
  return { order };
}

// The audit in both forms, which must agree: { findings: ['kind: what'], counts, to_return }
async function audit() {
  const told = await server.cli(['audit', '--json']), { agrees, findings, ...rest } = JSON.parse(told.stdout);
  assert.equal(told.code, findings.length > 0 ? 1 : 0);
  assert.equal(agrees, findings.length === 0);
  return { ...rest, findings: findings.map(({ kind, what }) => `${kind}: ${what}`) };
}

const seat = (number, state) => askRedis(server, 'SETRANGE', 'ev:arena:seats', number, String.fromCharCode(state));
const intent = (id, order, status, { amount = 500, changedMs = Date.now() } = {}) => provider(`INSERT INTO intents
  (id, order_id, amount_minor, currency, status, error, created_ms, changed_ms) VALUES ('${id}', '${order}', ${amount}, 'EUR', ${status}, '', 1, ${changedMs})`);
const noIntent = (id) => provider(`DELETE FROM intents WHERE id = '${id}'; DELETE FROM refunds WHERE intent = '${id}'`);
const payment = (order, state) => ledger(`INSERT INTO payments (order_id, intent, amount_minor, currency, state, next_try_ms, changed_ms)
  VALUES ('${order}', 'pi_x', 500, 'EUR', '${state}', ${Date.now() + 3_600_000}, 1)`);
const noPayment = (order) => ledger(`DELETE FROM payments WHERE order_id = '${order}'`);

// what: planted and put right again; findings: all that the audit says then.
const table = {
  'a seat that Redis has forgotten to be sold': {
    plant: () => seat(10, 0), mend: () => seat(10, 3),
    findings: () => [/^missing: seat 10 of arena is sold in the ledger, but free in Redis$/, /^different: count free of arena says/, /^different: count sold of arena says/,
      /^different: count free:\d+ of arena says/] },
  'a seat that is sold without an order': {
    plant: () => seat(30, 3), mend: () => seat(30, 0),
    findings: () => [/^unintended: seat 30 of arena is sold in Redis without an order$/, /^different: count free of/, /^different: count sold of/, /^different: count free:\d+ of/] },
  'a seat that is not for sale although nobody keeps it': {
    plant: () => seat(31, 4), mend: () => seat(31, 0),
    findings: () => [/^different: seat 31 of arena is not for sale in Redis, plan and allotments say otherwise$/, /^different: count free of/, /^different: count free:\d+ of/] },
  'a count that is wrong': {
    plant: () => askRedis(server, 'HINCRBY', 'ev:arena:counts', 'sold', 1), mend: () => askRedis(server, 'HINCRBY', 'ev:arena:counts', 'sold', -1),
    findings: () => [/^different: count sold of arena says 4, the seats in Redis are 3$/] },

  'money without an order': {
    plant: () => intent('pi_lost', 'o_lost', CAPTURED), mend: () => noIntent('pi_lost'),
    findings: () => [/^captured_without_order: intent pi_lost keeps 500 EUR for order o_lost, which is not in the ledger$/],
    more: ({ counts, to_return }) => {
      assert.deepEqual(to_return, [{ intent: 'pi_lost', order: 'o_lost', amount_minor: 500, currency: 'EUR' }]);
      assert.deepEqual([counts.captured, counts.captured_without_order], [3, 1]);
    } },
  'money for an order that the ledger has voided': {
    plant: () => { payment('o_void', 'voided'); intent('pi_x', 'o_void', CAPTURED); }, mend: () => { noPayment('o_void'); noIntent('pi_x'); },
    findings: () => [/^captured_without_order: intent pi_x keeps 500 EUR for order o_void,/] },
  'an order that was paid twice': {
    plant: () => intent('pi_twice', ann.order, CAPTURED), mend: () => noIntent('pi_twice'),
    findings: () => [new RegExp(`^duplicate: order ${ann.order} was paid with intent ${ann.paid.id}, and intent pi_twice keeps 500 EUR for it as well$`)],
    more: ({ counts, to_return }) => assert.deepEqual([counts.captured_twice, to_return.map((one) => one.intent)], [1, ['pi_twice']]) },
  'another amount at the provider': {
    plant: () => provider(`UPDATE intents SET amount_minor = amount_minor + 1 WHERE id = '${ann.paid.id}'`),
    mend: () => provider(`UPDATE intents SET amount_minor = amount_minor - 1 WHERE id = '${ann.paid.id}'`),
    findings: () => [new RegExp(`^different: order ${ann.order} is over ${ann.paid.amount_minor} EUR, intent ${ann.paid.id} over ${ann.paid.amount_minor + 1} EUR$`)] },
  'a refund that the ledger does not know': {
    plant: () => provider(`INSERT INTO refunds (intent, amount_minor, at_ms) VALUES ('${ben.paid.id}', 7, 1)`),
    mend: () => provider(`DELETE FROM refunds WHERE intent = '${ben.paid.id}'`),
    findings: () => [new RegExp(`^different: of order ${ben.order} 0 were given back, of intent ${ben.paid.id} 7$`)] },
  'an order whose money was not captured': {
    plant: () => provider(`UPDATE intents SET status = ${VOIDED} WHERE id = '${ann.paid.id}'`), mend: () => provider(`UPDATE intents SET status = ${CAPTURED} WHERE id = '${ann.paid.id}'`),
    findings: () => [new RegExp(`^missing: order ${ann.order} is captured in the ledger, intent ${ann.paid.id} is not$`)] },
  'an order whose money is only authorised': {
    plant: () => provider(`UPDATE intents SET status = ${AUTHORISED}, changed_ms = ${Date.now()} WHERE id = '${ann.paid.id}'`),
    mend: () => provider(`UPDATE intents SET status = ${CAPTURED} WHERE id = '${ann.paid.id}'`),
    findings: () => [new RegExp(`^missing: order ${ann.order} is captured in the ledger, intent ${ann.paid.id} is not$`)] },
  'an intent that the provider does not know': {
    plant: () => provider(`UPDATE intents SET id = 'pi_other', order_id = 'o_other', status = ${PROCESSING} WHERE id = '${ben.paid.id}'`),
    mend: () => provider(`UPDATE intents SET id = '${ben.paid.id}', order_id = '${ben.order}', status = ${CAPTURED} WHERE id = 'pi_other'`),
    findings: () => [new RegExp(`^missing: the provider does not know intent ${ben.paid.id} of order ${ben.order}$`)] },
  'money that is still authorised although it was voided': {
    plant: () => { payment('o_kept', 'voided'); intent('pi_x', 'o_kept', AUTHORISED); }, mend: () => { noPayment('o_kept'); noIntent('pi_x'); },
    findings: () => [/^unintended: order o_kept is voided in the ledger, intent pi_x still takes money$/] },
  'a second intent for an order': {
    plant: () => intent('pi_second', ann.order, AUTHORISED), mend: () => noIntent('pi_second'),
    findings: () => [new RegExp(`^duplicate: order ${ann.order} has intents ${ann.paid.id} and pi_second$`)] },

  'an order without a payment': {
    plant: () => ledger(`CREATE TABLE kept AS SELECT * FROM payments WHERE order_id = '${ben.order}'; DELETE FROM payments WHERE order_id = '${ben.order}'`),
    mend: () => ledger('INSERT INTO payments SELECT * FROM kept; DROP TABLE kept'),
    findings: () => [new RegExp(`^missing: order ${ben.order} has no payment$`)], atLeast: true },
  'a payment over another amount': {
    plant: () => ledger(`UPDATE payments SET amount_minor = amount_minor + 5 WHERE order_id = '${ben.order}'`),
    mend: () => ledger(`UPDATE payments SET amount_minor = amount_minor - 5 WHERE order_id = '${ben.order}'`),
    findings: () => [new RegExp(`^different: order ${ben.order} is over ${ben.paid.amount_minor}, its payment over ${ben.paid.amount_minor + 5}$`)], atLeast: true },
  'a payment without an order': {
    plant: () => { payment('o_ghost', 'captured'); intent('pi_x', 'o_ghost', CAPTURED); }, mend: () => { noPayment('o_ghost'); noIntent('pi_x'); },
    findings: () => [/^unintended: payment of order o_ghost is captured, but there is no such order$/, /^captured_without_order: intent pi_x /] },
  'a seat that is missing in an order': {
    plant: () => ledger('CREATE TABLE kept AS SELECT * FROM sold WHERE seat = 10; DELETE FROM sold WHERE seat = 10'),
    mend: () => ledger('INSERT INTO sold SELECT * FROM kept; DROP TABLE kept'),
    findings: () => [new RegExp(`^different: order ${ann.order} `), /^unintended: seat 10 of arena is sold in Redis without an order$/], atLeast: true },
};

test('a healthy server: nothing is found, exit code 0', async () => {
  const { findings, counts, to_return } = await audit();
  assert.deepEqual([findings, to_return], [[], []]);
  assert.deepEqual([counts.orders, counts.sold, counts.captured, counts.authorised, counts.captured_without_order, counts.captured_twice], [2, 3, 2, 0, 0, 0]);
  assert.match((await cli(['audit'])).stdout, /^0 findings$/m);
});

for (const [what, { plant, mend, findings, more, atLeast }] of Object.entries(table))
  test(`found: ${what}`, async () => {
    await plant();
    let found;
    try {
      found = await audit();
    } finally {
      await mend();
    }
    for (const expected of findings()) assert.equal(found.findings.some((text) => expected.test(text)), true, `${expected}: ${found.findings.join('\n')}`);
    if (!atLeast) assert.equal(found.findings.length, findings().length, found.findings.join('\n'));
    more?.(found);
  });

test('for people: a line for each finding, their number, what to do', async () => {
  intent('pi_lost', 'o_lost', CAPTURED);
  const { stdout } = await cli(['audit'], 1);
  noIntent('pi_lost');
  assert.match(stdout, /^captured_without_order: intent pi_lost keeps 500 EUR .*\n1 finding\n`stanchion payment return INTENT` gives back/);
});

test('the provider is away: said so, exit code 1', async () => {
  const { sandbox } = server.children();
  process.kill(server.pid, 'SIGSTOP'); // the supervisor, so that it does not start it at once
  process.kill(sandbox, 'SIGKILL');
  let away;
  try {
    away = await audit();
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  assert.deepEqual(away.findings, ['missing: the payment provider does not answer, payments were not compared']);
  await until('the provider is back', async () => (await server.cli(['audit'])).code === 0);
});

test('money without an order is given back once, by whatever way; that of an order is not', async () => {
  intent('pi_lost', 'o_lost', CAPTURED);
  intent('pi_part', 'o_part', CAPTURED, { amount: 900 });
  provider("INSERT INTO refunds (intent, amount_minor, at_ms) VALUES ('pi_part', 400, 1)");
  intent('pi_twice', ann.order, CAPTURED);
  intent('pi_open', 'o_open', AUTHORISED);
  const refused = async (which, why) => assert.match((await cli(['payment', 'return', which], 1)).stderr, why);
  await refused(ann.paid.id, new RegExp(`Order ${ann.order} stands and was paid with intent ${ann.paid.id}: refund the order instead`));
  await refused('pi_nobody', /knows no intent pi_nobody/);
  await refused('pi_open', /pi_open has not taken any money/);
  noIntent('pi_open');
  payment('o_lost', 'intended');
  await refused('pi_lost', /What becomes of order o_lost is not decided yet/);
  noPayment('o_lost');
  assert.match((await cli(['payment', 'return', 'pi_twice', '--reason', 'paid twice'])).stdout, new RegExp(`^pi_twice: 500 EUR .* given back, for order ${ann.order}$`, 'm'));
  assert.match((await cli(['payment', 'return', 'pi_twice'])).stdout, /^pi_twice: given back before/m);
  const all = (await cli(['payment', 'return', 'all'])).stdout;
  assert.match(all, /^pi_part: 500 EUR/m);
  assert.match((await cli(['payment', 'return', 'all'])).stdout, /^no money is kept without an order$/m);
  assert.deepEqual(provider("SELECT intent, sum(amount_minor) AS back FROM refunds WHERE intent LIKE 'pi_%' GROUP BY intent ORDER BY intent")
    .filter((row) => ['pi_lost', 'pi_part', 'pi_twice'].includes(row.intent)),
  [{ intent: 'pi_lost', back: 500 }, { intent: 'pi_part', back: 900 }, { intent: 'pi_twice', back: 500 }]);
  const { findings, counts } = await audit();
  assert.deepEqual([findings, counts.given_back], [[], 3]);
  assert.deepEqual(ledger("SELECT order_id, state FROM payments WHERE order_id IN ('o_lost', 'o_part') ORDER BY order_id"),
    [{ order_id: 'o_lost', state: 'voided' }, { order_id: 'o_part', state: 'voided' }], 'such an order is not written any more');
  const log = (await cli(['log', '--json'])).stdout.split('\n').filter(Boolean).map(JSON.parse).filter((entry) => entry.verb === 'payment.return');
  assert.deepEqual(log.map(({ after }) => [after.intent, after.amount_minor]).sort(), [['pi_lost', 500], ['pi_part', 500], ['pi_twice', 500]]);
});

test('more than a page: all are seen, in bounded memory', async () => {
  const rows = Array.from({ length: 250 }, (_, i) => `('pi_${i}', 'o_many${i}', 100, 'EUR', ${CAPTURED}, '', 1, 1)`);
  provider(`INSERT INTO intents (id, order_id, amount_minor, currency, status, error, created_ms, changed_ms) VALUES ${rows.join(',')}`);
  const { counts, findings, to_return } = await audit();
  provider("DELETE FROM intents WHERE order_id LIKE 'o_many%'");
  assert.deepEqual([counts.captured_without_order, findings.length, to_return.length], [250, 250, 250]);
});

test('after all that: nothing is found', async () => assert.deepEqual((await audit()).findings, []));
