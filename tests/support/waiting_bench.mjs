// What waiting visitors cost: CPU of all gateways together while a line moves and the stock changes. Not a test:
//
//   STANCHION_BIN=build/bin/stanchion node tests/support/waiting_bench.mjs [VISITORS] [GATEWAYS] [RATE] [SECONDS] [still]
//
// RATE visitors are admitted each second; with `still` nobody holds anything, so that the stock does not change.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { metricOfAll } from './gateways.mjs';
import { binary, sleep, startStanchion, until } from './stanchion.mjs';
import { visit } from './visitor.mjs';

const [visitors = 100_000, gateways = 6, rate = 50, seconds = 20] = process.argv.slice(2, 6).map(Number);
const isStill = process.argv[6] === 'still';
const CLOCK_TICKS_S = 100;

const server = await startStanchion({ flags: ['--gateways', String(gateways), '--connections_max', '19500'], event: 'arena' });
const set = (...pairs) => server.cli(['event', 'set', 'arena', ...pairs]);
const pidsOf = (name) => Object.entries(server.children()).filter(([child]) => child.startsWith(name)).map(([, pid]) => pid);
const cpuS = (pids) => pids.reduce((sum, pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return sum + (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_S;
}, 0);
const waiting = async () => (await (await fetch(`${server.url}/api/v1/events/arena`)).json()).waiting;

const frames = () => metricOfAll(server, 'frames_out_total');

await set('active_cap=1000000', 'select_ms=3600000', 'claim_ms=3600000', 'claim_away_ms=3600000');
const buyer = await visit(server);
await buyer.enter();
await set('admit_per_tick=0');
const crowd = spawn(path.join(path.dirname(binary), 'stampede'), ['--url', server.url, '--event', 'arena', '--visitors', String(visitors),
  '--arrive-within-s', '12', '--duration-s', String(seconds + 60), '--no-show', '1', '--leave', '0', '--tabs', '0', '--refresh', '0',
  '--finish-min', '0', '--ledger', 'none', '--plain'], { stdio: 'ignore' });
const crowdEnded = new Promise((resolve) => crowd.on('close', resolve));
await until('everybody waits', async () => (await waiting()) >= visitors * 0.99, { msMax: 90_000, stepMs: 500 });
await set(`admit_per_tick=${rate}`);
let seat = 0;
const trade = async () => {
  await buyer.ask({ type: 'hold', seats: [seat++ % 1000] });
  await buyer.ask({ type: 'release' });
};
const timer = isStill ? null : setInterval(() => trade().catch(() => {}), 700);
await sleep(4000);
const pids = [pidsOf('gateway'), pidsOf('redis')];
const before = [pids.map(cpuS), await frames(), performance.now()];
await sleep(seconds * 1000);
const after = [pids.map(cpuS), await frames(), performance.now()];
const took = (after[2] - before[2]) / 1000, sent = after[1] - before[1];
const [gateway, redis] = after[0].map((cpu, i) => (cpu - before[0][i]) / took);
console.log(`${visitors} waiting on ${gateways} gateways, ${rate} admitted/s, stock ${isStill ? 'still' : 'changing'}: gateways `
  + `${(100 * gateway).toFixed(1)} % of a core, redis ${(100 * redis).toFixed(1)} %, ${(sent / took).toFixed(0)} frames/s`
  + `${sent > 0 ? `, ${(1e6 * gateway * took / sent).toFixed(1)} us each` : ''}; load ${fs.readFileSync('/proc/loadavg', 'utf8').trim()}`);
clearInterval(timer);
crowd.kill('SIGINT');
await crowdEnded;
await server.stop();
process.exit(0);
