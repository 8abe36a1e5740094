// The command line: help everywhere, wrong use answered in one line with the nearest match, exit codes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { binary, root, runCli, temporaryDirectory } from '../support/stanchion.mjs';

const commands = ['serve', 'config', 'event load', 'event list', 'event show', 'event open', 'event pause', 'event close',
  'event set', 'event withhold', 'event release', 'event withheld', 'orders export', 'orders show', 'orders refund', 'orders resend', 'payment return', 'ticket check', 'door list', 'audit',
  'backup', 'ledger verify', 'ledger dead', 'ledger replay', 'account password', 'account visitor', 'draw export', 'draw verify', 'line export', 'line verify',
  'event check', 'event publish', 'event rehearse', 'event delete', 'account list', 'account create', 'account change', 'account reset', 'account sign-out', 'log', 'undo'];

test('help lists every command, and each has its own', async () => {
  const help = await runCli(['help']);
  assert.equal(help.code, 0);
  for (const command of commands) {
    assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
    const own = await runCli([...command.split(' '), '--help']);
    assert.equal(own.code, 0, own.stderr);
    assert.match(own.stdout, new RegExp(`^stanchion ${command}`));
  }
  const listed = help.stdout.split('\n').filter((line) => /^  [a-z]/.test(line) && !/^  help/.test(line));
  assert.equal(listed.length, commands.length, 'a command is not tested here');
});

test('help COMMAND is what its --help is; of a first word the second ones', async () => {
  assert.equal((await runCli(['help', 'event', 'load'])).stdout, (await runCli(['event', 'load', '--help'])).stdout);
  assert.match((await runCli(['help', 'draw'])).stdout, /^export, verify\n$/);
});

test('what cannot be written is no success', async () => {
  const full = spawnSync('sh', ['-c', `"${binary}" config >/dev/full`], { encoding: 'utf8' });
  assert.equal(full.status, 1);
  assert.match(full.stderr, /^stanchion: cannot write to stdout\n$/);
  const head = spawnSync('bash', ['-c', `set -o pipefail; "${binary}" config | head -n 1`], { encoding: 'utf8' });
  assert.match(head.stdout, /^data\.dir .*\n$/);
  assert.equal(head.stderr, '');
});

test('--version prints name and version', async () => {
  assert.match((await runCli(['--version'])).stdout, /^stanchion \d+\.\d+\.\d+\n$/);
});

test('without a command: help, and exit code 2', async () => {
  const { code, stdout } = await runCli([]);
  assert.equal(code, 2);
  assert.match(stdout, /event load/);
});

test('colours are for terminals only', async () => {
  assert.doesNotMatch((await runCli(['help'])).stdout, /\x1b/);
  const terminal = spawnSync('script', ['-qec', `${binary} help`, '/dev/null'], { encoding: 'utf8' });
  if (!terminal.error) assert.match(terminal.stdout, /\x1b\[1m/);
});

describe('wrong use is answered in one line with exit code 2', () => {
  const cases = [
    [['evnt', 'list'], /no command `evnt`; did you mean `event list`\?/],
    [['event', 'lst'], /no command `event lst`; did you mean `event list`\?/],
    [['servve'], /did you mean `serve`\?/],
    [['evnt'], /did you mean `event`\?/],
    [['help', 'evnt', 'list'], /did you mean `event list`\?/],
    [['config', 'listen.prt'], /no setting "listen\.prt"; did you mean listen\.port\?/],
    [['log', '--limit', '10x'], /--limit is a number from 1 to \d+, not "10x"/],
    [['undo', '-'], /"-" is not the number of an entry of `stanchion log`/],
    [['ledger', 'replay', '0'], /"0" is neither the number of a dead letter nor "all"/],
    [['event', 'withhold', 'arena', '--count', '1.5'], /--count is a whole number from 1 on, not "1\.5"/],
    [['account', 'visitor', 'nobody'], /"nobody" is not an e-mail address/],
    [['event'], /`event` needs one more word: .*list, show, .*open/],
    [['qqqqq'], /no command `qqqqq`; `stanchion help` lists all/],
    [['event', 'show'], /`event show` needs EVENT/],
    [['event', 'list', 'extra'], /does not take "extra"/],
    [['event', 'list', '--evnt=3'], /no option --evnt=3/],
    [['orders', 'export', '--evnt', 'x'], /did you mean --event\?/],
    [['orders', 'export', '--event'], /--event needs a value: EVENT/],
    [['event', 'set', 'arena', 'nothing'], /"nothing" is not of the form key=value/],
    [['config', '--markdown=1'], /--markdown takes no value/],
    [['config', '--listen.port', '70000'], /listen\.port cannot be "70000" \(flag --listen\.port\): it must be 1 to 65535/],
    [['config', '--listen.prt', '1'], /Did you mean listen\.port\?/],
    [['config', '--drain_ms'], /--drain_ms needs a value/],
  ];
  for (const [args, expected] of cases) {
    test(args.join(' '), async () => {
      const { code, stdout, stderr } = await runCli(args);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, /^stanchion: [^\n]+\n$/);
      assert.match(stderr, expected);
    });
  }
});

