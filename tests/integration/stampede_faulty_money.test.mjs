// The proof that the checks of P2 and P7 can go red: a server that confirms orders which it never writes, and a provider
// that charges the cards it has declined (tests/faulty). What is not broken must stay green.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

process.env.STANCHION_BIN = fileURLToPath(new URL('../../build/dev/bin/stanchion_faulty_money', import.meta.url));
const { startStanchion, binary } = await import('../support/stanchion.mjs');
const { against, checksOf, runStampede } = await import('../support/stampede.mjs');

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' }); });
after(async () => { await server?.stop(); });

test('orders that are not kept and money that is taken for none end red, and nothing else', async () => {
  assert.equal(path.basename(binary), 'stanchion_faulty_money');
  const end = await runStampede([...against(server), '--visitors', '40', '--arrive', 'within 0.5', '--duration-s', '60',
    '--think-ms', '10..100', '--decline', '1', '--slow-cards', '0', '--leave', '0', '--no-pay', '0', '--grab', '0']);
  const said = `${end.stdout}${end.stderr}${server.log()}`;
  assert.equal(end.code, 1, said);
  assert.equal(end.report.verdict, 'broken', said);
  const red = ['confirmed means in the ledger', 'money adds up', 'money taken exactly for the orders'];
  for (const [name, state] of Object.entries(checksOf(end.report)))
    assert.equal(state, red.includes(name) ? 'FAILED' : 'ok', `${name}\n${said}`);
  assert.match(end.stdout, /order o_\S+ was confirmed to \S+ and is not in the ledger/, said);
  // Who gave up after the card was declined has paid for nothing, who took another card has paid twice.
  assert.match(end.stdout, /were taken from \S+ for order o_\S+, which is not in the ledger|order o_\S+ was paid twice/, said);
});
