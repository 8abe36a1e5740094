// The command line of the fuzzer.
import fs from 'node:fs';
import path from 'node:path';
import { readCommandLine } from '../support/command_line.mjs';

const HELP = `tests/fuzz/run [--seconds N] [--seed S] [--only SIDE,SIDE] [--workers N] [--binary FILE] [--log FILE] [--notes N] [--gateways N]
Throws nearly good things at a server of its own for N seconds (10 unless said): over WebSockets, polls, HTTP, the organizer's
console, inventories and the command line. Exit code 0: nobody else would have noticed, and nothing was told that must not be.`;

const names = ['seconds', 'seed', 'only', 'workers', 'binary', 'log', 'notes', 'gateways'];
const numbers = ['seconds', 'workers', 'notes', 'gateways'];
const { values } = readCommandLine(HELP, Object.fromEntries(names.map((name) => [name, { type: 'string', isNumber: numbers.includes(name) }])));
if (values.binary) process.env.STANCHION_BIN = path.resolve(values.binary);
const { fuzz, prepare, sides, startTarget } = await import('./fuzz.mjs');
const only = values.only?.split(',') ?? null;
const unknown = only?.filter((name) => !sides[name]) ?? [];
if (unknown.length > 0) {
  console.error(`There is no side "${unknown[0]}". There are: ${Object.keys(sides).join(', ')}.`);
  process.exit(2);
}
const seed = values.seed ?? String(Math.floor(Math.random() * 1e6));
console.log(`seed ${seed}`);
const server = await startTarget(values.gateways ?? 1);
const { findings, rounds, heard, log } = await fuzz(server, await prepare(server), { seed, seconds: values.seconds ?? 10, only, workers: values.workers ?? 2 });
if (values.log) fs.writeFileSync(values.log, log);
const told = new Set();
for (const { side, what, notes } of findings) {
  if (told.has(what.slice(0, 40))) continue; // one of each kind
  told.add(what.slice(0, 40));
  console.log(`FOUND ${side}: ${what.slice(0, 1500)}`);
  notes.slice(-(values.notes ?? 2)).forEach((note) => console.log(`        ${note.slice(0, 500)}`));
}
const list = (counts) => Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(', ');
console.log(`heard: ${list(heard)}`);
console.log(`${findings.length} findings; rounds: ${list(rounds)}`);
process.exit(findings.length > 0 ? 1 : 0);
