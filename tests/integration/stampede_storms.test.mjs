// The built-in scenarios of stampede in which something dies or is lost, small, each against a real server of its own:
// places, order and promises are kept.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertHistories, changedScenario, runGreen } from '../support/stampede.mjs';
import { startStanchion } from '../support/stanchion.mjs';

const servers = [];
before(async () => { servers.push(...await Promise.all([1, 2, 3].map(() => startStanchion({ flags: ['--gateways', '2'] })))); });
after(async () => { await Promise.all(servers.map((server) => server.stop())); });

// They wait more than they work: at the same time.
describe('who stood in line stands there again', { concurrency: true }, () => {
  test('reconnect-storm: a gateway dies, then all connections; all come back to their places', async () => {
    const { visitors, said } = await runGreen(servers[0], 'reconnect-storm', '--visitors', '130', '--think-ms', '20..200',
      '--arrive', 'within 1', '--set', 'admit_per_tick=5');
    assert.ok(visitors.line.returns > 100, said);
    assert.match(said, /kill gateway 0: 1 killed/);
    assert.match(said, /100 % of the visitors lose their connection/);
    await assertHistories(servers[0], 1);
  });

  test('survival: every process dies once, places and order stay', async () => {
    const file = changedScenario('survival', [['\n4s =', '\n2s ='], ['\n8s =', '\n4s ='], ['\n14s =', '\n8s ='], ['\n16s =', '\n9s =']]);
    const { visitors, said } = await runGreen(servers[1], file, '--visitors', '80', '--think-ms', '20..200', '--arrive', 'within 1',
      '--set', 'admit_per_tick=4', '--set', 'active_cap=12');
    assert.ok(visitors.line.returns > 40, said);
    for (const what of ['gateways: 2', 'redis: 1', 'ledger: 1', 'registrar: 1']) assert.match(said, new RegExp(`kill ${what} killed`));
    await assertHistories(servers[1], 1);
  });

  test('redis-lost: the line is put together again in the old order, and nobody gets in meanwhile', async () => {
    const { visitors, said } = await runGreen(servers[2], 'redis-lost', '--visitors', '45', '--think-ms', '20..200',
      '--arrive', 'within 1', '--set', 'admit_per_tick=3', '--set', 'active_cap=12', '--set', 'recovery_ms=6000');
    const check = visitors.checks.find((entry) => entry.check === 'nobody in while the line recovered');
    assert.ok(Number(check.text.match(/recovered for (\d+) ms/)[1]) >= 1000, said);
    await assertHistories(servers[2], 1);
  });
});
