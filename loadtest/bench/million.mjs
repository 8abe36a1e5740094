#!/usr/bin/env node
// Lets a million people come, on this machine alone: starts a server of its own with as many gateways as they need, runs
// `stampede million`, lets the server prove its own books, and keeps the report as JSON and as a page in loadtest/results.
//
//   loadtest/bench/million.mjs [--visitors N] [--gateways N] [--name NAME] [--scenario FILE] [--bin DIR]
//       [-- OPTIONS OF STAMPEDE]
//
// Needs the release build and 16 GiB of free memory for a million (16 kB a visitor); takes about ten minutes, half an hour at
// most. The exit code is stampede's, or 1 when the server's own proofs fail.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { helpOf, readCommandLine } from '../../tests/support/command_line.mjs';
import { freePort, root, sleep, until } from '../../tests/support/stanchion.mjs';

const { values: options, positionals } = readCommandLine(helpOf(import.meta.url), {
  visitors: { type: 'string', default: '1000000', isNumber: true }, gateways: { type: 'string', isNumber: true }, name: { type: 'string', default: 'million' },
  scenario: { type: 'string', default: 'million' }, bin: { type: 'string', default: path.join(root, 'build/bin') }, keep: { type: 'boolean', default: false } }, { allowPositionals: true });
// Who is far back hears of it once a minute: every 15 s would be 75,000 frames a second, one of two cores.
const PUSH_MS = 60_000;
// The kernel deals connections out by chance; a gateway takes 19,000. So the fullest of 56 stays well below that.
const EACH = 17_900, START_MS_MAX = 120_000, STOP_MS_MAX = 180_000, RUN_MS_MAX = 35 * 60_000, NICE = 19, JOINED_MARGIN_S = 3;
const { visitors } = options, gateways = options.gateways ?? Math.max(2, Math.ceil(visitors / EACH));
const program = (name) => path.join(options.bin, name);
const base = fs.mkdtempSync(path.join(os.tmpdir(), 'stanchion-million-')), data = path.join(base, 'data'), port = await freePort();
const log = fs.openSync(path.join(base, 'log'), 'w');
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {}); // stampede ends in good order, and then so do we

// The visitors come second: they must not take the processors from the server.
function start(name, args, stdio, niceness = 0) {
  const child = spawn(program(name), args, { stdio });
  os.setPriority(child.pid, Math.min(19, niceness + os.getPriority()));
  running.add(child);
  child.ended = new Promise((resolve) => child.on('close', (code) => { running.delete(child); resolve(code ?? 1); }));
  return child;
}
const say = (line) => process.stdout.write(`${line}\n`);

// One proof of the server's own; true when it holds.
function proves(what, ...args) {
  try {
    const lines = execFileSync(program('stanchion'), [...args, '--data.dir', data], { encoding: 'utf8' }).trim().split('\n');
    say(`${what}: ${lines.find((line) => line.includes('findings')) ?? (lines.at(-1) || 'done')}`);
    return true;
  } catch (error) {
    say(`${what}: FAILED: ${error.stdout}${error.stderr}`);
    return false;
  }
}

// CPU of the server's processes for each visitor, until all have joined: with --visitors 10000 what a million is compared to.
function costOfJoining() {
  const [{ timeline, line, counts }] = Object.values(JSON.parse(fs.readFileSync(file('json'), 'utf8')).crowds);
  const until_s = line.last_join_ms / 1000 + JOINED_MARGIN_S;
  const cpu_s = timeline.processes.flatMap(({ cpu }) => cpu).reduce((sum, share, i) => {
    const at = i % timeline.at_s.length;
    return sum + (timeline.at_s[at] <= until_s ? (share ?? 0) * timeline.seconds[at] : 0);
  }, 0);
  return `${(cpu_s * 1e6 / counts.joined).toFixed(1)} us of the server's CPU for each of ${counts.joined} visitors until all had joined`;
}

say(`${gateways} gateways on 127.0.0.1:${port}; the server's log is ${base}/log`);
const server = start('stanchion', ['serve', '--data.dir', data, '--listen.port', String(port), '--gateways', String(gateways),
  '--push.interval_ms_max', String(PUSH_MS)], ['ignore', log, log]);
const url = `http://127.0.0.1:${port}`;
await until('the server is ready', () => fetch(`${url}/healthz`).then((answer) => answer.status === 200, () => false), START_MS_MAX, 200);
await sleep(2000); // for the last of the gateways
const results = path.join(root, 'loadtest/results');
fs.mkdirSync(results, { recursive: true });
const file = (end) => path.join(results, `${options.name}.${end}`);
const run = start('stampede', ['run', options.scenario, '--url', url, '--data-dir', data, '--stanchion', program('stanchion'), '--visitors', String(visitors),
  '--report', file('json'), '--html', file('html'), ...positionals], 'inherit', NICE);
const limit = setTimeout(() => run.kill('SIGINT'), RUN_MS_MAX);
let code = await run.ended;
clearTimeout(limit);
if (code !== 2) {
  const history = fs.readdirSync(path.join(data, 'line')).find((name) => name.endsWith('.history'));
  const line = path.join(base, 'line');
  const isProven = [proves('audit', 'audit'), proves('export', 'line', 'export', history.replace('.history', ''), line), proves('line', 'line', 'verify', line)];
  say(costOfJoining());
  code ||= isProven.every(Boolean) ? 0 : 1;
  say(`the report is in ${file('json')} and ${file('html')}`);
}
const timer = setTimeout(() => server.kill('SIGKILL'), STOP_MS_MAX);
server.kill('SIGTERM');
await server.ended;
clearTimeout(timer);
if (code === 0 && !options.keep) fs.rmSync(base, { recursive: true, force: true });
else say(`what the server wrote is kept in ${base}`);
process.exit(code);
