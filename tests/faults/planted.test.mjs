// Proof that the harness sees what it is for: four programs with one fault planted each (tests/faulty), sold from under
// the faults that bring it out, and each is found by the check that it breaks.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { root, temporaryDirectory } from '../support/stanchion.mjs';

function harness(args) {
  return new Promise((resolve) => {
    const child = spawn(path.join(root, 'tests/faults/run'), ['--no-tmpfs', '--rest-s', '2', '--keep', temporaryDirectory(), ...args]);
    let text = '';
    child.stdout.on('data', (data) => { text += data; });
    child.stderr.on('data', (data) => { text += data; });
    child.on('close', (code) => resolve({ code, text }));
  });
}
const program = (name) => path.join(root, 'build/dev/bin', name);

const planted = {
  stanchion_early: [['--faults', 'kill ledger', '--round-s', '4', '--shoppers', '6'], 'committed before told'],
  stanchion_unfenced: [['--faults', 'stop ledger,provider slow', '--round-s', '15', '--shoppers', '20', '--slowness', '0.6', '--impatience', '0.9'],
    'audit and verify find nothing'],
  stanchion_unkeyed: [['--faults', 'redis forgets sold seats', '--round-s', '6', '--shoppers', '10'], 'no seat twice'],
  stanchion_hasty: [['--faults', 'ledger away', '--round-s', '13', '--shoppers', '20'], 'no hold ends before its deadline'],
};
// A fault shows when shoppers are where it is; on a machine so busy that few of them get that far, another round is tried.
const TRIES_MAX = 5;

test('planted faults are found', { timeout: 600_000, concurrency: true }, async (t) => {
  await Promise.all(Object.entries(planted).map(([name, [args, check]]) => t.test(`${name}: ${check}`, async () => {
    let text = '';
    for (let tries = 0; tries < TRIES_MAX && !text.includes(`FAILED ${check}`); tries++) ({ text } = await harness(['--binary', program(name), ...args]));
    assert.match(text, new RegExp(`FAILED ${check}`), text);
  })));
});
