// stampede against the real server: the whole journey ends green, also while each process is killed once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { metricOfEach } from '../support/gateways.mjs';
import { against, checksOf, runStampede, stampede, startStampede } from '../support/stampede.mjs';
import { root, sleep, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' }); });
after(async () => { await server?.stop(); });

// What went wrong is often said by the server.
const said = (end) => `${end.stdout}${end.stderr}${server.log()}`;

const set = (...settings) => server.set(...settings);

function assertGreen(end) {
  const { code, report } = end;
  assert.equal(code, 0, said(end));
  assert.equal(report.verdict, 'green');
  assert.equal(report.checks.length, 11);
  assert.deepEqual([...new Set(Object.values(checksOf(report)))], ['ok']);
}

const sum = (values) => values.reduce((all, value) => all + value, 0);

// What happened when adds up to what happened.
function assertTimeline(end) {
  const { timeline: line, counts, places, estimates, latency, environment } = end.report;
  for (const name of ['arrived', 'joined', 'admitted', 'holds', 'confirmed', 'seats_sold'])
    assert.equal(sum(line.counts[name]), counts[name], `${name}: ${said(end)}`);
  assert.equal(sum(line.counts.errors), sum(Object.values(counts.errors)), said(end));
  for (const kind of ['connect', 'join', 'hold', 'pay to confirmed'])
    assert.equal(sum(line.latency[kind].count), latency[kind].count, `${kind}: ${said(end)}`);
  for (const values of [...Object.values(line.counts), ...Object.values(line.levels), ...Object.values(line.tester),
    ...line.processes.flatMap(({ cpu, memory_kb: memory }) => [cpu, memory])])
    assert.equal(values.length, line.at_s.length);
  assert.ok(line.at_s.every((s, index) => index === 0 || s >= line.at_s[index - 1]));
  assert.deepEqual(line.processes.map(({ name }) => name).sort(), Object.keys(server.children()).sort());
  for (const { name, memory_kb: memory } of line.processes) assert.ok(Math.max(...memory) > 1000, name);
  assert.ok(places.length > 10 && places.every(({ ahead }) => ahead.length > 0), said(end));
  assert.equal(estimates.within + estimates.sooner + estimates.later, estimates.visitors);
  assert.ok(environment.cores >= 1 && environment.server.includes('stanchion') && environment.redis, JSON.stringify(environment));
}

// One file that fetches nothing, with the same figures inside.
function assertPage(file, report) {
  const page = fs.readFileSync(file, 'utf8');
  assert.doesNotMatch(page, /<link|<img|@import|url\(|src=|fetch\(|\{\{/);
  const data = page.match(/<script type="application\/json" id="data">([^<]*)<\/script>/)[1];
  assert.deepEqual(JSON.parse(data), report);
}

test('150 visitors walk the whole journey and every check is green', async () => {
  const html = path.join(temporaryDirectory(), 'report.html');
  const end = await runStampede([...against(server), '--visitors', '150', '--arrive-within-s', '1', '--duration-s', '45',
    '--think-ms', '50..300', '--refresh', '0.2', '--tabs', '0.1', '--grab', '0.3', '--decline', '0.1', '--html', html]);
  assertGreen(end);
  assertTimeline(end);
  assertPage(html, end.report);
  const { counts, latency } = end.report;
  assert.ok(counts.visitors.bought > 100, `${JSON.stringify(counts)}\n${said(end)}`);
  assert.ok(counts.confirmed >= counts.visitors.bought, said(end));
  assert.ok(counts.declined > 0 && counts.second_tabs > 0 && counts.tickets_compared > 0, `${JSON.stringify(counts)}\n${said(end)}`);
  assert.equal(counts.visitors.failed ?? 0, 0, said(end));
  for (const name of ['bad_message', 'unknown_message', 'bad_json', 'bad_answer', 'bad_frame', 'answer_timeout'])
    assert.equal(counts.errors[name], undefined, `${name}: ${said(end)}`);
  assert.equal(latency['pay to confirmed'].count, counts.confirmed, said(end));
  assert.ok(latency.hold.p50_us > 0 && latency.hold.p50_us <= latency.hold.p99_us, said(end));
});

test('each process is killed once during a run, and it still ends green', async () => {
  await set('admit_per_tick=15');
  const run = startStampede([...against(server), '--visitors', '220', '--arrive-within-s', '1', '--duration-s', '45',
    '--think-ms', '100..900']);
  await sleep(3000);
  const names = Object.keys(server.children());
  assert.deepEqual([...names].sort(), ['gateway 0', 'gateway 1', 'ledger', 'redis', 'registrar', 'rehearser', 'sandbox']);
  for (const name of names) {
    const pid = server.children()[name];
    process.kill(pid, 'SIGKILL');
    await until(`${name} is back`, () => ![undefined, pid].includes(server.children()[name]));
    await sleep(1500);
  }
  const end = await run.ended;
  assertGreen(end);
  assert.ok(end.report.counts.reconnects > 20, said(end));
  await set('admit_per_tick=50');
});

test('Ctrl-C ends in good order with a partial report, and nobody is left inside', async () => {
  const run = startStampede([...against(server), '--visitors', '100', '--think-ms', '5000..9000', '--no-pay', '0']);
  await until('they are there', async () => (await metricOfEach(server, 'connections')).reduce((sum, count) => sum + count, 0) > 60);
  run.child.kill('SIGINT');
  const end = await run.ended;
  assert.equal(end.code, 3, said(end));
  assert.equal(end.report.run.was_interrupted, true);
  assert.match(end.stdout, /partial/);
  assert.ok(end.report.counts.visitors.sent_home > 50, said(end));
});

test('a threshold that is missed decides, unless thresholds are only told', async () => {
  const args = [...against(server), '--visitors', '20', '--arrive', 'at-once', '--duration-s', '45', '--think-ms', '1..5',
    '--slow-cards', '0', '--expect', 'hold.p99 > 0', '--expect', 'visitors.bought < 1'];
  const missed = await runStampede(args);
  assert.equal(missed.code, 1, said(missed));
  assert.equal(missed.report.verdict, 'missed');
  assert.deepEqual(missed.report.thresholds.map((threshold) => threshold.kept), [true, false]);
  assert.match(missed.stdout, /A THRESHOLD WAS MISSED: visitors\.bought < 1/);
  const told = await runStampede([...args, '--no-thresholds']);
  assert.equal(told.code, 0, said(told));
  const absent = await runStampede([...args.slice(0, -4), '--expect', 'no_show.late > 0']);
  assert.equal(absent.code, 1, said(absent));
  assert.match(absent.stdout, /there is no such figure in this run/);
});

// On a terminal of 80 columns, made by script(1), until Ctrl-C is typed.
async function onTerminal(args) {
  const command = `stty cols 80 rows 24; exec ${[stampede, ...args].map((word) => `'${word}'`).join(' ')}`;
  const child = spawn('script', ['-qfec', command, '/dev/null'], { env: { ...process.env, TERM: 'xterm', LC_ALL: 'C.UTF-8' } });
  let shown = '';
  child.stdout.on('data', (data) => { shown += data; });
  const ended = new Promise((resolve) => child.on('close', (code) => resolve({ code, shown })));
  await until(() => `the live view: ${shown}`, () => (shown.match(/on the way/g) ?? []).length >= 3);
  child.stdin.write('\x03');
  return ended;
}

test('the live view fits the terminal, and Ctrl-C gives the cursor back', async () => {
  const { code, shown } = await onTerminal([...against(server), '--visitors', '60', '--arrive', 'within 1', '--think-ms', '60000']);
  assert.equal(code, 3, shown);
  const [hidden, back] = ['\x1b[?25l', '\x1b[?25h'];
  assert.ok(shown.indexOf(hidden) >= 0 && shown.lastIndexOf(back) > shown.lastIndexOf(hidden), JSON.stringify(shown));
  const block = shown.slice(shown.indexOf(hidden), shown.lastIndexOf(hidden));
  for (const line of block.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').split(/[\r\n]+/))
    assert.ok([...line].length <= 80, `${[...line].length} columns: ${line}`);
  for (const word of ['waiting', 'inside', 'joins/s', 'confirm', 'busiest process']) assert.ok(block.includes(word), word);
  assert.match(shown, /partial: interrupted/);
});

test('a report compared with itself is the same; with a slower one it is worse', async () => {
  const directory = temporaryDirectory(), [a, b] = ['a.json', 'b.json'].map((name) => path.join(directory, name));
  const end = await runStampede([...against(server), '--visitors', '60', '--arrive', 'within 6', '--duration-s', '45', '--think-ms', '1..5',
    '--slow-cards', '0', '--no-pay', '0', '--refresh', '0', '--tabs', '0']);
  assert.equal(end.code, 0, said(end));
  fs.writeFileSync(a, JSON.stringify(end.report));
  for (const kind of Object.values(end.report.timeline.latency))
    for (const name of ['p50_us', 'p99_us']) kind[name] = kind[name].map((us) => (us === null ? null : us * 50));
  const { tester } = end.report.timeline;
  const share = sum(tester.machine) / tester.machine.length;
  tester.machine.fill(share > 0.5 ? 0 : 1);
  fs.writeFileSync(b, JSON.stringify(end.report));
  const compare = (...args) => runStampede(['compare', ...args], { plain: false });
  const same = await compare(a, a);
  assert.equal(same.code, 0);
  assert.match(same.stdout, /^the machine was busy for (\d+) % of A and \1 % of B$/m);
  const worse = await compare(a, b);
  assert.equal(worse.code, 1, worse.stdout);
  assert.match(worse.stdout, /^join p50 ms .*WORSE$/m);
  assert.match(worse.stdout, /^the machine was busy for \d+ % of A and (0|100) % of B: these are not the same conditions$/m);
  const json = JSON.parse((await compare(a, b, '--json')).stdout);
  assert.equal(json.is_worse, true);
  assert.equal(json.figures.find(({ figure }) => figure === 'join p99 ms').outcome, 'worse');
  assert.equal((await compare(b, a)).code, 0, 'better is not worse');
  const runs = await compare(a, a, a, a, '--', b, b, b, b);
  assert.match(runs.stdout, /4 and 4 runs/);
  for (const args of [[a], [a, '/nonexistent'], [a, path.join(root, 'tests/package.json')], [a, b, a], ['--nonsense', a, b]])
    assert.equal((await compare(...args)).code, 2, args.join(' '));
});

test('calibrate tells the most that the tester can do, and a run near it warns', async () => {
  const file = path.join(temporaryDirectory(), 'calibration.json');
  const end = await runStampede(['calibrate', '--duration-s', '2', '--report', file], { plain: false });
  assert.equal(end.code, 0, end.stderr);
  const found = JSON.parse(fs.readFileSync(file, 'utf8'));
  assert.ok(found.connects_per_s > 100 && found.messages_per_s > 100, end.stdout);
  const run = async (rates) => {
    fs.writeFileSync(file, JSON.stringify({ ...found, ...rates }));
    return runStampede([...against(server), '--visitors', '20', '--arrive', 'even 3', '--duration-s', '45', '--think-ms', '1..5',
      '--slow-cards', '0', '--calibration', file]);
  };
  const slow = await run({ connects_per_s: 1, messages_per_s: 1 });
  assert.equal(slow.code, 0, said(slow));
  assert.equal(slow.report.tester.is_limit, true, said(slow));
  assert.match(slow.stdout, /WARNING: /);
  for (const args of [['calibrate', '--floor', '/nonexistent'], ['calibrate', '--processes', '0'], ['calibrate', 'x'],
    ['--calibration', path.join(root, 'tests/package.json')]])
    assert.equal((await runStampede(args, { plain: false })).code, 2, args.join(' '));
});

test('mode hold tells the rate', async () => {
  const end = await runStampede([...against(server), '--mode', 'hold', '--visitors', '20', '--arrive-within-s', '0',
    '--duration-s', '5', '--hold-rate', '100']);
  assert.equal(end.code, 0, said(end));
  const rate = end.report.run.holds_per_s;
  assert.ok(rate > 10 && rate < 120, `${rate} holds per second\n${said(end)}`); // 100 when the machine is not busy
});

// Whoever waits for an answer asks for nothing meanwhile. If a hold counted from when it was sent, only 20 would be late.
test('a server that stands still shows in the latency of every hold that was due meanwhile', async () => {
  const run = startStampede([...against(server), '--mode', 'hold', '--visitors', '20', '--arrive', 'at-once', '--duration-s', '100', '--hold-rate', '100']);
  let holds = 0;
  run.child.stdout.on('data', (data) => { holds = Number(/holds (\d+)/.exec(data)?.[1] ?? holds); });
  await until('holds are under way', () => holds > 0);
  const gateways = Object.entries(server.children()).filter(([name]) => name.startsWith('gateway')).map(([, pid]) => pid);
  for (const pid of gateways) process.kill(pid, 'SIGSTOP');
  await sleep(2000);
  for (const pid of gateways) process.kill(pid, 'SIGCONT');
  const before = holds;
  await until('what was due meanwhile has been made up for', () => holds > before + 250);
  run.child.kill('SIGINT');
  const end = await run.ended, { buckets } = end.report.latency.hold;
  const late = sum(buckets.map((count, index) => (index % 2 === 1 && buckets[index - 1] > 250_000 ? count : 0)));
  assert.ok(late > 100, `${late} holds were late\n${said(end)}`);
});

test('mode wait measures memory of the processes it is told', async () => {
  await set('admit_per_tick=0');
  const end = await runStampede([...against(server), '--mode', 'wait', '--visitors', '200', '--arrive-within-s', '0',
    '--duration-s', '20', '--children', path.join(server.dir, 'children')]);
  assert.equal(end.code, 0, said(end));
  assert.equal(end.report.waiting_when_measured, 200, said(end));
  assert.ok(end.report.memory.some((entry) => entry.name === 'gateway 0' && entry.after_kb > 0), said(end));
  await set('admit_per_tick=50');
});

test('wrong usage is 2, a run that cannot be carried out is 3', async () => {
  const outcomes = [
    [['--url', 'http://192.0.2.1:80'], 2, /192\.0\.2\.1 is not this machine/],
    [['--url', 'http://192.0.2.1:80', '--i-own-this-host', '192.0.2.2'], 2, /not this machine/],
    [['--url', 'https://127.0.0.1'], 2, /--url must look like/],
    [['--visitors', '-1'], 2, /--visitors cannot be "-1"/],
    [['--visitors', '3000000'], 2, /--visitors cannot be/],
    [['--seats', '3..1'], 2, /--seats cannot be/],
    [['--leave', '1.5'], 2, /--leave cannot be/],
    [['--nonsense'], 2, /no option --nonsense/],
    [['journey'], 2, /no scenario "journey"/],
    [['--visitors', '5', 'journey'], 2, /is not an option/],
    [['--data-dir', 'var'], 2, /for `stampede run`/],
    [['--set', 'a=b'], 2, /for `stampede run`/],
    [['--arrive', 'often'], 2, /--arrive cannot be/],
    [['--expect', 'hold.p99'], 2, /--expect cannot be/],
    [['--expect', 'hld.p99<20ms'], 2, /--expect cannot be "hld\.p99<20ms"/],
    [['--visitrs', '3'], 2, /there is no option --visitrs; did you mean --visitors\?/],
    [['onsale-spke'], 2, /there is no scenario "onsale-spke"; did you mean onsale-spike\?/],
    [['--mode', 'jurney'], 2, /--mode cannot be "jurney"; it is: journey: [^\n]+\n$/],
    [['scenarios', 'sell-out', 'more'], 2, /usage: stampede scenarios/],
    [['--url', 'http://127.0.0.1:1'], 3, /does not answer/],
    [[...against(server), '--event', 'no-such-event'], 3, /404/],
    [[...against(server), '--ledger', '/nonexistent/ledger.db'], 3, /cannot be opened/],
    [[...against(server), '--visitors', '20', '--duration-s', '2', '--think-ms', '9000'], 3, null],
  ];
  await Promise.all(outcomes.map(async ([args, code, message]) => {
    const end = await runStampede(args);
    assert.equal(end.code, code, `${args.join(' ')}: ${said(end)}`);
    if (message) assert.match(end.stderr, message);
  }));
  const help = await runStampede(['--help']);
  assert.equal(help.code, 0);
  for (const args of [['-h'], ['help'], ['run', '--help'], ['compare', '--help']])
    assert.equal((await runStampede(args, { plain: false })).stdout, help.stdout, args.join(' '));
  for (const line of help.stdout.matchAll(/^ {2}(--[a-z-]+)/gm))
    assert.ok(fs.readFileSync(path.join(root, 'docs/stampede.md'), 'utf8').includes(line[1]),
      `docs/stampede.md tells of ${line[1]}`);
});
