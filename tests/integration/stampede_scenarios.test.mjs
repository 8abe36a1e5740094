// The built-in scenarios of stampede, small, against the real server: promises kept. Those in which something dies are in
// stampede_storms.test.mjs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertHistories, changedScenario as changed, checksOf, runGreen, runStampede, startStampede } from '../support/stampede.mjs';
import { root, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '2'] }); });
after(async () => { await server?.stop(); });

const said = (end) => `${end.stdout}${end.stderr}${server.log()}`;
const at = () => ['--url', server.url, '--data-dir', server.dir];
const green = (...args) => runGreen(server, ...args);

// They wait more than they work, and each has its own event: several at the same time.
describe('scenarios', { concurrency: 4 }, () => {
  test('onsale-spike: nobody in before the opening, then everyone in order', async () => {
    const { visitors, said: text } = await green('onsale-spike', '--visitors', '120', '--think-ms', '20..200',
      '--arrive', 'early 0.6 4 1', '--set', 'opens_at_ms=+4s');
    assert.equal(checksOf(visitors)['nobody in before the opening'], 'ok', text);
    assert.ok(visitors.counts.visitors.bought > 80, text);
  });

  test('prequeue-draw: places are dealt anew, latecomers stay behind, admission follows the draw', async () => {
    const { visitors, said: text } = await green('prequeue-draw', '--visitors', '120', '--think-ms', '20..200',
      '--arrive', 'early 0.75 1.5 4 after 1.2', '--set', 'opens_at_ms=+4.2s');
    const draw = visitors.checks.find((check) => check.check === 'the draw is fair');
    const [, took, changed, later] = draw.text.match(/(\d+) took part, (\d+) got another place, (\d+) came later/);
    assert.ok(took > 60 && changed > took * 0.7 && later > 5, text); // who asks just before the opening may be put in line after it
  });

  test('refresh-storm: reloads and tabs find the same place', async () => {
    const { visitors, said: text } = await green('refresh-storm', '--visitors', '100', '--think-ms', '20..200',
      '--arrive', 'within 1', '--set', 'admit_per_tick=5');
    assert.ok(visitors.line.returns > 100, text);
    assert.ok(visitors.counts.second_tabs > 10, text);
  });

  test('no-shows: turns not claimed go on, within the cap', async () => {
    const { visitors, said: text } = await green('no-shows', '--visitors', '60', '--think-ms', '20..200',
      '--arrive', 'within 1', '--set', 'active_cap=25');
    assert.ok(visitors.line.no_shows > 3, text);
    assert.equal(checksOf(visitors)['turns not claimed go on'], 'ok', text);
  });

  // What grows is only known of a run that lasts.
  const growth = ['gateways < 12', 'ledger < 8', 'registrar < 8', 'redis < 24'].map((one) => [`growth.${one}`, '']);

  test('hot-seats, sell-out, soak, million and bad-clients, small', async () => {
    const [hot, sold, soak, million, bad] = await Promise.all([
      green(changed('hot-seats', [['seats = 3000', 'seats = 400']]), '--visitors', '60', '--arrive', 'within 0.5', '--think-ms', '1..20'),
      green(changed('sell-out', [['seats = 3000', 'seats = 50']]), '--visitors', '100', '--arrive', 'poisson 80', '--think-ms', 'around 30'),
      green(changed('soak', [['seats = 90000', 'seats = 900'], ['ratio.cpu < 1.5\n', ''], ['ratio.', ''], ...growth]), '--visitors', '40', '--arrive', 'poisson 20', '--think-ms', 'around 50',
        '--set', 'claim_ms=5000'),
      green(changed('million', [['seats = 50000', 'seats = 900'], ['+150s', '+3s']]), '--visitors', '60', '--arrive', 'within 1', '--think-ms', 'around 50'),
      runStampede(['run', changed('bad-clients', [['split-at-s = 12', 'split-at-s = 2'], ['within 2 after 12', 'within 0.5 after 2'],
        ['duration-s = 28', 'duration-s = 7'], ['visitors = 1200', 'visitors = 60'], ['visitors = 400', 'visitors = 20'],
        ['even 24', 'even 5'], ['seats = 6000', 'seats = 600']]), ...at(), '--no-thresholds', '--slow-cards', '0']),
    ]);
    assert.ok(hot.visitors.counts.errors.seat_taken > 5, hot.said);
    const { 'taking-best': best, choosing } = sold;
    assert.equal(best.counts.seats_sold + choosing.counts.seats_sold, 50, sold.said);
    assert.ok(best.counts.visitors.sold_out > 0 && choosing.counts.visitors.sold_out > 0, sold.said);
    assert.ok(soak.visitors.counts.visitors.bought > 20, soak.said);
    assert.ok(million.visitors.counts.visitors.bought > 40, million.said);
    const { ordinary, bad: mob } = bad.report.crowds;
    assert.equal(bad.code, 0, said(bad));
    assert.deepEqual([...new Set(Object.values(checksOf(ordinary)))], ['ok'], said(bad));
    assert.equal(ordinary.counts.visitors.failed ?? 0, 0, said(bad));
    assert.ok(ordinary.latency_after.hold.count > 10, said(bad));
    assert.equal(mob.counts.joined, 20, said(bad));
    assert.ok(mob.counts.errors.closed > 5 && mob.counts.reconnects > 5, said(bad));
  });

  test('who has no patience leaves the line', async () => {
    const end = await runStampede(['run', changed('soak', [['seats = 90000', 'seats = 900']], 'impatient'), ...at(), '--no-thresholds', '--visitors', '30',
      '--arrive', 'within 0.2', '--set', 'admit_per_tick=0', '--patience-s', '0.2..0.8', '--leave', '0', '--duration-s', '30']);
    assert.equal(end.code, 0, said(end));
    assert.equal(end.report.crowds.visitors.counts.visitors.left, 30, said(end));
  });

  test('two-events: the crowd of one and the flood of the other are judged apart', async () => {
    const file = changed('two-events', [['even 24', 'even 8'], ['split-at-s = 12', 'split-at-s = 4'], ['even 10 after 12', 'even 3 after 4']]);
    const end = await runStampede(['run', file, ...at(), '--no-thresholds', '--visitors', '1060', '--slow-cards', '0']);
    assert.equal(end.code, 0, said(end));
    const { steady, flood } = end.report.crowds;
    assert.equal(steady.run.visitors + flood.run.visitors, 1060);
    assert.equal(flood.waiting_when_measured, flood.run.visitors, said(end));
    // What was recorded until the split counts as before it.
    const { timeline, latency, latency_before: before, latency_after: after } = steady;
    const heldUntil = (isMeant) => timeline.latency.hold.count.reduce((all, count, index) => all + (isMeant(timeline.at_s[index], index) ? count : 0), 0);
    const firstAfter = timeline.at_s.findIndex((s) => s > 4);
    assert.equal(before.hold.count + after.hold.count, latency.hold.count);
    assert.ok(before.hold.count >= heldUntil((s) => s < 3) && before.hold.count <= heldUntil((s, index) => index <= firstAfter) && after.hold.count > 10, said(end));
    assert.ok(flood.line.joins_per_s > 50, said(end));
    assert.notEqual(steady.run.event, flood.run.event);
  });

  test('a fault that cannot be triggered means: not carried out', async () => {
    const file = path.join(temporaryDirectory(), 'fault.ini');
    fs.writeFileSync(file, '[scenario]\ntitle = T\n[event]\nseats = 50\n[crowd]\nvisitors = 5\narrive = at-once\n'
      + 'slow-cards = 0\nthink-ms = 500\n[faults]\n0.1 = kill gateway 77\n');
    const end = await runStampede(['run', file, ...at()]);
    assert.equal(end.code, 3, said(end));
    assert.match(end.stderr, /not every fault could be triggered/);
  });

  test('Ctrl-C ends all crowds in good order and closes the events', async () => {
    const run = startStampede(['run', changed('reconnect-storm', [['4s = kill gateway 0\n', '']], 'interrupted'), ...at(), '--visitors', '40', '--set', 'admit_per_tick=0']);
    let text = '';
    run.child.stdout.on('data', (data) => { text += data; });
    await until(() => `they are there: ${text}`, () => /connected (2[1-9]|[34]\d)/.test(text));
    run.child.kill('SIGINT');
    const end = await run.ended;
    assert.equal(end.code, 3, said(end));
    const { was_interrupted: isPartial, event } = end.report.crowds.visitors.run;
    assert.equal(isPartial, true);
    const { stdout } = await server.cli(['event', 'list']);
    assert.match(stdout, new RegExp(`^${event} .*closed`, 'm'), stdout);
  });

  test('Ctrl-C before anybody has come closes what was set up', async () => {
    const run = startStampede(['run', changed('no-shows', [], 'hasty'), ...at()]);
    run.child.stdout.once('data', () => run.child.kill('SIGINT'));
    const end = await run.ended;
    assert.equal(end.code, 3, said(end));
    assert.match(end.stderr, /interrupted before anybody came/);
    const { stdout } = await server.cli(['event', 'list']);
    assert.match(stdout, /^hasty-\S+ +closed/m, stdout);
  });
});

