// A draft is rehearsed in an installation of its own, and nothing of it is left: no process, no file, no order, whoever ends
// it. And drafts are deleted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { organizerOf } from '../support/organizer.mjs';
import { binary, startStanchion, until } from '../support/stanchion.mjs';

const VISITORS = 60;
const SLOW_MS = 120_000; // an installation is started and a sale goes through: much on a machine that is busy
const seats = 'section,row,seat_from,seat_to,category\nStalls,A,1,20,Front\nStalls,B,1,20,Front\nBalcony,A,1,10,Back\n';
const prices = 'category,price\nFront,39.50\nBack,20\n';
const draft = (id, settings = {}) => ({ id, name: `Gala ${id}`, currency: 'EUR', time_zone: 'Europe/Berlin',
  files: [{ name: 'seats.csv', text: seats }, { name: 'prices.csv', text: prices }], map: {}, settings: { admit_per_tick: '40', ...settings } });

let server, owner;
const flags = ['--gateways', '1', '--rehearsal.visitors', String(VISITORS)];
before(async () => {
  server = await startStanchion({ flags });
  owner = await organizerOf(server, 'olga', 'owner');
  await owner.must(201, 'POST', 'events', draft('gala'));
  await until('there is a rehearser', async () => (await shown()).visitors_max === VISITORS);
});
after(async () => { await server?.stop(); });

const shown = (event = 'gala') => owner.must(200, 'GET', `events/${event}/rehearsal`);
const stage = (of = server) => path.join(of.dir, 'rehearsal');
const isOver = ({ state }) => ['done', 'failed', 'stopped'].includes(state);
const reaches = (what, of = 'gala') => until(`the rehearsal is ${what}`, async () => {
  const state = await shown(of);
  if (isOver(state) && state.state !== what) throw new Error(JSON.stringify(state));
  return state.state === what && state;
}, SLOW_MS);
const goesOn = async () => {
  await owner.must(202, 'POST', 'events/gala/rehearsal');
  return reaches('running');
};

