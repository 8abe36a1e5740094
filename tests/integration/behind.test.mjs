// The ledger is stopped for a while: the line slows down by itself, says so, and comes back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startStanchion, until } from '../support/stanchion.mjs';

let server;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  await server.set('tick_ms=200', 'admit_per_tick=10');
});
after(async () => { await server?.stop(); });

const metric = async (name) => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(text.match(new RegExp(`^stanchion_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm'))[1]);
};

test('a stopped ledger slows admission down, and it comes back', async () => {
  await until('full rate', async () => await metric('admission_rate') === 50);
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  try {
    await until('slowed', async () => await metric('admission_rate') < 40);
    assert.ok(await metric('ledger_lag_seconds') > 3);
    const earlier = await metric('admission_rate');
    await until('the longer it is away the slower the line', async () => await metric('admission_rate') < earlier);
  } finally {
    process.kill(ledger, 'SIGCONT');
  }
  await until('full rate again', async () => await metric('admission_rate') === 50);
  assert.match(server.log(), /the ledger is \d+\.\d s behind, admission slows down: \d+\.\d+ per tick/);
  await until('said', () => /the ledger has caught up, admission is at 10\.000 per tick again/.test(server.log()));
});
