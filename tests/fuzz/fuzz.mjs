// The adversary of docs/security.md: throws seeded, nearly good things at a running server from all sides at once, then asks
// whether anybody else would have noticed. The same seed and the same side throw the same dice; what they meet depends on
// the machine, so the last things that were said before a finding are kept with it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { makeDice } from '../faults/dice.mjs';
import { newAccount } from '../support/accounts.mjs';
import { organizerOf } from '../support/organizer.mjs';
import { sleep, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import { oddFrames, oddRequests } from './bytes.mjs';
import { longest, oddCommands, pressEverything, steer, table } from './console.mjs';
import { brokenInvariants } from './invariants.mjs';
import { makeMemory, talkByPolls, talkOnSockets } from './talk.mjs';

const NOTES_KEPT = 40;
const CAP_MAX = 1_000_000; // what a cap may be
const FINDINGS_MAX = 30;
const MEMORY_GROWTH_MIB_MAX = 500; // of a process under the sanitizer, which keeps what was freed for a while
const PASSWORD = 'fuzzed horse staple';
const settings = ['closes_at_ms=0', 'adaptive=0', 'require_account=0', 'waiting_max=2000000', 'seats_per_visitor_max=3', 'seats_per_order_max=0', 'tick_ms=100', 'admit_per_tick=100', 'active_cap=500', 'claim_ms=5000', 'claim_away_ms=5000', 'select_ms=10000', 'pay_ms=10000', 'phase=open'];
export const sides = { talkOnSockets, talkByPolls, oddRequests, oddFrames, pressEverything, steer, oddCommands };

// Two events in one hall, `arena` and `second` (whose settings may be played with), and an organizer of each role.
export async function prepare(server) {
  const directory = temporaryDirectory(), hall = path.join(directory, 'hall');
  fs.mkdirSync(hall);
  fs.writeFileSync(path.join(hall, 'seats.csv'), table);
  for (const event of ['arena', 'second']) {
    for (const args of [['load', hall, '--id', event], ['set', event, ...settings]]) {
      const done = await server.cli(['event', ...args]);
      assert.equal(done.code, 0, done.stderr);
    }
  }
  const organizers = {};
  for (const [name, role] of [['olga', 'owner'], ['otto', 'operator'], ['dora', 'door']]) organizers[role] = await organizerOf(server, name, role);
  return { directory, hall, organizers };
}

const residentMib = (pid) => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)?.[1] ?? 0) / 1024;

// What must be said nowhere: in no log, and in no answer but the one it was made for.
function makeSecrets(server) {
  const words = new Set();
  return {
    add: (word) => { if (word && word.length >= 12) words.add(word); },
    // Of the installation: these are told to nobody.
    judge: (text) => {
      for (const word of server.installation) assert.ok(!text.includes(word), 'a secret of the installation was told');
    },
    all: () => [...words],
  };
}

function installationSecrets(dir) {
  const names = fs.readdirSync(dir).filter((name) => /secret|key/.test(name) && fs.statSync(path.join(dir, name)).isFile());
  return names.flatMap((name) => {
    const bytes = fs.readFileSync(path.join(dir, name));
    return [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('latin1').trim()].filter((text) => text.length >= 12);
  });
}

// Until the time is over, or so many rounds of each side.
async function attack(world, name, seed, isOver) {
  const dice = makeDice(`${seed} ${name}`), notes = [];
  const mine = Object.assign(Object.create(world), {
    note: (text) => { notes.push(text); if (notes.length > NOTES_KEPT) notes.shift(); },
    must: (check) => {
      try {
        return check();
      } catch (error) {
        world.findings.push({ side: name, what: error.message, notes: [...notes] });
        return null;
      }
    },
  });
  let rounds = 0;
  for (; !isOver() && world.findings.length < FINDINGS_MAX; rounds++) {
    try {
      await sides[name.replace(/ .*/, '')](mine, dice);
    } catch (error) {
      mine.must(() => { throw error; });
    }
  }
  world.rounds[name] = rounds;
}

