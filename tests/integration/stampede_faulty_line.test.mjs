// The proof that the checks of the line can go red: a server that admits the last first, twice as many as the cap
// allows, and gives another place to who joins again (tests/faulty). What is not broken must stay green.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

process.env.STANCHION_BIN = fileURLToPath(new URL('../../build/dev/bin/stanchion_faulty_line', import.meta.url));
const { startStanchion, binary } = await import('../support/stanchion.mjs');
const { checksOf, runStampede } = await import('../support/stampede.mjs');

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '1'] }); });
after(async () => { await server?.stop(); });

test('a line that is not kept ends red in each check of the line, and in no other', async () => {
  assert.equal(path.basename(binary), 'stanchion_faulty_line');
  const end = await runStampede(['run', 'refresh-storm', '--url', server.url, '--data-dir', server.dir, '--visitors', '80',
    '--arrive', 'within 1', '--duration-s', '25', '--think-ms', '400..900', '--slow-cards', '0', '--tabs', '0',
    '--set', 'admit_per_tick=8', '--set', 'active_cap=6', '--no-thresholds']);
  const said = `${end.stdout}${end.stderr}${server.log()}`;
  assert.equal(end.code, 1, said);
  assert.equal(end.report.verdict, 'broken', said);
  const red = ['admitted in the order of joining', 'one place per visitor', 'no place lost', 'cap never exceeded'];
  for (const [name, state] of Object.entries(checksOf(end.report.crowds.visitors)))
    assert.equal(state, red.includes(name) ? 'FAILED' : 'ok', `${name}\n${said}`);
});
