// The proof that stampede's checker can go red: a server whose scripts and schema do not guard the seats
// (tests/faulty) sells seats twice, and stampede must say so.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

process.env.STANCHION_BIN = fileURLToPath(new URL('../../build/dev/bin/stanchion_faulty', import.meta.url));
const { startStanchion, binary } = await import('../support/stanchion.mjs');
const { against, checksOf, runStampede } = await import('../support/stampede.mjs');

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' }); });
after(async () => { await server?.stop(); });

test('a server that sells seats twice ends red, with the seats named', async () => {
  assert.equal(path.basename(binary), 'stanchion_faulty');
  const end = await runStampede([...against(server), '--visitors', '150', '--arrive-within-s', '1', '--duration-s', '60',
    '--think-ms', '50..300', '--grab', '0.5', '--leave', '0', '--no-pay', '0']);
  assert.equal(end.code, 1, end.stdout + end.stderr + server.log());
  assert.equal(end.report.verdict, 'broken');
  const checks = checksOf(end.report);
  assert.equal(checks['no seat confirmed twice'], 'FAILED', end.stdout);
  assert.equal(checks['no seat twice in the ledger'], 'FAILED', end.stdout);
  assert.equal(checks['no seat held by two at once'], 'FAILED', end.stdout);
  // What is not broken stays green: the checks tell the faults apart.
  assert.equal(checks['admitted in the order of joining'], 'ok', end.stdout);
  assert.equal(checks['one place per visitor'], 'ok', end.stdout);
  assert.equal(checks['cap never exceeded'], 'ok', end.stdout);
  assert.match(end.stdout, /FAILED +no seat twice in the ledger: .*seat \d+ is in order o_\S+ and in o_\S+/);
  assert.match(end.stdout, /verdict: A PROMISE WAS BROKEN/);
});