describe('config', () => {
  test('prints values and where they came from', async () => {
    const dir = temporaryDirectory();
    fs.writeFileSync(path.join(dir, 'stanchion.ini'), '[listen]\nport = 9091\n');
    const { code, stdout } = await runCli(['config', '--data.dir', dir, '--payment.key', 'secret-secret-secret'],
      { env: { STANCHION_DRAIN_MS: '77' } });
    fs.rmSync(dir, { recursive: true });
    assert.equal(code, 0);
    assert.match(stdout, /^listen\.port +9091 +file .*stanchion\.ini line 2$/m);
    assert.match(stdout, /^drain_ms +77 +environment STANCHION_DRAIN_MS$/m);
    assert.match(stdout, /^payment\.key +\*\*\* +flag --payment\.key$/m);
    assert.match(stdout, /^gateways +0 +default$/m);
    assert.doesNotMatch(stdout, /secret-secret/);
  });

  test('prints one value alone, for scripts', async () => {
    assert.equal((await runCli(['config', 'listen.port', '--listen.port=81'])).stdout, '81\n');
  });

  test('looking creates nothing', async () => {
    const dir = path.join(temporaryDirectory(), 'data');
    await runCli(['config', '--data.dir', dir]);
    assert.ok(!fs.existsSync(dir));
    fs.rmdirSync(path.dirname(dir));
  });
});

test('commands for a server that does not run say so in one line', async () => {
  const dir = temporaryDirectory();
  for (const args of [['event', 'list'], ['audit'], ['orders', 'export'], ['event', 'open', 'arena']]) {
    const { code, stderr } = await runCli([...args, '--data.dir', dir]);
    assert.equal(code, 1);
    assert.match(stderr, /^stanchion: no server is running on [^\n]*start it with `stanchion serve`\n$/);
  }
  fs.rmSync(dir, { recursive: true });
});

test('scripts say how they are used, too', () => {
  const scripts = ['tests/faults/main.mjs', 'tests/fuzz/main.mjs', 'loadtest/bench/million.mjs', 'loadtest/bench/orders.mjs'];
  for (const [args, status, expected] of [[['--help'], 0, /\[--rounds N\]|\[--minutes N\]|\[--seconds N\]|\[--visitors N\]/], [['--nothing'], 2, /^Unknown option '--nothing'\n\n/]])
    for (const script of scripts) {
      const told = spawnSync(process.execPath, [path.join(root, script), ...args], { encoding: 'utf8' });
      assert.equal(told.status, status, told.stderr);
      assert.match(told.stdout + told.stderr, expected, script);
    }
  for (const script of ['test', 'loadtest/bench/run'])
    assert.match(spawnSync(path.join(root, script), ['--help'], { encoding: 'utf8' }).stdout, new RegExp(`^[A-Z].*[^]* ${script === 'test' ? './test' : script} \\[`));
});

test('./run says how it is used before it builds anything', () => {
  for (const [args, code, expected] of [[['--help'], 0, /^usage: \.\/run \[--setting value\]/], [['extra'], 2, /^run: "extra" is not a setting; usage: /],
    [['--listen.port', '9090', 'extra'], 2, /"extra"/]]) {
    const told = spawnSync(path.join(root, 'run'), args, { encoding: 'utf8', env: { PATH: '/nonexistent:/usr/bin:/bin' } });
    assert.equal(told.status, code, told.stderr);
    assert.match(told.stdout + told.stderr, expected);
  }
});

test('passwords: too short, empty and too long are refused', async () => {
  const dir = temporaryDirectory();
  for (const input of ['', 'short\n', `${'x'.repeat(300)}\n`]) {
    const { code, stderr } = await runCli(['account', 'password', '--data.dir', dir], { input });
    assert.equal(code, 1);
    assert.match(stderr, /password/);
  }
  fs.rmSync(dir, { recursive: true });
});
