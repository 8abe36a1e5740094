// What visitors of stampede do who are told no, against a server that says of every seat that it is taken (tests/faulty):
// they ask a bounded number of times, and go; who has little patience goes earlier; the checks stay green. And who is
// told when to come again does not come before.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

process.env.STANCHION_BIN = fileURLToPath(new URL('../../build/dev/bin/stanchion_grudging', import.meta.url));
const { startStanchion, temporaryDirectory, binary } = await import('../support/stanchion.mjs');
const { checksOf, runStampede } = await import('../support/stampede.mjs');

const VISITORS = 24, REFUSALS_MAX = 10;
const RETRY_S_MIN = 5; // of a line and of a gateway that are full
const END_S_MAX = 2; // for what asks while the end of the run is on its way

let server, narrow;
before(async () => {
  [server, narrow] = await Promise.all([startStanchion({ flags: ['--gateways', '1'] }),
    startStanchion({ flags: ['--gateways', '1', '--connections_max', '16'] })]);
});
after(async () => { await Promise.all([server?.stop(), narrow?.stop()]); });

const scenario = (crowd, event) => `[scenario]
title = Nothing is to be had
[event]
seats = 2000
tick_ms = 250
${event}
[crowd]
visitors = ${VISITORS}
arrive = at-once
duration-s = 60
think-ms = 1..5
leave = 0
grab = 0
refresh = 0
tabs = 0
${crowd}
`;

// Resolves to the counts of the report, how long it took, and what was said.
async function crowd(where, name, more, event = 'admit_per_tick = 50') {
  const file = path.join(temporaryDirectory(), `${name}.ini`);
  fs.writeFileSync(file, scenario(more, event));
  const end = await runStampede(['run', file, '--url', where.url, '--data-dir', where.dir]);
  const said = `${end.stdout}${end.stderr}${where.log()}`, { visitors } = end.report.crowds;
  assert.equal(end.code, 0, said);
  assert.deepEqual([...new Set(Object.values(checksOf(visitors)))], ['ok'], said);
  return { counts: visitors.counts, seconds: visitors.run.seconds, said };
}

async function refusals(name, more) {
  const { counts, said } = await crowd(server, name, more);
  return { count: counts.errors.seat_taken ?? 0, ends: counts.visitors, said };
}

// Nobody gets any further: how often who was put off has asked, over how often they may at the most.
async function timesPutOff(where, code, event) {
  const { counts, seconds, said } = await crowd(where, code, 'finish-min = 0\nduration-s = 2', `admit_per_tick = 0\n${event}`);
  const putOff = VISITORS - counts.joined, asked = counts.errors[code] ?? 0;
  assert.ok(putOff > 0 && asked > 0, said);
  return { asked, most: putOff * (1 + Math.floor((seconds + END_S_MAX) / RETRY_S_MIN)), said };
}

describe('who is told no', { concurrency: true }, () => {
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

  test('who is told to come again later does not come before', async () => {
    for (const { asked, most, said } of await Promise.all([timesPutOff(server, 'full', 'waiting_max = 2'), timesPutOff(narrow, 'handshake_refused', '')]))
      assert.ok(asked <= most, `${asked} times, ${most} at the most: ${said}`);
  });

  test('who is put off for longer than patience lasts goes', async () => {
    const { counts, said } = await crowd(server, 'impatient', 'patience-s = 2..4', 'admit_per_tick = 0\nwaiting_max = 2');
    assert.ok(counts.joined < VISITORS, said);
    assert.equal(counts.errors.full, VISITORS - counts.joined, said); // once each
    assert.deepEqual(counts.visitors, { left: VISITORS }, said);
  });
});
