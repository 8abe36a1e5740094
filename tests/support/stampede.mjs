// Runs the load tester of the development build against a server of startStanchion() and reads its report.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root, temporaryDirectory } from './stanchion.mjs';

export const stampede = path.join(root, 'build/dev/bin/stampede');

// Starts it; `ended` resolves to { code, stdout, stderr, report } (report: null when none was written).
// plain: with --plain and --report, which `stampede scenarios` does not take.
export function startStampede(args, { timeoutMs = 120_000, plain = true } = {}) {
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
