// The server under test, as faults need it: the real program with its own data directory, started again when its
// supervisor is killed, and two looks into its files from outside: the witness (is an order in the ledger's file at the
// moment a browser is told so?) and the figures that say whether everything has come to rest.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { clockLibrary, writeClock } from '../support/clock.mjs';
import { freePort, sleep, startStanchion, until } from '../support/stanchion.mjs';
import { askRedis } from '../support/redis.mjs';
import { startNetwork } from '../support/proxy.mjs';
import { makeDice } from './dice.mjs';
import { mountDisks } from './disks.mjs';
import { startProvider } from './provider.mjs';

const HEAL_MS_MAX = 60_000;
const BUSY_MS_MAX = 8000; // how long a reader waits for a locked file
export const PAY_MS = 10_000;
const SEATS_PER_ROW = 20, ROWS = 60, ROWS_FREE_OF_CHARGE = 10;
export const SEATS_COUNT = SEATS_PER_ROW * ROWS;

// Rows of `sql` as objects.
export const query = (file, sql) => new Promise((resolve, reject) => {
  execFile('sqlite3', ['-readonly', '-json', '-cmd', `.timeout ${BUSY_MS_MAX}`, file, sql], { maxBuffer: 1 << 28 },
    (error, stdout) => (error ? reject(error) : resolve(stdout.trim() ? JSON.parse(stdout) : [])));
});

// An inventory with short times: two price categories, the second of which costs nothing and so needs no provider.
function writeHall(directory) {
  const row = (i) => (i % (ROWS / ROWS_FREE_OF_CHARGE) === 3
    ? `Gallery,${i + 1},1,${SEATS_PER_ROW},Gift,0.00,EUR` : `Stalls,${i + 1},1,${SEATS_PER_ROW},Paid,25.00,EUR`);
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(path.join(directory, 'seats.csv'), ['section,row,seat_from,seat_to,category,price,currency',
    ...Array.from({ length: ROWS }, (_, i) => row(i))].join('\n'));
  const settings = { tick_ms: 200, admit_per_tick: 50, active_cap: 200, select_ms: 10_000, pay_ms: PAY_MS, claim_ms: 5000,
    claim_away_ms: 5000, recovery_ms: 2000, seats_per_visitor_max: 3 };
  fs.writeFileSync(path.join(directory, 'event.ini'), ['name = Hall', 'currency = EUR', 'time_zone = Europe/Berlin', '[settings]',
    ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`)].join('\n'));
}

// One sqlite3 for all questions: witness(order) -> 1, 0, or null when the file could not be read.
function startWitness(file) {
  const child = spawn('sqlite3', ['-readonly', '-cmd', `.timeout ${BUSY_MS_MAX}`, file], { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = [];
  let found = null;
  child.stdin.on('error', () => {});
  child.on('close', () => waiting.splice(0).forEach((give) => give(null)));
  readline.createInterface({ input: child.stdout }).on('line', (text) => {
    if (text !== 'end') { found = Number(text); return; }
    waiting.shift()?.(found);
    found = null;
  });
  return {
    ask: (order) => new Promise((give) => {
      waiting.push(give);
      child.stdin.write(`SELECT count(*) FROM orders WHERE id = '${order.replaceAll("'", '')}';\nSELECT 'end';\n`);
    }),
    stop: () => child.kill('SIGKILL'),
  };
}

// The environment of processes whose wall clock is off by what stands in `file` (tests/faulty/clock_jump.c).
const environmentOfClock = (file) => ({ LD_PRELOAD: clockLibrary, CLOCK_JUMP_FILE: file });