// Somebody who had nothing to do with it comes, takes a seat and gets it; the audit finds nothing.
async function judgeAfterwards(world, before) {
  const { server } = world;
  const check = async (what, work) => { try { await work(); } catch (error) { world.findings.push({ side: what, what: error.message, notes: [] }); } };
  await check('processes', () => assert.deepEqual(server.children(), before.children, 'a process died'));
  await check('service', async () => {
    await until('the server is well', () => fetch(`${server.url}/healthz`).then(({ status }) => status === 200));
    const set = await server.cli(['event', 'set', 'arena', ...settings.filter((pair) => !/^(select|pay)_ms/.test(pair)), 'select_ms=60000', 'pay_ms=60000']);
    assert.equal(set.code, 0, set.stderr);
    const visitor = await visit(server, { event: 'arena' });
    assert.equal((await visitor.enter()).type, 'entered');
    const held = await visitor.ask({ type: 'hold', area: 0, count: 1 });
    assert.equal(held.type, 'held', JSON.stringify(held));
    const payment = await visitor.ask({ type: 'checkout' });
    assert.equal((await visitor.ask({ type: 'pay', order: payment.order, card: '4242424242424242' })).type, 'paying');
    assert.equal((await visitor.push((push) => push.order === payment.order)).type, 'confirmed');
    await visitor.close();
  });
  await check('audit', async () => {
    const audit = await until('payments have come to rest', async () => {
      const done = await server.cli(['audit']);
      return done.code === 0 && done;
    }, { stepMs: 500, msMax: 60_000 }).catch(() => server.cli(['audit']));
    assert.equal(audit.code, 0, audit.stdout + audit.stderr);
  });
  await check('data', async () => {
    const read = async () => (await Promise.all([...new Set(world.events)].map((event) => brokenInvariants(server, event, CAP_MAX)))).flat();
    let found = await read(); // a call may have come between two readings
    for (let tries = 0; tries < 5 && found.length > 0; tries++) found = await sleep(300).then(read);
    assert.deepEqual(found.slice(0, 10), []);
  });
  await check('order', async () => {
    for (const event of ['arena', 'second']) {
      const file = path.join(world.directory, `${event}.history`);
      const exported = await server.cli(['line', 'export', event, file]);
      assert.equal(exported.code, 0, exported.stderr);
      const verified = await server.cli(['line', 'verify', file]);
      assert.equal(verified.code, 0, `${event}: ${verified.stdout}${verified.stderr}`);
    }
  });
  await check('memory', () => {
    for (const [name, pid] of Object.entries(before.children)) {
      const growth = residentMib(pid) - before.memory[name];
      assert.ok(growth < MEMORY_GROWTH_MIB_MAX, `${name} has grown by ${growth} MiB`);
    }
  });
}

function judgeLog(world, log) {
  const say = (what) => world.findings.push({ side: 'log', what, notes: [] });
  const report = log.match(/.*(AddressSanitizer|LeakSanitizer|runtime error:|Assertion)[\s\S]{0,3000}/);
  if (report) say(report[0]);
  const foreign = log.split('\n').find((line) => line !== '' && !/^\d{4}-\d\d-\d\dT[\d:.]+Z (error|warning|info|debug) +[^\x00-\x1f\x7f]+$/.test(line));
  if (foreign && !report) say(`a line of the log is not one of ours: ${JSON.stringify(foreign.slice(0, 500))}`);
  const said = [...world.secrets.all(), ...world.server.installation, ...world.memory.secrets().map((text) => text.split('=').pop())].filter((word) => word.length >= 12 && log.includes(word));
  if (said.length > 0) say(`the log has secrets in it: ${said.slice(0, 3).join(', ')}`);
}

// A server that does not count tries to sign in, and starts no rehearsals.
export async function startTarget(gateways = 1) {
  const server = await startStanchion({ flags: ['--gateways', String(gateways), '--rehearsal.visitors', '0', '--account.tries_per_minute', '1000000', '--account.sign_ups_per_hour', '1000000'] });
  server.installation = installationSecrets(server.dir);
  return server;
}

// Attacks a server that was prepared for as long, and stops it: { findings: [{ side, what, notes }], rounds: { side: n },
// heard: { type or code of an error: n }, log }
export async function fuzz(server, prepared, { seed, seconds, only = null, workers = 1 }) {
  const world = { server, ...prepared, events: ['arena', 'arena', 'arena', 'second', 'fz0', longest], memory: makeMemory(), findings: [], rounds: {}, heard: {}, secrets: makeSecrets(server) };
  let log = '';
  try {
    for (const { cookie } of Object.values(world.organizers)) world.secrets.add(cookie.split('=')[1]);
    world.secrets.add(PASSWORD);
    world.memory.keep('cookie', await newAccount(server, 'ann@example.org', PASSWORD));
    const children = server.children();
    const before = { children, memory: Object.fromEntries(Object.entries(children).map(([name, pid]) => [name, residentMib(pid)])) };
    const end = Date.now() + seconds * 1000;
    const names = Object.keys(sides).filter((name) => !only || only.includes(name));
    await Promise.all(names.flatMap((name) => Array.from({ length: ['steer', 'oddCommands'].includes(name) ? 1 : workers }, (_, i) => attack(world, `${name} ${i}`, seed, () => Date.now() > end))));
    await judgeAfterwards(world, before);
  } finally {
    ({ log } = await server.stop());
  }
  judgeLog(world, log);
  return { findings: world.findings, rounds: world.rounds, heard: world.heard, log };
}