test('the history of every line is whole, and nobody was overtaken', () => assertHistories(server, 12));

test('the list tells of every file, and wrong usage is 2 with file and line', async () => {
  const list = await runStampede(['scenarios'], { plain: false });
  const docs = fs.readFileSync(path.join(root, 'docs/stampede.md'), 'utf8');
  for (const file of fs.readdirSync(path.join(root, 'loadtest/scenarios'))) {
    const name = path.basename(file, '.ini');
    assert.match(list.stdout, new RegExp(`^${name} +\\d+ visitors`, 'm'));
    assert.ok(docs.includes(`\`${name}\``), `docs/stampede.md tells of ${name}`);
    const shown = await runStampede(['scenarios', name], { plain: false });
    assert.equal(shown.stdout, fs.readFileSync(path.join(root, 'loadtest/scenarios', file), 'utf8'));
  }
  const file = path.join(temporaryDirectory(), 'bad.ini');
  fs.writeFileSync(file, '[scenario]\ntitle = T\n[crowd]\nvisitors = none\n');
  const outcomes = [
    [['run'], /run what\?/],
    [['run', 'nonsense'], /no scenario "nonsense"/],
    [['run', '/nonexistent.ini'], /nonexistent\.ini/],
    [['run', file], /bad\.ini:4: visitors cannot be "none"/],
    [['run', 'no-shows', '--visitors', 'x'], /--visitors cannot be/],
    [['run', 'no-shows', '--url', 'http://192.0.2.1:80'], /not this machine/],
  ];
  for (const [args, message] of outcomes) {
    const end = await runStampede(args);
    assert.equal(end.code, 2, `${args.join(' ')}: ${said(end)}`);
    assert.match(end.stderr, message);
  }
  const refused = await runStampede(['run', 'no-shows', ...at(), '--set', 'active_cap=many']);
  assert.equal(refused.code, 3, said(refused));
  assert.match(refused.stderr, /active_cap/);
});
