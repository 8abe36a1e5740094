// Every habit that a crowd of stampede can have, each with a crowd that has nothing else, against the real server: what
// the option says is what is done, as far as the answers of the server show it. The seed is fixed, so the dice are too.
// What is done in line is waited for before the sale opens, however long it takes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { against, checksOf, runStampede, startStampede } from '../support/stampede.mjs';
import { startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';

const VISITORS = 10, LEAVE_IN_LINE = 4; // of those who leave, by the dice of this seed
const none = ['leave', 'no-pay', 'decline', 'double-click', 'slow-cards', 'grab', 'tabs', 'refresh'];
const SEED = ['--seed', '5'];
const patient = { timeoutMs: 200_000 };

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '2'] }); });
after(async () => { await server?.stop(); });

function judged(name, end, report) {
  const said = `${name}: ${end.stdout}${end.stderr}${server.log()}`;
  assert.equal(end.code, 0, said);
  assert.deepEqual([...new Set(Object.values(checksOf(report)))], ['ok'], said);
  return { ...report.counts, event: report.run.event, ends: report.counts.visitors, latency: report.latency, line: report.line, said };
}

// crowd: options by name; event: settings; whenOpen: what the last line of figures says when the sale is to open, if it
// does not stand open from the beginning. Resolves to the crowd's report and what was said.
async function behave(name, crowd, event = {}, whenOpen = null) {
  const file = path.join(temporaryDirectory(), `${name}.ini`);
  const settings = { visitors: VISITORS, arrive: 'within 0.3', 'duration-s': 150, 'answer-s': 60, 'think-ms': '5..40',
    ...Object.fromEntries(none.map((option) => [option, 0])), ...crowd };
  const lines = (object) => Object.entries(object).map(([key, value]) => `${key} = ${value}\n`).join('');
  fs.writeFileSync(file, `[scenario]\ntitle = ${name}\n[event]\n${lines({ seats: 400, tick_ms: 250, admit_per_tick: 50, ...event })}[crowd]\n${lines(settings)}`);
  const run = startStampede(['run', file, '--url', server.url, '--data-dir', server.dir, ...SEED], patient);
  if (whenOpen) {
    let text = '';
    run.child.stdout.on('data', (data) => { text += data; });
    await until(() => `${name}: ${whenOpen}: ${text}${server.log()}`, () => whenOpen.test(text));
    await server.setEvent(text.match(/visitors to (\S+) at/)[1], 'phase=open');
  }
  const end = await run.ended;
  return judged(name, end, end.report?.crowds.visitors);
}

const inLine = (name, crowd, whenOpen) => behave(name, crowd, { phase: 'prequeue' }, whenOpen);

// First come those who buy; then, to the same house, those who ask for what is sold.
async function buyAndGrab() {
  const plain = await behave('plain', {});
  await server.setEvent(plain.event, 'phase=open');
  const end = await runStampede([...against(server, plain.event), ...none.flatMap((option) => [`--${option}`, '0']), ...SEED, '--visitors', `${VISITORS}`,
    '--arrive', 'within 0.3', '--duration-s', '150', '--answer-s', '60', '--think-ms', '5..40', '--grab', '1'], patient);
  return [plain, judged('grab', end, end.report)];
}

test('everybody does what the option says', async () => {
  const [[plain, grab], leave, walkOff, decline, twice, slow, tabs, reloads, best] = await Promise.all([
    buyAndGrab(),
    inLine('leave', { leave: 1 }, new RegExp(`waiting ${VISITORS - LEAVE_IN_LINE}, .* left ${LEAVE_IN_LINE},`)),
    behave('no-pay', { 'no-pay': 1 }),
    behave('decline', { decline: 1 }),
    behave('double-click', { 'double-click': 1 }),
    behave('slow-cards', { 'slow-cards': 1 }),
    inLine('tabs', { tabs: 1, 'tabs-each': 2 }, new RegExp(`second tabs ${2 * VISITORS}\\b`)),
    inLine('refresh', { refresh: 1, reloads: 2 }, new RegExp(`came back ${2 * VISITORS}\\b`)),
    behave('best', { choose: 'best', seats: '2..2' }),
  ]);
  assert.deepEqual([plain.ends, plain.confirmed, plain.errors], [{ bought: VISITORS }, VISITORS, {}], plain.said);
  assert.equal(plain.second_tabs + plain.second_clicks + plain.declined + plain.reconnects + plain.instead_taken, 0, plain.said);
  assert.deepEqual([leave.ends, leave.admitted, leave.confirmed], [{ left: VISITORS }, VISITORS - LEAVE_IN_LINE, 0], leave.said);
  assert.deepEqual([walkOff.ends, walkOff.confirmed, walkOff.holds], [{ abandoned: VISITORS }, 0, VISITORS], walkOff.said);
  assert.equal(decline.declined, VISITORS, decline.said);
  assert.equal((decline.ends.bought ?? 0) + (decline.ends.left ?? 0), VISITORS, decline.said);
  assert.deepEqual([twice.second_clicks, twice.confirmed, twice.ends], [VISITORS, VISITORS, { bought: VISITORS }], twice.said);
  assert.equal(slow.confirmed, VISITORS, slow.said);
  assert.ok(slow.latency['pay to confirmed'].max_us > 2e6, slow.said);
  assert.ok(grab.errors.seat_taken >= VISITORS && grab.ends.bought === VISITORS, grab.said);
  assert.deepEqual([tabs.second_tabs, tabs.ends], [2 * VISITORS, { bought: VISITORS }], tabs.said);
  assert.deepEqual([reloads.line.returns, reloads.reconnects, reloads.ends], [2 * VISITORS, 2 * VISITORS, { bought: VISITORS }], reloads.said);
  assert.deepEqual([best.ends, best.seats_sold], [{ bought: VISITORS }, 2 * VISITORS], best.said);
});
