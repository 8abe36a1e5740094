// Runs the rows, prints the table and keeps the figures. Started by ./run, which builds what is measured.
//
//   loadtest/bench/run [--quick] [--only ROW[,ROW]] [--rounds N] [--name NAME]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { helpOf, readCommandLine } from '../../tests/support/command_line.mjs';
import { root } from '../../tests/support/stanchion.mjs';
import * as connections from './rows_connections.mjs';
import * as redis from './rows_redis.mjs';
import * as waiting from './rows_waiting.mjs';

if (!process.env.STANCHION_BIN) {
  process.stderr.write('bench: STANCHION_BIN says which build is measured; loadtest/bench/run sets it\n'); // not the one with sanitizers
  process.exit(2);
}
const ROW_MS_MAX = 300_000;
const rows = [
  ['upgrades', 'upgrades per server CPU-second, 19,000 connections on one process', connections.upgrades],
  ['herd', 'herd: everybody at once on 4 processes', connections.herd],
  ['one-more', 'one more connection beside 19,000 that are idle', connections.oneMore],
  ['pushes', 'CPU for a pushed frame', connections.pushes],
  ['memory', 'user memory for a waiting visitor', waiting.memory],
  ['redis-memory', 'Redis memory for a waiting visitor', redis.redisMemory],
  ['joins', 'joins in batches', redis.joins],
  ['ticks', 'a tick admitting 1,000 of 1,000,000', redis.ticks],
  ['holds', 'holds of 4 seats through the script', redis.holds],
  ['places', 'places of 1,000,000 visitors after a tick', waiting.places],
  ['disk', 'append and fdatasync', waiting.disk],
];

const { values: options } = readCommandLine(helpOf(import.meta.url), { quick: { type: 'boolean', default: false }, only: { type: 'string' },
  rounds: { type: 'string', isNumber: true }, name: { type: 'string' } });
const isQuick = options.quick, rounds = options.rounds ?? (isQuick ? 1 : 3);
const wanted = options.only?.split(',') ?? rows.map(([id]) => id);
const unknown = wanted.filter((id) => !rows.some(([row]) => row === id));
if (unknown.length > 0 || !(rounds >= 1 && rounds <= 20)) {
  process.stderr.write(`bench: ${unknown.length > 0 ? `no row ${unknown.join(', ')}` : '--rounds is 1 to 20'}; rows: ${rows.map(([id]) => id).join(' ')}\n`);
  process.exit(2);
}

const isReached = ({ goal, value }) => (goal.startsWith('>=') ? value >= Number(goal.slice(2)) : value <= Number(goal.slice(2)));
const withLimit = (work) => {
  let timer;
  const limit = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('took too long')), ROW_MS_MAX); });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
};
const say = (line) => process.stdout.write(`${line}\n`);
const show = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

const git = (...args) => execFileSync('git', args, { cwd: root }).toString().trim();
const report = { command: `loadtest/bench/run ${process.argv.slice(2).join(' ')}`.trim(), at: new Date().toISOString(),
  commit: git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? ' and changes' : ''),
  machine: { cpu: os.cpus()[0].model, cores: os.cpus().length, memoryGiB: Math.round(os.totalmem() / 2 ** 30), kernel: os.release(),
    somaxconn: Number(fs.readFileSync('/proc/sys/net/core/somaxconn', 'utf8')) },
  loadBefore: os.loadavg().map((load) => Number(load.toFixed(1))), rounds, rows: {} };

say(`${'row'.padEnd(13)} ${'against'.padEnd(40)} ${'goal'.padStart(8)} ${'measured'.padStart(9)}`);
let missed = 0, broken = 0;
for (const [id, what, measure] of rows.filter(([row]) => wanted.includes(row))) {
  try {
    const row = await withLimit(measure({ rounds, isQuick }));
    report.rows[id] = { what, ...row };
    for (const goal of row.goals) {
      goal.reached = isReached(goal);
      missed += !goal.reached;
      say(`${id.padEnd(13)} ${goal.against.padEnd(40)} ${goal.goal.padStart(8)} ${show(goal.value).padStart(9)}  ${goal.reached ? 'reached' : 'NOT REACHED'}`);
    }
    say(`${''.padEnd(13)}   ${row.unit}: ${JSON.stringify(row.figures, (_, value) => (typeof value === 'number' ? Number(show(value)) : value))}`);
  } catch (error) {
    broken++;
    report.rows[id] = { what, error: error.message };
    say(`${id.padEnd(13)} could not be measured: ${error.message}`);
  }
}
report.loadAfter = os.loadavg().map((load) => Number(load.toFixed(1)));
const file = path.join('loadtest/results', `${options.name ?? (isQuick ? 'bench-quick' : 'bench')}.json`);
fs.mkdirSync(path.join(root, 'loadtest/results'), { recursive: true });
fs.writeFileSync(path.join(root, file), `${JSON.stringify(report, null, 2)}\n`);
say(`load before ${report.loadBefore.join(' ')}, after ${report.loadAfter.join(' ')}; everything is in ${file}; ${missed} goals missed, ${broken} rows broken`);
process.exit(broken > 0 ? 1 : 0);