export async function openWorld({ directory, history, seed, hasTmpfs = false }) {
  if (!fs.existsSync(clockLibrary)) throw new Error(`${clockLibrary} is not built`); // the loader would say so in passing
  const dir = path.join(directory, 'data'), port = await freePort(), clock = path.join(directory, 'clock');
  // LeakSanitizer cannot be traced, and a library that is preloaded comes before the sanitizers'.
  const env = { ...environmentOfClock(clock), ASAN_OPTIONS: [process.env.ASAN_OPTIONS, 'detect_leaks=0', 'verify_asan_link_order=0'].filter(Boolean).join(':') };
  const setClock = (offsetMs) => writeClock(clock, offsetMs);
  setClock(0);
  const disks = hasTmpfs ? mountDisks(dir) : null;
  const network = await startNetwork(port);
  const provider = await startProvider({ directory, gatewayPort: port, lateMs: PAY_MS - 1000, dice: makeDice(`provider ${seed}`), env });
  const world = { dir, directory, history, network, provider, setClock, disks, starvedUntil: 0, server: null, url: `http://127.0.0.1:${port}`, publicUrl: network.url };
  let witness = null, logged = 0;
  const allFlags = ['--gateways', '2', ...provider.flags];
  writeHall(path.join(directory, 'hall'));

  world.keepLog = () => {
    const all = world.server.logFrom(logged), text = all.slice(0, all.lastIndexOf('\n') + 1); // the last line may be half there
    logged = world.server.logEnd() - all.length + text.length;
    fs.appendFileSync(path.join(directory, 'server.log'), text);
    for (const [, line] of text.matchAll(/^(.*\(pid \d+\) .*; starting it again.*)$/gm)) history.note('server', 'process', { line });
  };
  world.start = async () => {
    world.server = await startStanchion({ dir, port, flags: allFlags, env });
    logged = 0;
  };
  world.mayEnd = (name, pid, why) => history.note('server', 'ours', { name, pid, signal: why });
  // Those of these names that end themselves from now on may, whenever the answer is called: as a full disk makes them.
  world.mayEndFromNow = (names) => {
    const { server } = world, from = server.logEnd();
    return () => {
      for (const [, name, pid] of server.logFrom(from).matchAll(/ (\w+) \(pid (\d+)\) ended with exit code 1;/g))
        if (names.includes(name)) world.mayEnd(name, Number(pid), 'disk full');
    };
  };
  // The list of children is old while the disk is full: a number of it may be somebody else's by now.
  const isOurs = (pid) => {
    try { return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(world.server.pid); } catch { return false; }
  };
  world.child = (name) => [world.server.children()[name]].find(isOurs);
  // Notes that we end this process: the checker takes every other end for a crash.
  world.kill = (name, signal = 'SIGKILL') => {
    const pid = { supervisor: world.server.pid, provider: provider.pid }[name] ?? world.child(name);
    if (!pid) return null;
    world.mayEnd(name, pid, signal);
    try { process.kill(pid, signal); } catch { return null; }
    return pid;
  };
  world.healed = () => until(() => `the server does not recover\n${world.server.log().slice(-3000)}`,
    () => fetch(`${world.url}/healthz`).then((answer) => answer.status === 200, () => false), HEAL_MS_MAX);
  world.cli = (args) => world.server.cli(args);
  world.witness = async (who, order) => {
    for (let tries = 0; tries < 3; tries++) {
      witness ??= startWitness(path.join(dir, 'ledger.db'));
      const rows = await witness.ask(order);
      if (rows !== null) { history.note(who, 'witness', { order, rows }); return; }
      await sleep(100);
    }
    history.note(who, 'witness', { order, rows: null });
  };
  world.forgetWitness = () => { witness?.stop(); witness = null; };
  world.loadEvent = async (event) => {
    for (const args of [['event', 'load', path.join(directory, 'hall'), '--id', event], ['event', 'open', event]]) {
      const result = await world.cli(args);
      if (result.code !== 0) throw new Error(`${args.join(' ')}: ${result.stdout}${result.stderr}`);
    }
  };
  // What is not at rest yet: entries on their way to the ledger and money whose fate is open.
  world.unsettled = async () => {
    const [money] = await query(provider.file, 'SELECT count(*) AS n FROM intents WHERE status IN (1, 2)');
    const [due] = await query(path.join(dir, 'ledger.db'), "SELECT count(*) AS n FROM payments WHERE state IN ('capture_due', 'void_due')");
    const outbox = Number(await askRedis(world.server, 'XLEN', 'outbox').catch(() => 1));
    return { intents: money.n, due: due.n, outbox };
  };
  world.close = async () => {
    witness?.stop();
    const end = await world.server.stop();
    world.keepLog();
    await provider.stop();
    await network.stop();
    disks?.unmount();
    return end;
  };
  await world.start();
  return world;
}
