// Who may use the organizer's console: signing in, roles, the end of sessions, the log.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Organizer, organizerOf } from '../support/organizer.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';

let server, owner;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2', '--account.email_tries_per_minute', '5'], event: 'arena' });
  owner = await organizerOf(server, 'olga', 'owner');
});
after(async () => { await server?.stop(); });

test('the first password must be changed before anything else', async () => {
  const password = (await server.cli(['account', 'password', '--generate', '--temporary'])).stdout.trim();
  const guest = new Organizer(server);
  const session = await guest.signIn('organizer', password);
  assert.deepEqual([session.role, session.must_change], ['owner', true]);
  assert.equal((await guest.get('events')).body.error, 'change_password');
  assert.equal((await guest.get('events')).status, 403);
  for (const [chosen, why] of [['short', /12 to 256/], [password, /another/]]) {
    const refused = await guest.post('password', { old: password, new: chosen });
    assert.deepEqual([refused.status, refused.body.error], [400, 'bad_password']);
    assert.match(refused.body.message, why);
  }
  assert.equal((await guest.post('password', { old: 'not this', new: 'a good long password' })).status, 401);
  const before = guest.cookie;
  assert.equal((await guest.must(200, 'POST', 'password', { old: password, new: 'a good long password' })).must_change, false);
  await guest.must(200, 'GET', 'events');
  guest.cookie = before; // the session from before has ended
  assert.equal((await guest.get('session')).status, 401);
});

