// What visitors of stampede do who are told no, against a server that says of every seat that it is taken (tests/faulty):
// they ask a bounded number of times, and go; who has little patience goes earlier; the checks stay green.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

process.env.STANCHION_BIN = fileURLToPath(new URL('../../build/dev/bin/stanchion_grudging', import.meta.url));
const { startStanchion, temporaryDirectory, binary } = await import('../support/stanchion.mjs');
const { checksOf, runStampede } = await import('../support/stampede.mjs');

const VISITORS = 12, REFUSALS_MAX = 10;

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '1'] }); });
after(async () => { await server?.stop(); });

const scenario = (more) => `[scenario]
title = Nothing is to be had
[event]
seats = 2000
tick_ms = 250
admit_per_tick = 50
[crowd]
visitors = ${VISITORS}
arrive = at-once
duration-s = 60
think-ms = 1..5
leave = 0
grab = 0
refresh = 0
tabs = 0
${more}
`;

async function refusals(name, more) {
  const file = path.join(temporaryDirectory(), `${name}.ini`);
  fs.writeFileSync(file, scenario(more));
  const end = await runStampede(['run', file, '--url', server.url, '--data-dir', server.dir]);
  const said = `${end.stdout}${end.stderr}${server.log()}`, { visitors } = end.report.crowds;
  assert.equal(end.code, 0, said);
  assert.deepEqual([...new Set(Object.values(checksOf(visitors)))], ['ok'], said);
  return { count: visitors.counts.errors.seat_taken ?? 0, ends: visitors.counts.visitors, said };
}

test('who is refused again and again gives up, and without patience earlier', async () => {
  assert.equal(path.basename(binary), 'stanchion_grudging');
  const [near, front, hurried] = await Promise.all([refusals('near', ''), refusals('front', 'choose = front'),
    refusals('hurried', 'patience-s = 0.6..0.9')]);
  for (const { count, ends, said } of [near, front]) {
    assert.equal(count, VISITORS * (REFUSALS_MAX + 1), said);
    assert.deepEqual(ends, { sold_out: VISITORS }, said);
  }
  // The pauses before the tenth refusal come to 1.1 s at the least. On a slow machine some leave while still in line.
  assert.ok(hurried.count < VISITORS * 10, hurried.said);
  assert.equal((hurried.ends.sold_out ?? 0) + (hurried.ends.left ?? 0), VISITORS, hurried.said);
});
