// The organizer's commands against a running server.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { askRedis } from '../support/redis.mjs';
import { root, startStanchion, temporaryDirectory } from '../support/stanchion.mjs';

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' }); });
after(async () => { await server?.stop(); });

async function cli(args, expected = 0, options = {}) {
  const result = await server.cli(args, options);
  assert.equal(result.code, expected, `${args.join(' ')}\n${result.stdout}${result.stderr}`);
  return result;
}

test('the loaded event is listed and shown', async () => {
  const { stdout } = await cli(['event', 'list']);
  assert.match(stdout, /^arena +open +\d{5} +0 +0 +0 +\S/m);
  assert.match((await cli(['event', 'show', 'arena'])).stdout, /^ {2}admit_per_tick +50$/m);
});

test('an event that does not exist is named', async () => {
  assert.match((await cli(['event', 'show', 'nowhere'], 1)).stderr, /^stanchion: .*"nowhere"[^\n]*\n$/);
});

test('settings change, and a wrong one is refused by name and range without any change', async () => {
  await cli(['event', 'set', 'arena', 'admit_per_tick=200', 'active_cap=1000']);
  assert.match((await cli(['event', 'show', 'arena'])).stdout, /admit_per_tick +200\n/);
  const { stderr } = await cli(['event', 'set', 'arena', 'active_cap=7', 'tick_ms=5'], 1);
  assert.match(stderr, /tick_ms.*100.*60000/);
  assert.match((await cli(['event', 'show', 'arena'])).stdout, /active_cap +1000\n/);
});

test('pause, close and open are seen by visitors', async () => {
  for (const [verb, phase] of [['pause', 'paused'], ['close', 'closed'], ['open', 'open']]) {
    await cli(['event', verb, 'arena']);
    const seen = async () => (await (await fetch(`${server.url}/api/v1/events/arena`)).json()).phase;
    for (let tries = 0; tries < 50 && await seen() !== phase; tries++) await new Promise((wake) => setTimeout(wake, 50));
    assert.equal(await seen(), phase);
  }
});

test('moments are written in the time zone of the event, and never guessed', async () => {
  const set = (text, expected = 0) => cli(['event', 'set', 'arena', `opens_at=${text}`], expected);
  await set('2030-03-31 10:00');
  const shown = (await cli(['event', 'show', 'arena'])).stdout;
  assert.match(shown, /opens_at_ms +1901174400000\n/);
  assert.match(shown, /opens_at +2030-03-31 10:00:00\+02:00\n/);
  assert.match((await set('2030-03-31 02:30', 1)).stderr, /no such time in Europe\/Berlin.*"2030-03-31 01:30:00\+01:00" or "2030-03-31 03:30:00\+02:00"/);
  assert.match((await set('2030-10-27 02:30', 1)).stderr, /comes twice in Europe\/Berlin.*"2030-10-27 02:30:00\+02:00" or "2030-10-27 02:30:00\+01:00"/);
  assert.match((await set('soon', 1)).stderr, /opens_at: expected a date and time/);
  assert.match((await cli(['event', 'set', 'arena', 'opens_at=2030-01-01 10:00', 'opens_at_ms=5'], 1)).stderr, /both given/);
  assert.match((await cli(['event', 'show', 'arena'])).stdout, /opens_at_ms +1901174400000\n/);
  await set('2030-10-27 02:30+01:00');
  assert.match((await cli(['event', 'show', 'arena'])).stdout, /opens_at_ms +1919295000000\n/);
  await set('0');
  assert.match((await cli(['event', 'show', 'arena'])).stdout, /opens_at_ms +0\n/);
});

test('a schedule in event.ini is read in the zone of the event', async () => {
  const directory = temporaryDirectory();
  fs.writeFileSync(path.join(directory, 'seats.csv'), 'section,row,seat,category,price,currency\nA,1,1,G,15.00,USD\n');
  const load = async (time, expected) => {
    fs.writeFileSync(path.join(directory, 'event.ini'), `opens_at = ${time}\ncurrency = USD\ntime_zone = America/New_York\n`);
    return cli(['event', 'load', directory, '--id', 'new-york'], expected);
  };
  assert.match((await load('2030-03-10 02:30', 1)).stderr, /event\.ini:1: opens_at = "2030-03-10 02:30": there is no such time in America\/New_York/);
  await load('2030-03-10 10:00', 0);
  assert.match((await cli(['event', 'show', 'new-york'])).stdout, /opens_at_ms +1899381600000\n/);
});

test('a dry run needs no server and loads nothing', async () => {
  const { stdout } = await cli(['event', 'load', path.join(root, 'docs/examples/arena'), '--id', 'other', '--dry-run']);
  assert.match(stdout, /nothing was loaded/);
  assert.doesNotMatch((await cli(['event', 'list'])).stdout, /^other /m);
});

