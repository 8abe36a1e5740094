// Every habit that a crowd of stampede can have, each with a crowd that has nothing else, against the real server: what
// the option says is what is done, as far as the answers of the server show it. The seed is fixed, so the dice are too.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { checksOf, runStampede } from '../support/stampede.mjs';
import { startStanchion, temporaryDirectory } from '../support/stanchion.mjs';

const VISITORS = 10;
const none = ['leave', 'no-pay', 'decline', 'double-click', 'slow-cards', 'grab', 'tabs', 'refresh'];

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '2'] }); });
after(async () => { await server?.stop(); });

// crowd: options by name; event: settings. Resolves to the crowd's report and what was said.
async function behave(name, crowd, event = {}) {
  const file = path.join(temporaryDirectory(), `${name}.ini`);
  const settings = { visitors: VISITORS, arrive: 'within 0.3', 'duration-s': 90, 'think-ms': '5..40', ...Object.fromEntries(none.map((option) => [option, 0])), ...crowd };
  const lines = (object) => Object.entries(object).map(([key, value]) => `${key} = ${value}\n`).join('');
  fs.writeFileSync(file, `[scenario]\ntitle = ${name}\n[event]\n${lines({ seats: 400, tick_ms: 250, admit_per_tick: 50, ...event })}[crowd]\n${lines(settings)}`);
  const end = await runStampede(['run', file, '--url', server.url, '--data-dir', server.dir, '--seed', '5']);
  const said = `${name}: ${end.stdout}${end.stderr}${server.log()}`, { visitors: report } = end.report.crowds;
  assert.equal(end.code, 0, said);
  assert.deepEqual([...new Set(Object.values(checksOf(report)))], ['ok'], said);
  return { ...report.counts, ends: report.counts.visitors, latency: report.latency, line: report.line, said };
}

// A line that stands for longer than anybody takes for the first thing that is done in it, 3 s.
const later = { phase: 'prequeue', opens_at_ms: '+8s' };

test('everybody does what the option says', async () => {
  const [plain, leave, walkOff, decline, twice, slow, grab, tabs, reloads, best] = await Promise.all([
    behave('plain', {}),
    behave('leave', { leave: 1 }, later),
    behave('no-pay', { 'no-pay': 1 }),
    behave('decline', { decline: 1 }),
    behave('double-click', { 'double-click': 1 }),
    behave('slow-cards', { 'slow-cards': 1 }),
    behave('grab', { grab: 1, arrive: 'within 2' }),
    behave('tabs', { tabs: 1, 'tabs-each': 2 }, later),
    behave('refresh', { refresh: 1, reloads: 2 }, later),
    behave('best', { choose: 'best', seats: '2..2' }),
  ]);
  assert.deepEqual([plain.ends, plain.confirmed, plain.errors], [{ bought: VISITORS }, VISITORS, {}], plain.said);
  assert.equal(plain.second_tabs + plain.second_clicks + plain.declined + plain.reconnects + plain.instead_taken, 0, plain.said);
  assert.deepEqual([leave.ends, leave.confirmed], [{ left: VISITORS }, 0], leave.said);
  assert.ok(leave.admitted > 0 && leave.admitted < VISITORS, leave.said); // some leave in line, some inside
  assert.deepEqual([walkOff.ends, walkOff.confirmed, walkOff.holds], [{ abandoned: VISITORS }, 0, VISITORS], walkOff.said);
  assert.equal(decline.declined, VISITORS, decline.said);
  assert.equal((decline.ends.bought ?? 0) + (decline.ends.left ?? 0), VISITORS, decline.said);
  assert.deepEqual([twice.second_clicks, twice.confirmed, twice.ends], [VISITORS, VISITORS, { bought: VISITORS }], twice.said);
  assert.equal(slow.confirmed, VISITORS, slow.said);
  assert.ok(slow.latency['pay to confirmed'].max_us > 2e6, slow.said);
  assert.ok(grab.errors.seat_taken > 0 && grab.ends.bought === VISITORS, grab.said);
  assert.ok(tabs.second_tabs >= VISITORS && tabs.second_tabs <= 2 * VISITORS, tabs.said);
  assert.ok(reloads.line.returns >= VISITORS && reloads.reconnects >= VISITORS, reloads.said);
  assert.deepEqual([best.ends, best.seats_sold], [{ bought: VISITORS }, 2 * VISITORS], best.said);
});
