// The short run of the fault harness: one round on the real program with a fresh seed (STANCHION_FAULTS_SEED repeats one),
// and proof that the checker is not blind: histories with one planted lie each. The long run is tests/faults/run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { temporaryDirectory } from '../support/stanchion.mjs';
import { checks, judge } from './checker.mjs';
import { possible, schedule } from './faults.mjs';
import { runFaults } from './harness.mjs';

test('a seed always makes the same faults, another seed others, and all kinds come', () => {
  assert.deepEqual(schedule('7.1', 60_000), schedule('7.1', 60_000));
  assert.notDeepEqual(schedule('7.1', 60_000), schedule('8.1', 60_000));
  const names = new Set(schedule('7.1', 10 * 60_000).map((step) => step.name));
  assert.deepEqual([...names].sort(), [...possible].sort());
});

describe('the checker sees', () => {
  const NOW = 1_700_000_000_000;
  const tickets = (...seats) => seats.map((seat) => ({ seat }));
  const confirmed = (order, ...seats) => ({ type: 'confirmed', order, amount_minor: 2500 * seats.length, tickets: tickets(...seats) });
  // Ann has bought seats 1 and 2 with order o_1, and everything agrees.
  function good() {
    const history = [
      ['ann', 'open', { event: 'hall', cookie: 'stanchion_visitor=ann123.sig' }], ['ben', 'open', { event: 'hall', cookie: 'stanchion_visitor=ben123.sig' }],
      ['ann', 'ask', { id: 1, type: 'hold', seats: [1, 2] }], ['ann', 'answer', { re: 1, type: 'held', seats: [1, 2], deadline_ms: NOW + 10_000 }],
      ['ann', 'push', confirmed('o_1', 1, 2)], ['ann', 'witness', { order: 'o_1', rows: 1 }],
      ['ann', 'answer', { re: 2, type: 'tickets', orders: [{ order: 'o_1' }] }],
    ].map(([who, what, m], i) => ({ t: NOW + 100 * i, who, what, m }));
    return {
      history, now: NOW + 60_000, sold: [1, 2].map((seat) => ({ event: 'hall', seat, order_id: 'o_1', visitor: 'ann123', price_minor: 2500 })),
      orders: new Map([['o_1', { id: 'o_1', event: 'hall', visitor: 'ann123', amount_minor: 5000, seats: [1, 2], committed_ms: NOW }]]),
      payments: [{ order_id: 'o_1', intent: 'pi_1', amount_minor: 5000, state: 'captured' }],
      intents: [{ id: 'pi_1', order_id: 'o_1', amount_minor: 5000, status: 3, changed_ms: NOW }],
      audit: { code: 0, stdout: '0 findings\n', stderr: '' }, verify: { code: 0, stdout: '', stderr: '' },
    };
  }
  const add = (facts, at, who, what, m) => facts.history.splice(at, 0, { t: facts.history[at - 1].t + 1, who, what, m });
  const other = (id, seats, more) => ({ id, event: 'hall', visitor: 'ben123', amount_minor: 0, seats, committed_ms: NOW, ...more });

  test('nothing where nothing is wrong', () => {
    const { findings, figures } = judge(good());
    assert.deepEqual(Object.values(findings).flat(), []);
    assert.equal(figures.confirmed, 1);
  });

  test('nothing where a decline was forgotten and another card was tried', () => {
    const facts = good();
    add(facts, 4, 'ann', 'push', { type: 'declined', order: 'o_1' });
    add(facts, 5, 'ann', 'ask', { id: 3, type: 'pay', order: 'o_1', card: '4242424242424242' });
    assert.deepEqual(Object.values(judge(facts).findings).flat(), []);
  });

  // Giving up a payment puts the turn back to the time for choosing. While nobody knows whether that has been done ("busy"), what
  // is said of the payment's time binds nobody; afterwards it does.
  test('nothing where the time to pay is told when it has perhaps been given up; something where it is told later', () => {
    const found = (answer) => {
      const facts = good(), said = (what, m) => add(facts, facts.history.length, 'ben', what, m);
      said('ask', { id: 1, type: 'checkout' });
      said('answer', { re: 1, type: 'payment', deadline_ms: NOW + 20_000, order: 'o_9' });
      said('ask', { id: 2, type: 'release' });
      said('answer', { re: 2, ...answer });
      said('push', { type: 'deadline', deadline_ms: NOW + 20_000, server_ms: facts.history.at(-1).t });
      said('push', { type: 'expired', reason: 'time_out' });
      return judge(facts).findings['no hold ends before its deadline'].length;
    };
    assert.deepEqual([found({ type: 'error', code: 'busy' }), found({ type: 'released', seats: [] })], [0, 1]);
  });

  // Redis has forgotten that seat 9 is sold: the ledger calls Ben's payment for it off, and Cay is as quick as Ben is told.
  test('nothing where the ledger freed the seats of a payment that it has called off', () => {
    const found = (faults) => {
      const facts = good(), said = (who, what, m) => add(facts, facts.history.length, who, what, m);
      if (faults) said('fault', 'fault', { name: 'redis forgets sold seats', isLossy: true, isClock: false });
      said('cay', 'open', { event: 'hall', cookie: 'stanchion_visitor=cay123.sig' });
      said('ben', 'ask', { id: 1, type: 'hold', seats: [8, 9] });
      said('ben', 'answer', { re: 1, type: 'held', seats: [8, 9], deadline_ms: NOW + 50_000 });
      said('ben', 'ask', { id: 2, type: 'pay', order: 'o_9' });
      said('cay', 'ask', { id: 1, type: 'hold', seats: [8] });
      said('cay', 'answer', { re: 1, type: 'held', seats: [8], deadline_ms: NOW + 50_000 });
      said('ben', 'push', { type: 'unsold', order: 'o_9', reason: 'ledger_refused' });
      return judge(facts).findings['no seat given while held or sold'].length;
    };
    assert.deepEqual([found(true), found(false)], [0, 1]);
  });

  const lies = {
    'a confirmed order that is not in the ledger': ['confirmed orders are in the ledger', (facts) => facts.orders.delete('o_1')],
    'an order with another seat than was told': ['confirmed orders are in the ledger', (facts) => { facts.orders.get('o_1').seats = [1, 3]; }],
    'an order told before it was committed': ['committed before told', (facts) => { facts.history.find((entry) => entry.what === 'witness').m.rows = 0; }],
    'a seat in two orders': ['no seat twice', (facts) => facts.orders.set('o_2', other('o_2', [2]))],
    'a seat told to two': ['no seat twice', (facts) => add(facts, 6, 'ben', 'push', confirmed('o_2', 2))],
    'a seat held by two': ['no seat given while held or sold', (facts) => {
      add(facts, 4, 'ben', 'ask', { id: 1, type: 'hold', seats: [2] });
      add(facts, 5, 'ben', 'answer', { re: 1, type: 'held', seats: [2], deadline_ms: NOW + 10_000 });
    }],
    'a sold seat given away': ['no seat given while held or sold', (facts) => {
      add(facts, 5, 'ben', 'ask', { id: 1, type: 'hold', seats: [2] });
      add(facts, 6, 'ben', 'answer', { re: 1, type: 'held', seats: [2], deadline_ms: NOW + 10_000 });
    }],
    'a turn that ends before the deadline that was told': ['no hold ends before its deadline',
      (facts) => add(facts, 4, 'ann', 'push', { type: 'expired', reason: 'time_out' })],
    'a deadline that comes nearer': ['no hold ends before its deadline', (facts) => {
      add(facts, 4, 'ann', 'push', { type: 'deadline', deadline_ms: NOW + 9000, server_ms: NOW + 350 });
    }],
    'a hold that is gone too early': ['no hold ends before its deadline', (facts) => {
      add(facts, 4, 'ann', 'ask', { id: 2, type: 'checkout' });
      add(facts, 5, 'ann', 'answer', { re: 2, type: 'error', code: 'no_hold' });
    }],
    'money for an order that is not there': ['money exactly for the orders',
      (facts) => facts.intents.push({ id: 'pi_2', order_id: 'o_2', amount_minor: 5, status: 3, changed_ms: NOW })],
    'an order paid twice': ['money exactly for the orders',
      (facts) => facts.intents.push({ id: 'pi_2', order_id: 'o_1', amount_minor: 5000, status: 3, changed_ms: NOW })],
    'another amount': ['money exactly for the orders', (facts) => { facts.intents[0].amount_minor = 4999; }],
    'an order without money': ['money exactly for the orders', (facts) => { facts.intents[0].status = 4; }],
    'money that is kept for too long': ['money exactly for the orders',
      (facts) => facts.intents.push({ id: 'pi_2', order_id: 'o_2', amount_minor: 5, status: 2, changed_ms: NOW - 1e6 })],
    'a sale that was called off': ['nobody was told the contrary', (facts) => add(facts, 7, 'ann', 'push', { type: 'unsold', order: 'o_1' })],
    'a card that was declined, and money that was taken all the same': ['nobody was told the contrary',
      (facts) => add(facts, 4, 'ann', 'push', { type: 'declined', order: 'o_1' })],
    'a claimed turn that is called missed': ['nobody was told the contrary', (facts) => {
      add(facts, 2, 'ben', 'answer', { re: 1, type: 'entered' });
      add(facts, 3, 'ben', 'push', { type: 'expired', reason: 'no_show' });
    }],
    'tickets that are not shown': ['everybody sees their tickets', (facts) => { facts.history.at(-1).m.orders = []; }],
    'a process that died': ['no process died by itself',
      (facts) => add(facts, 1, 'server', 'process', { line: 'supervisor: ledger (pid 12) was killed by signal 11; starting it again in 0 ms' })],
    'a finding of the audit': ['audit and verify find nothing', (facts) => { facts.audit = { code: 1, stdout: '1 findings\n', stderr: '' }; }],
  };
  for (const [name, [check, lie]] of Object.entries(lies))
    test(name, () => {
      const facts = good();
      lie(facts);
      const { findings } = judge(facts);
      assert.equal(findings[check].length > 0, true, JSON.stringify(findings));
    });

  test('every kind of finding at least once', () => {
    assert.deepEqual(Object.keys(checks).filter((check) => !Object.values(lies).some(([name]) => name === check)), []);
  });
});

test('a contended sale under faults breaks no promise', { timeout: 400_000 }, async (t) => {
  const seed = process.env.STANCHION_FAULTS_SEED ?? String(Math.floor(Math.random() * 1e6));
  const directory = temporaryDirectory();
  t.diagnostic(`seed ${seed}`);
  const report = await runFaults({ seed, directory, roundMs: 35_000, restMs: 25_000 }, (text) => t.diagnostic(text));
  const wrong = Object.values(report.findings).flat();
  assert.deepEqual(wrong, [], `STANCHION_FAULTS_SEED=${seed}\n${fs.readFileSync(`${directory}/server.log`, 'utf8').slice(-6000)}`);
  assert.ok(report.figures.confirmed > 20 && report.figures.witnessed > 20, JSON.stringify(report.figures));
});