test('faults of an inventory are listed with their places, and nothing is loaded', async () => {
  const file = path.join(temporaryDirectory(), 'bad.csv');
  fs.writeFileSync(file, 'section,row,seat,category,price,currency\nA,1,1,Front,10.00,EUR\nA,1,1,Front,10.00,EUR\n');
  const { stderr } = await cli(['event', 'load', file, '--id', 'bad'], 1);
  assert.match(stderr, /^error: .*bad\.csv:3:\d+: /m);
  assert.match(stderr, /nothing was loaded/);
  assert.doesNotMatch((await cli(['event', 'list'])).stdout, /^bad /m);
});

test('export and audit of an event without orders', async () => {
  assert.match((await cli(['orders', 'export', '--event', 'arena'])).stdout, /^order,event,visitor,[\w,]+,code,refunded\r\n$/);
  assert.match((await cli(['audit'])).stdout, /^0 findings$/m);
  const { agrees, findings, counts } = JSON.parse((await cli(['audit', '--json'])).stdout);
  assert.deepEqual([agrees, findings, counts.orders, counts.dead], [true, [], 0, 0]);
  await askRedis(server, 'HINCRBY', 'ev:arena:counts', 'free', 1);
  const wrong = JSON.parse((await cli(['audit', '--json'], 1)).stdout);
  assert.equal(wrong.agrees, false);
  assert.equal(wrong.findings[0].kind, 'different');
  assert.match(wrong.findings[0].what, /^count free of arena says \d+, the seats in Redis are \d+$/);
  await askRedis(server, 'HINCRBY', 'ev:arena:counts', 'free', -1);
});

test('what is not there is no empty answer', async () => {
  assert.match((await cli(['orders', 'export', '--event', 'arna'], 1)).stderr, /^stanchion: There is no event called "arna"\.\n$/);
  assert.match((await cli(['account', 'visitor', 'nobody@example.org', '--generate'], 1)).stderr, /There is no account with the e-mail address nobody@example\.org\./);
  assert.equal((await cli(['log', '--event', 'arna'])).stdout, 'no entries about arna\n');
  assert.match((await cli(['event', 'release', 'arena', '--name', 'nobody'])).stdout, /0 seats released; `stanchion event withheld` lists/);
  assert.match((await cli(['event', 'set', 'arena', 'admit_per_tik=3'], 1)).stderr, /did you mean admit_per_tick\?/);
});

test('--json says the same to programs', async () => {
  const lines = async (...args) => (await cli([...args, '--json'])).stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  const [listed] = (await lines('event', 'list')).filter(({ id }) => id === 'arena');
  const [shown] = await lines('event', 'show', 'arena');
  assert.deepEqual([listed.seats, listed.phase, listed.settings], [shown.seats, shown.phase, shown.settings]);
  const [{ is_ready: isReady, findings }] = await lines('event', 'check', 'arena');
  assert.equal(isReady, true);
  assert.deepEqual(findings.map(({ level }) => level).filter((level) => level !== 'warning'), []);
  assert.match((await cli(['event', 'withheld', 'arena'])).stdout, /^nothing is withheld\n$/);
  await cli(['event', 'withhold', 'arena', '--name', 'press', '--seats', '3-4']);
  assert.deepEqual(await lines('event', 'withheld', 'arena'), [{ press: [3, 4] }]);
  await cli(['event', 'release', 'arena', '--name', 'press']);
  await cli(['account', 'create', 'ann', '--role', 'door']);
  assert.deepEqual((await lines('account', 'list')).find(({ name }) => name === 'ann').role, 'door');
});

test('the password set on the command line signs in, another does not', async () => {
  await cli(['account', 'password'], 0, { input: 'a long enough one\n' });
  const signIn = (password) => fetch(`${server.url}/api/v1/organizer/session`, {
    method: 'POST', body: JSON.stringify({ password }), headers: { Origin: server.url, 'Content-Type': 'application/json' },
  });
  assert.equal((await signIn('a long enough one')).status, 200);
  assert.equal((await signIn('another long one')).status, 401);
  const { stdout } = await cli(['account', 'password', '--generate']);
  assert.match(stdout, /^[\w-]{20}\n$/);
  assert.equal((await signIn(stdout.trim())).status, 200);
  assert.equal((await signIn('a long enough one')).status, 401);
});

test('while the ledger is stopped, commands say within their deadline that nothing was done', async () => {
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  const { stderr } = await cli(['event', 'pause', 'arena'], 1);
  process.kill(ledger, 'SIGCONT');
  assert.match(stderr, /did not answer within 5 s/);
});

test('a backup of the running ledger is whole, is never overwritten, and a changed one is found out', async () => {
  const file = path.join(temporaryDirectory(), 'copy.db');
  await cli(['backup', file]);
  assert.match((await cli(['ledger', 'verify', file])).stdout, /is whole\n$/);
  assert.match((await cli(['ledger', 'verify'])).stdout, /ledger\.db is whole\n$/);
  assert.match((await cli(['backup', file], 1)).stderr, /^stanchion: .*exists already\n$/);
  const bytes = fs.readFileSync(file);
  bytes.fill(0x5a, 4096, 8192);
  fs.writeFileSync(file, bytes);
  await cli(['ledger', 'verify', file], 1);
  assert.match((await cli(['ledger', 'verify', '/nowhere.db'], 1)).stderr, /No such file/);
});
