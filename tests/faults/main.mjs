// The command line of the fault harness.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readCommandLine } from '../support/command_line.mjs';

const HELP = `tests/faults/run [--minutes N] [--seed S] [--binary FILE] [--faults "kill ledger,kill redis"] [--shoppers N] [--slowness P] [--impatience P]
                 [--round-s N] [--rest-s N] [--no-tmpfs] [--keep DIR]
Sells seats under faults and checks what was seen from outside against the files. One round of about 30 s of faults is the
least; with --minutes, rounds until the time is over. The same seed makes the same faults. Exit code 0: no promise broken.
The ledger's file and Redis' log lie on two small disks (tmpfs), which are filled up, too; where mounting is not permitted, and
with --no-tmpfs, only the kernel's tracing says that they are full.
--keep DIR: leaves history.jsonl, server.log and the data directory there (always done when something was found).`;

const VALUES = ['minutes', 'seed', 'binary', 'faults', 'shoppers', 'slowness', 'impatience', 'round-s', 'rest-s', 'keep'];
const TEXTS = ['seed', 'binary', 'faults', 'keep'];
const { values } = readCommandLine(HELP, { 'no-tmpfs': { type: 'boolean' },
  ...Object.fromEntries(VALUES.map((name) => [name, { type: 'string', isNumber: !TEXTS.includes(name) }])) });
if (values.binary) process.env.STANCHION_BIN = path.resolve(values.binary);
const { runFaults } = await import('./harness.mjs');
const { faults, possible } = await import('./faults.mjs');
const { whyNoDisks } = await import('./disks.mjs');
const seed = values.seed ?? String(Math.floor(Math.random() * 1e6));
const directory = values.keep ? path.resolve(values.keep) : fs.mkdtempSync(path.join(os.tmpdir(), 'stanchion-faults-'));
fs.mkdirSync(directory, { recursive: true });
const options = { seed, directory, minutes: values.minutes ?? 0 };
if (values.faults) options.names = values.faults.split(',').map((name) => name.trim());
const unknown = options.names?.filter((name) => !faults[name]) ?? [];
if (unknown.length > 0) {
  console.error(`There is no fault "${unknown[0]}". There are: ${Object.keys(faults).join(', ')}.`);
  process.exit(2);
}
const isTmpfs = (name) => faults[name].isTmpfs;
const whyNot = values['no-tmpfs'] ? '--no-tmpfs' : whyNoDisks(directory);
if (whyNot) {
  console.log(`No disk is filled up here (${whyNot}): that it is full is said by the kernel's tracing instead.`);
  options.names = (options.names ?? possible).filter((name) => !isTmpfs(name));
} else {
  options.names ??= Object.keys(faults);
}
for (const name of ['shoppers', 'slowness', 'impatience']) if (values[name] !== undefined) options[name] = values[name];
if (values['round-s']) options.roundMs = 1000 * values['round-s'];
if (values['rest-s']) options.restMs = 1000 * values['rest-s'];
const start = Date.now();
const say = (text) => console.log(`${((Date.now() - start) / 1000).toFixed(1).padStart(7)} s  ${text}`);
console.log(`seed ${seed}`);
const report = await runFaults(options, say);
let isGood = true;
for (const [name, found] of Object.entries(report.findings)) {
  console.log(`${found.length === 0 ? 'ok    ' : 'FAILED'} ${name}${found.length ? `: ${found.length}` : ''}`);
  found.slice(0, 10).forEach((text) => console.log(`         ${text}`));
  isGood &&= found.length === 0;
}
const kinds = Object.entries(report.kinds).sort(([a], [b]) => a.localeCompare(b));
console.log(`faults: ${kinds.map(([name, count]) => `${name} ${count}`).join(', ')}`);
console.log(`${report.rounds} rounds, ${JSON.stringify(report.figures)}`);
if (isGood && !values.keep) fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
else console.log(`kept: ${directory}`);
process.exit(isGood ? 0 : 1);