// Every process of the stage: all of them write to its logs.
function processesOf(directory) {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/1`).startsWith(directory);
    } catch {
      return false; // it has just ended, or is not ours
    }
  });
}

async function nothingIsLeft(of = server) {
  await until(() => `the stage is gone: ${fs.existsSync(stage(of)) ? fs.readdirSync(stage(of)) : ''} ${processesOf(stage(of))}`,
    () => !fs.existsSync(stage(of)) && processesOf(stage(of)).length === 0, SLOW_MS);
}

async function orders() {
  const { body } = await owner.get('events/gala/orders.json');
  return body.rows;
}

test('a draft is rehearsed: everything is green, and nothing of it is in the real installation', async () => {
  const running = await goesOn();
  assert.equal(running.visitors, VISITORS);
  assert.ok(processesOf(stage()).length >= 6, 'supervisor, Redis, ledger, registrar, sandbox, gateways, visitors');
  assert.equal(fs.statSync(stage()).mode & 0o777, 0o700);
  const again = await owner.post('events/gala/rehearsal');
  assert.deepEqual([again.status, again.body.error], [409, 'rehearsal_running']);
  const { result, ...done } = await reaches('done');
  assert.equal(result.verdict, 'green', JSON.stringify(result));
  assert.equal(result.joined, VISITORS);
  assert.ok(result.confirmed > 0 && result.seats_sold > 0 && done.sold > 0 && done.sold <= 50, JSON.stringify({ done, result }));
  assert.ok(result.checks.length >= 9 && result.checks.every(({ state }) => state === 'ok'), JSON.stringify(result.checks));
  for (const kind of ['join', 'told', 'hold', 'confirm']) assert.ok(result.latency[kind].p99_ms >= result.latency[kind].p50_ms, kind);
  const report = await owner.get('events/gala/rehearsal.html');
  assert.deepEqual([report.status, report.body.includes('<html')], [200, true]);
  await nothingIsLeft();
  assert.deepEqual(await orders(), []);
  const { phase, sold, waiting } = await owner.must(200, 'GET', 'events/gala');
  assert.deepEqual([phase, sold, waiting], ['draft', 0, 0]);
  assert.equal((await server.cli(['audit'])).code, 0);
  const { entries } = await owner.must(200, 'GET', 'log?event=gala');
  const { who, can_undo: canUndo } = entries.find(({ verb }) => verb === 'event.rehearse');
  assert.deepEqual([who, canUndo], ['olga', false]);
});

test('a draft with a pre-queue and a draw: the copy forms a line before it opens, and draws it', async () => {
  const opensMs = Date.now() + 86_400_000;
  await owner.must(201, 'POST', 'events', draft('drawn', { draw: '1', draw_beacon_wait: '1', prequeue_at_ms: String(opensMs - 3_600_000), opens_at_ms: String(opensMs),
    closes_at_ms: String(opensMs + 1000), require_account: '1' }));
  await owner.must(202, 'POST', 'events/drawn/rehearsal');
  const running = await reaches('running', 'drawn');
  assert.equal(running.has_prequeue, true);
  const { result } = await reaches('done', 'drawn');
  assert.equal(result.verdict, 'green', JSON.stringify(result));
  const states = new Map(result.checks.map(({ check, state }) => [check, state]));
  for (const check of ['nobody in before the opening', 'the draw is fair', 'admitted in the order of joining']) assert.equal(states.get(check), 'ok', JSON.stringify(result.checks));
  assert.match(result.checks.find(({ check }) => check === 'the draw is fair').text, /^[1-9]\d* took part/);
  assert.ok(result.joined === VISITORS && result.confirmed > 0, JSON.stringify(result)); // the draft is for accounts only: the copy is not
  await nothingIsLeft();
});

test('the command line rehearses too: the result, the report, and Ctrl-C', async () => {
  const child = spawn(binary, ['event', 'rehearse', 'gala', '--data.dir', server.dir], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (data) => { said += data; });
  child.stderr.on('data', (data) => { said += data; });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await until('it says how it goes', () => / s {2}in line/.test(said), SLOW_MS);
  child.kill('SIGINT');
  assert.equal(await ended, 1);
  assert.match(said, /was ended/);
  assert.equal((await shown()).code, 'asked');
  await nothingIsLeft();
});

test('a sale that begins ends the rehearsal, and while it is on there is none', async () => {
  await owner.must(201, 'POST', 'events', draft('other'));
  await goesOn();
  await owner.must(200, 'POST', 'events/other', { phase: 'open' });
  const stopped = await reaches('stopped');
  assert.equal(stopped.code, 'sale');
  await nothingIsLeft();
  const refused = await owner.post('events/gala/rehearsal');
  assert.deepEqual([refused.status, refused.body.error], [409, 'sale_under_way']);
  await owner.must(200, 'POST', 'events/other', { phase: 'announced', set: { opens_at_ms: String(Date.now() + 200_000) } });
  assert.equal((await owner.post('events/gala/rehearsal')).body.error, 'sale_under_way', 'soon is too soon');
  await owner.must(200, 'POST', 'events/other', { phase: 'closed', set: { opens_at_ms: '0' } });
});

test('the rehearser is killed in the middle: its next one removes what it left', async () => {
  await goesOn();
  process.kill(server.children().rehearser, 'SIGKILL');
  const failed = await reaches('failed');
  assert.equal(failed.code, 'interrupted');
  await nothingIsLeft();
  await until('there is a rehearser again', async () => (await shown()).visitors_max === VISITORS);
});

test('the server of the copy is killed: the rehearsal says so, and the real one has not noticed', async () => {
  await goesOn();
  const pid = Number(fs.readFileSync(path.join(stage(), 'data/stanchion.pid'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  assert.equal((await reaches('failed')).code, 'no_server');
  await nothingIsLeft();
  assert.equal((await owner.must(200, 'GET', 'events/gala')).phase, 'draft');
});

test('what cannot be rehearsed is refused with a reason', async () => {
  const { files: [table] } = draft('unpriced');
  await owner.must(201, 'POST', 'events', { ...draft('unpriced'), files: [table] });
  const unpriced = await owner.post('events/unpriced/rehearsal');
  assert.deepEqual([unpriced.status, unpriced.body.error], [409, 'not_ready']);
  assert.deepEqual([(await owner.post('events/other/rehearsal')).body.error, (await owner.post('events/none/rehearsal')).status], ['not_draft', 404]);
  assert.equal((await owner.ask('DELETE', 'events/gala/rehearsal')).body.error, 'no_rehearsal');
  assert.equal((await owner.get('events/unpriced/rehearsal.html')).status, 404);
  const door = await organizerOf(server, 'dora', 'door');
  assert.equal((await door.post('events/gala/rehearsal')).status, 403);
});

test('a draft is deleted, an event that was published is not, and another of the same id may come', async () => {
  assert.equal((await owner.ask('DELETE', 'events/other')).body.error, 'not_draft');
  await owner.must(200, 'GET', 'events/unpriced/plan');
  const { log } = await owner.must(200, 'DELETE', 'events/unpriced');
  assert.equal((await owner.get('events/unpriced')).status, 404);
  await until('the gateway has forgotten it', async () => (await owner.get('events/unpriced/plan')).status === 404);
  const [entry] = (await owner.must(200, 'GET', 'log?event=unpriced')).entries;
  assert.deepEqual([entry.nr, entry.verb, entry.before.name, entry.before.seats], [log, 'event.delete', 'Gala unpriced', 50]);
  await owner.must(201, 'POST', 'events', draft('unpriced'));
  await until('its plan is there', async () => (await owner.get('events/unpriced/seats')).status === 200);
  assert.equal((await owner.must(200, 'GET', 'events/unpriced/plan')).categories[0].price_minor, 3950);
  const unasked = await server.cli(['event', 'delete', 'unpriced']);
  assert.deepEqual([unasked.code, unasked.stderr.includes('--yes')], [1, true]);
  const deleted = await server.cli(['event', 'delete', 'unpriced', '--yes']);
  assert.deepEqual([deleted.code, deleted.stdout.trim()], [0, 'unpriced is deleted']);
  assert.equal((await server.cli(['event', 'delete', 'unpriced', '--yes'])).code, 1);
  assert.equal((await server.cli(['audit'])).code, 0);
});

test('kill -9 of the whole server in the middle leaves nothing, nor does a stop; another provider is never asked', async () => {
  const { dir } = server;
  await goesOn();
  process.kill(server.pid, 'SIGKILL');
  await server.ended();
  await nothingIsLeft();
  // Nobody is there: an order of the copy could not be paid.
  const env = { STANCHION_PAYMENT_URL: 'http://127.0.0.1:9', STANCHION_PAYMENT_KEY: 'a key of sixteen bytes'.replaceAll(' ', '-'), STANCHION_WEBHOOK_SECRET: 'another-secret-of-ours' };
  server = await startStanchion({ flags, dir, env });
  owner.server = server;
  await until('there is a rehearser', async () => (await shown()).visitors_max === VISITORS);
  await goesOn();
  await until('the copy sells', async () => (await shown()).sold > 0, SLOW_MS);
  const { code } = await server.stop();
  assert.equal(code, 0);
  await nothingIsLeft();
  server = null;
  fs.rmSync(dir, { recursive: true, force: true });
});
