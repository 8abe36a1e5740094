// Parts of the console that only calculate, without a browser: amounts as people type them, and the samples behind the plots.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, temporaryDirectory } from '../support/stanchion.mjs';

// Browsers know a module by how it is loaded, Node by the package beside it: they are read from a copy.
const copy = temporaryDirectory();
fs.writeFileSync(path.join(copy, 'package.json'), '{"type": "module"}');
const take = (name) => {
  fs.copyFileSync(path.join(root, 'web/organizer', name), path.join(copy, name));
  return import(path.join(copy, name));
};
const { majorOf, minorOf } = await take('amount.js');
const { Memory } = await take('memory.js');

test('an amount is read by its digits, or refused', () => {
  const cases = [['39.5', 'EUR', 3950], ['39,50', 'EUR', 3950], ['0.29', 'EUR', 29], ['1234567890123.45', 'EUR', 123456789012345],
    ['7', 'EUR', 700], ['99000', 'KRW', 99000], ['1.250', 'KWD', 1250], ['0', 'EUR', 0],
    ['39.505', 'EUR', null], ['1.5', 'KRW', null], ['1,200.00', 'EUR', null], ['1e3', 'EUR', null], ['-5', 'EUR', null], ['', 'EUR', null], ['a lot', 'EUR', null]];
  for (const [text, currency, minor] of cases) assert.equal(minorOf(text, currency), minor, `${text} ${currency}`);
  for (const [text, currency, minor] of [['39.50', 'EUR', 3950], ['0.05', 'EUR', 5], ['99000', 'KRW', 99000], ['1.250', 'KWD', 1250]])
    assert.equal(majorOf(minor, currency), text);
});

const columns = ['at_ms', 'waiting', 'inside', 'arrivals', 'admissions', 'held', 'sold', 'hold_p99_ms', 'confirm_p99_ms', 'lag_ms'];
const sample = (atMs, arrivals) => [atMs, 10, 2, arrivals, 0, 0, 0, null, null, 5];
const history = (samples) => ({ columns, fine: { step_ms: 1000, samples }, coarse: { step_ms: 10000, samples: [] } });

test('running totals become rates, and no line is drawn over what nobody heard', () => {
  const memory = new Memory();
  memory.load(history([sample(1000, 100), sample(2000, 130), sample(4000, 150), sample(60000, 150), sample(61000, 40)]));
  const { times, lines: [arrivals, waiting] } = memory.shown('recent', ['arrivals', 'waiting']);
  assert.deepEqual(times, [1000, 2000, 4000, 5000, 60000, 61000]);
  assert.deepEqual(arrivals, [null, 30, 10, null, 0, null], 'the last total is less: the count began anew');
  assert.deepEqual(waiting, [10, 10, 10, null, 10, 10]);
});

test('a young sale fills its plots', () => {
  const memory = new Memory();
  const window = (range) => { const { from, to } = memory.shown(range, ['waiting']); return to - from; };
  memory.load(history([sample(1_000_000, 1), sample(1_010_000, 2)]));
  assert.deepEqual([window('recent'), window('all')], [60000, 600000], 'a minute at least; of the whole sale nothing is known yet');
  memory.load(history([sample(1_000_000, 1), sample(1_200_000, 2)]));
  assert.equal(window('recent'), 200000);
  memory.load(history([sample(1_000_000, 1), sample(2_000_000, 2)]));
  assert.equal(window('recent'), 600000);
});

test('what is heard live goes on where the history ended, and is forgotten after ten minutes', () => {
  const memory = new Memory();
  memory.load(history([sample(1000, 100)]));
  const figures = (atMs) => ({ at_ms: atMs, waiting: 7, inside: 1, arrivals_per_s: 3, admissions_per_s: 2, sold: 0, held: 0, hold_ms: null, confirm_ms: { p99: 9 }, lag_ms: 1 });
  memory.add(figures(1000));
  memory.add(figures(2000));
  assert.deepEqual(memory.shown('recent', ['waiting', 'confirm']).lines, [[10, 7], [null, 9]]);
  for (let atMs = 3000; atMs <= 700000; atMs += 1000) memory.add(figures(atMs));
  const { from, to, times } = memory.shown('recent', ['waiting']);
  assert.deepEqual([from, to, times[0], times.length], [100000, 700000, 100000, 601]);
  assert.equal(memory.shown('all', ['waiting']).times.length, 70);
});
