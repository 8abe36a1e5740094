// How many visitors one gateway signs in per second, what each costs, and what others notice of it. Not a test:
//
//   STANCHION_BIN=build/bin/stanchion node tests/support/sign_in_bench.mjs [CLIENTS] [SECONDS]
import fs from 'node:fs';
import { signIn, signUp } from './accounts.mjs';
import { sleep, startStanchion } from './stanchion.mjs';

const [clients = 64, seconds = 10] = process.argv.slice(2).map(Number);
const CLOCK_TICK_MS = 10;

function cpuMs(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}

const server = await startStanchion({ flags: ['--gateways', '1', '--account.tries_per_minute', '1000000',
  '--account.email_tries_per_minute', '1000000'] });
await signUp(server, 'ann@example.org', 'correct horse');
const pid = server.children()['gateway 0'];
const cpuBefore = cpuMs(pid);
const start = performance.now();
const isOver = () => performance.now() - start > seconds * 1000;
const others = [];
let count = 0, refused = 0;

async function watch() {
  while (!isOver()) {
    const asked = performance.now();
    await fetch(`${server.url}/api/v1/time`);
    others.push(performance.now() - asked);
    await sleep(5);
  }
}

async function client() {
  while (!isOver()) {
    const { status } = await signIn(server, 'ann@example.org', 'correct horse');
    if (status === 200) count++;
    else refused++;
    if (status !== 200) await sleep(100);
  }
}

await Promise.all([watch(), ...Array.from({ length: clients }, client)]);
const took = (performance.now() - start) / 1000;
others.sort((a, b) => a - b);
const percentile = (p) => others[Math.floor(others.length * p)].toFixed(1);
process.stdout.write(`${count} signed in, ${refused} refused in ${took.toFixed(1)} s: ${(count / took).toFixed(1)} a second, `
  + `${((cpuMs(pid) - cpuBefore) / count).toFixed(1)} ms of CPU each; other requests p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms\n`);
await server.stop();