test('a session is a cookie that no script and no other site can use', async () => {
  const guest = new Organizer(server);
  const { headers } = await guest.ask('POST', 'session', { name: 'olga', password: 'olga has a long one' });
  assert.match(headers.get('set-cookie'), /^stanchion_organizer=o1\.[^;]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
  for (const [method, path, body] of [['POST', 'session', {}], ['POST', 'events/arena', { phase: 'closed' }], ['DELETE', 'session'], ['POST', 'accounts', {}]]) {
    const answer = await guest.ask(method, path, body, { Origin: 'https://evil.example' });
    assert.deepEqual([answer.status, answer.body.error], [403, 'bad_origin'], `${method} ${path}`);
  }
});

test('roles: everything that is refused is refused by name', async () => {
  const operator = await organizerOf(server, 'otto', 'operator'), door = await organizerOf(server, 'dora', 'door');
  assert.deepEqual((await door.must(200, 'GET', 'session')).rights, ['event.read', 'door.check']);
  assert.deepEqual(Object.keys((await door.must(200, 'GET', 'events')).events[0]).sort(), ['currency', 'id', 'name', 'phase', 'time_zone']);
  assert.equal((await operator.must(200, 'GET', 'events')).events[0].id, 'arena');
  assert.equal((await operator.must(200, 'GET', 'events/arena')).settings.admit_per_tick, '50');
  for (const [who, method, path, why] of [[operator, 'GET', 'accounts', 'Only an owner may do this.'],
    [operator, 'POST', 'accounts', 'Only an owner may do this.'],
    [door, 'POST', 'events/arena', 'Only an owner or an operator may do this.'], [door, 'GET', 'log', 'Only an owner or an operator may do this.']]) {
    const answer = await who.ask(method, path, method === 'GET' ? undefined : { phase: 'closed' });
    assert.deepEqual([answer.status, answer.body.error, answer.body.message], [403, 'not_allowed', why], `${method} ${path}`);
  }
  assert.equal((await new Organizer(server).get('events')).status, 401);
  assert.equal((await owner.get('nothing')).status, 404);
  assert.equal((await owner.ask('DELETE', 'events')).status, 405);
  for (const body of ['[1]', '{', '']) assert.equal((await owner.ask('POST', 'accounts/ann/reset', body)).body.error, 'bad_message');
});

test('accounts: made, changed, reset, disabled; their sessions end at every gateway', async () => {
  const made = await owner.must(201, 'POST', 'accounts', { name: 'ann', role: 'operator' });
  assert.deepEqual([made.name, made.role, made.must_change, made.is_disabled], ['ann', 'operator', true, false]);
  assert.equal((await owner.post('accounts', { name: 'ann', role: 'door' })).status, 409);
  assert.equal((await owner.post('accounts', { name: 'Ann B', role: 'door' })).status, 400);
  assert.equal((await owner.post('accounts', { name: 'bob', role: 'king' })).status, 400);
  const ann = new Organizer(server);
  const password = 'ann has a long one', isOut = async () => (await ann.get('session')).status === 401;
  await ann.signIn('ann', made.password);
  await ann.must(200, 'POST', 'password', { old: made.password, new: password });
  for (const [path, body] of [['accounts/ann', { role: 'door' }], ['accounts/ann/sign_out', {}]]) {
    await owner.must(200, 'POST', path, body);
    for (let gateway = 0; gateway < 6; gateway++) await until(path, isOut);
    assert.equal((await ann.signIn('ann', password)).role, 'door');
  }
  await owner.must(200, 'POST', 'accounts/ann', { is_disabled: true });
  await until('the disabled account is out', isOut);
  assert.equal((await ann.post('session', { name: 'ann', password })).status, 401);
  await owner.must(200, 'POST', 'accounts/ann', { is_disabled: false });
  await ann.signIn('ann', password);
  const reset = await owner.must(200, 'POST', 'accounts/ann/reset');
  assert.equal((await ann.post('session', { name: 'ann', password })).status, 401);
  assert.equal((await ann.signIn('ann', reset.password)).must_change, true);
  assert.equal((await owner.post('accounts/nobody', { role: 'door' })).status, 404);
  const { accounts } = await owner.must(200, 'GET', 'accounts');
  assert.ok(accounts.every((account) => !('hash' in account) && !('password' in account)));
});

test('the last owner stays one', async () => {
  await server.cli(['account', 'change', 'organizer', '--disable']);
  for (const body of [{ role: 'door' }, { is_disabled: true }]) {
    const answer = await owner.post('accounts/olga', body);
    assert.deepEqual([answer.status, answer.body.error], [409, 'last_owner']);
  }
  assert.match((await server.cli(['account', 'list'])).stdout, /^olga +owner$/m);
});

test('signing out ends this session, signing out everywhere all of them', async () => {
  const [first, second, third] = [new Organizer(server), new Organizer(server), new Organizer(server)];
  for (const one of [first, second, third]) await one.signIn('otto', 'otto has a long one');
  const { cookie } = first;
  assert.equal((await first.ask('DELETE', 'session')).status, 204);
  first.cookie = cookie; // whoever has copied it
  for (let gateway = 0; gateway < 6; gateway++) await until('the copy is good nowhere', async () => (await first.get('session')).status === 401);
  await second.must(200, 'GET', 'session');
  await second.must(204, 'POST', 'session/everywhere');
  await until('the third is out', async () => (await third.get('session')).status === 401);
});

test('guessing is slow', async () => {
  const guest = new Organizer(server);
  const statuses = [];
  for (let i = 0; i < 12 && !statuses.includes(429); i++) statuses.push((await guest.post('session', { name: 'dora', password: `guess ${i}` })).status);
  assert.ok(statuses.includes(429) && statuses[0] === 401, String(statuses));
  const unknown = await guest.post('session', { name: 'nobody-at-all', password: 'x' });
  assert.deepEqual([unknown.status, unknown.body.message], [401, 'The name or the password is wrong.']);
});

test('the log says who did what, and what was before; it cannot be changed', async () => {
  const { log } = await owner.must(200, 'POST', 'events/arena', { set: { admit_per_tick: '75', active_cap: '500' } });
  const { entries, next } = await owner.must(200, 'GET', 'log?event=arena&limit=1');
  assert.equal(next > 0, true);
  assert.deepEqual([entries[0].nr, entries[0].who, entries[0].via, entries[0].verb, entries[0].before, entries[0].after, entries[0].can_undo],
    [log, 'olga', 'console', 'event.set', { admit_per_tick: '50' }, { admit_per_tick: '75' }, true]);
  assert.equal((await owner.must(200, 'POST', 'events/arena', { set: { admit_per_tick: '75' } })).log, null);
  assert.equal((await owner.must(200, 'GET', `log?event=arena&before=${next}`)).entries[0].nr < next, true);
  const all = (await server.cli(['log', '--json', '--limit', '1000'])).stdout.trim().split('\n').map((line) => JSON.parse(line));
  const verbs = new Set(all.map((entry) => entry.verb));
  for (const verb of ['event.load', 'event.set', 'account.create', 'account.change', 'account.reset', 'account.password', 'account.sign_in', 'account.sign_in_failed', 'account.sign_out']) {
    assert.ok(verbs.has(verb), verb);
  }
  assert.ok(!all.some((entry) => entry.who === 'nobody-at-all'));
  assert.ok(all.some((entry) => entry.via === 'command line' && entry.verb === 'event.load' && entry.after.seats > 0));
  const change = (sql) => execFileSync('sqlite3', ['-cmd', '.timeout 5000', path.join(server.dir, 'ledger.db'), sql], { stdio: 'pipe' });
  assert.throws(() => change("UPDATE actions SET who = 'nobody'"), /never changed/);
  assert.throws(() => change('DELETE FROM actions'), /never deleted/);
});

test('undo puts back what was, unless somebody has been there', async () => {
  const set = async (value) => (await owner.must(200, 'POST', 'events/arena', { set: { active_cap: value } })).log;
  const shown = async () => (await owner.must(200, 'GET', 'events/arena')).settings.active_cap;
  const first = await set('600');
  const second = await set('700');
  const refused = await owner.post(`log/${first}/undo`);
  assert.deepEqual([refused.status, refused.body.error], [409, 'changed_since']);
  assert.match(refused.body.message, /"700"/);
  const undone = await owner.must(200, 'POST', `log/${second}/undo`);
  assert.equal(await shown(), '600');
  assert.equal((await owner.post(`log/${second}/undo`)).body.error, 'changed_since');
  assert.match((await server.cli(['undo', String(first)])).stdout, /is undone/);
  assert.equal(await shown(), '500');
  const entry = (await owner.must(200, 'GET', 'log?limit=200')).entries.find(({ nr }) => nr === second);
  assert.deepEqual([entry.undone_by, entry.can_undo], [undone.log, false]);
  assert.equal((await owner.post('log/999999/undo')).status, 404);
  const made = (await owner.must(200, 'GET', 'log?limit=200')).entries.find(({ verb }) => verb === 'account.create');
  assert.equal((await owner.post(`log/${made.nr}/undo`)).body.error, 'cannot_undo');
});

test('undo of an allotment puts the seats back', async () => {
  await server.cli(['event', 'withhold', 'arena', '--name', 'press', '--seats', '10-14']);
  await server.cli(['event', 'release', 'arena', '--name', 'press', '--seats', '11,12']);
  const { entries } = await owner.must(200, 'GET', 'log?event=arena&limit=2');
  assert.deepEqual(entries.map(({ verb, before, after }) => [verb, before, after]),
    [['stock.release', { press: [11, 12] }, {}], ['stock.withhold', {}, { press: [10, 11, 12, 13, 14] }]]);
  await owner.must(200, 'POST', `log/${entries[0].nr}/undo`);
  assert.match((await server.cli(['event', 'withheld', 'arena'])).stdout, /press.*\[10,11,12,13,14\]/);
});
