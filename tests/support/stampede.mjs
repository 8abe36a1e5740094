// Runs the load tester of the development build against a server of startStanchion() and reads its report.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root, temporaryDirectory, until } from './stanchion.mjs';

export const stampede = path.join(root, 'build/dev/bin/stampede');

// Starts it; `ended` resolves to { code, stdout, stderr, report } (report: null when none was written).
// plain: with --plain and --report, which `stampede scenarios` does not take.
export function startStampede(args, { timeoutMs = 200_000, plain = true } = {}) {
  const file = path.join(temporaryDirectory(), 'report.json');
  const child = spawn(stampede, plain ? [...args, '--plain', '--report', file] : args, { cwd: root });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let stdout = '', stderr = '';
  child.stdout.on('data', (data) => { stdout += data; });
  child.stderr.on('data', (data) => { stderr += data; });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const report = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null;
      resolve({ code, stdout, stderr, report });
    });
  });
  return { child, ended };
}

export const runStampede = (args, options) => startStampede(args, options).ended;

// The flags that lead to this server's event and ledger.
export const against = (server, event = server.event) =>
  ['--url', server.url, '--event', event, '--ledger', path.join(server.dir, 'ledger.db')];

// State of each check by name: { 'no seat confirmed twice': 'ok', ... }
export const checksOf = (report) => Object.fromEntries(report.checks.map((check) => [check.check, check.state]));

// A built-in scenario with some of its text replaced, [from, to]: the path of its file. Its events are called after the file
// and the time, so of two that run at the same moment one needs another name (`as`).
export function changedScenario(name, pairs, as = name) {
  const file = path.join(temporaryDirectory(), `${as}.ini`);
  const text = fs.readFileSync(path.join(root, `loadtest/scenarios/${name}.ini`), 'utf8');
  fs.writeFileSync(file, pairs.reduce((all, [from, to]) => {
    assert.ok(all.includes(from), `${name} has ${from}`);
    return all.replaceAll(from, to);
  }, text));
  return file;
}

// Runs one against `server` and asserts that it is green with every check ok; returns { crowd: report, ..., said }.
// Thresholds are for a machine that has nothing else to do, so they are told and do not decide; what they are about has to
// be there. The dice are the same each time: how many want to do what is not left to luck.
export async function runGreen(server, name, ...args) {
  const end = await runStampede(['run', name, '--url', server.url, '--data-dir', server.dir, '--no-thresholds', '--duration-s', '120',
    '--slow-cards', '0', '--seed', '11', ...args]);
  const said = `${end.stdout}${end.stderr}${server.log()}`;
  assert.equal(end.code, 0, said);
  assert.equal(end.report.scenario, name);
  assert.equal(end.report.verdict, 'green', said);
  for (const report of Object.values(end.report.crowds)) {
    assert.deepEqual([...new Set(Object.values(checksOf(report)))], ['ok'], said);
    for (const { expect, value } of report.thresholds) assert.notEqual(value, null, `${expect}\n${said}`);
  }
  return { ...end.report.crowds, said };
}

// What the server itself noted of all its crowds, kills and losses says the same as the checker.
export async function assertHistories(server, eventsMin) {
  const folder = path.join(server.dir, 'line');
  const namesOf = (ending) => fs.readdirSync(folder).filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  await until('the histories are there', () => namesOf('.history').length >= eventsMin);
  for (const event of namesOf('.history')) {
    const file = path.join(temporaryDirectory(), `${event}.line`);
    assert.equal((await server.cli(['line', 'export', event, file])).code, 0);
    const { code, stdout, stderr } = await server.cli(['line', 'verify', file]);
    assert.equal(code, 0, `${event}: ${stderr}${stdout}`);
    assert.match(stdout, /nobody was overtaken/, `${event}: ${stdout}`);
  }
  for (const event of namesOf('.transcript'))
    assert.equal((await server.cli(['draw', 'verify', path.join(folder, `${event}.transcript`)])).code, 0, event);
}
