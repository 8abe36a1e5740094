// Every verb of the console's API, from the server's own table: who may, and who is refused by name; and every verb that
// changes something is in the log with who, when, what, before and after.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { Organizer, organizerOf } from '../support/organizer.mjs';
import { root, startStanchion, until } from '../support/stanchion.mjs';

const ROLES = ['owner', 'operator', 'door'];
const table = fs.readFileSync(path.join(root, 'server/gateway/organizer/routes.c'), 'utf8');
const routes = [...table
  .matchAll(/\{"(GET|POST|DELETE)",\s*"([^"]+)",\s*(\w+),\s*\w+,\s*(?:true|false)\}/g)].map(([, method, form, right]) => ({ method, form, right }));
// What the document promises: right, and yes or nothing for each role.
const rights = new Map([...fs.readFileSync(path.join(root, 'docs/organizer.md'), 'utf8').matchAll(/^\| `([a-z.]+)` \| (yes|) ?\| (yes|) ?\| (yes|) ?\|/gm)]
  .map(([, word, ...given]) => [`RIGHT_${word.toUpperCase().replace('.', '_')}`, new Set(ROLES.filter((_, at) => given[at] === 'yes'))]));
// And which verbs ask for it: said here once more, so that a slip in the server's table is one.
const asks = {
  RIGHT_EVENT_READ: ['GET events', 'GET events/*'],
  RIGHT_EVENT_EDIT: ['POST inventory/check', 'POST events', 'POST events/*/inventory', 'POST events/*/edit', 'GET events/*/check', 'POST events/*/publish', 'DELETE events/*',
    'POST events/*/rehearsal', 'GET events/*/rehearsal', 'DELETE events/*/rehearsal', 'GET events/*/rehearsal.html'],
  RIGHT_EVENT_LIVE: ['GET events/*/plan', 'GET events/*/figures', 'GET events/*/history', 'GET events/*/seats'],
  RIGHT_EVENT_STEER: ['POST events/*', 'POST events/*/preview', 'GET events/*/withheld', 'POST events/*/withhold', 'POST events/*/release', 'POST log/*/undo'],
  RIGHT_ORDER_READ: ['GET events/*/orders', 'GET orders/*'],
  RIGHT_ORDER_REFUND: ['POST orders/*/refund'],
  RIGHT_ORDER_RESEND: ['POST orders/*/resend'],
  RIGHT_ORDER_EXPORT: ['GET events/*/orders.csv', 'GET events/*/orders.json'],
  RIGHT_DOOR_CHECK: ['GET events/*/door.csv', 'POST tickets/check'],
  RIGHT_LOG_READ: ['GET log'],
  RIGHT_ACCOUNT_EDIT: ['GET accounts', 'POST accounts', 'POST accounts/*', 'POST accounts/*/reset', 'POST accounts/*/sign_out'],
};
const SEATS = 'section,row,seat_from,seat_to,category\nStalls,A,1,10,Front\nBalcony,A,1,6,Back\n';
const files = (text = SEATS) => [{ name: 'seats.csv', text }];

let server;
const people = {};
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  for (const role of ROLES) people[role] = await organizerOf(server, `o.${role}`, role);
});
after(async () => { await server?.stop(); });

// An address where nothing is, so that whoever may changes nothing either.
const call = (who, { method, form }) => who.ask(method, form.replaceAll('*', '999999'), method === 'GET' || method === 'DELETE' ? undefined : {});

test('every verb is refused to each role that has no right to it, and to nobody else', async () => {
  assert.equal(routes.length, table.match(/^ {4}\{"/gm).length, 'each line of the table was understood');
  assert.deepEqual([...rights.keys()].sort(), Object.keys(asks).sort());
  const guarded = routes.filter(({ right }) => right.startsWith('RIGHT_'));
  assert.deepEqual(guarded.map(({ method, form, right }) => `${right} ${method} ${form}`).sort(),
    Object.entries(asks).flatMap(([right, verbs]) => verbs.map((verb) => `${right} ${verb}`)).sort());
  const wrong = [];
  for (const route of guarded) {
    for (const role of ROLES) {
      const { status, body } = await call(people[role], route);
      const isRefused = status === 403 && body.error === 'not_allowed';
      if (isRefused === rights.get(route.right).has(role) || status === 401) wrong.push(`${role} ${route.method} ${route.form}: ${status}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('without a session every verb but signing in and out asks for one', async () => {
  const nobody = new Organizer(server);
  const open = routes.filter(({ right }) => right === 'ANYBODY').map(({ method, form }) => `${method} ${form}`);
  assert.deepEqual(open.sort(), ['DELETE session', 'POST session']);
  for (const route of routes.filter(({ right }) => right !== 'ANYBODY')) {
    const { status, body } = await call(nobody, route);
    assert.deepEqual([status, body.error], [401, 'sign_in'], `${route.method} ${route.form}`);
  }
});

test('live figures are for those who may see them', async () => {
  const opened = (cookie) => new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/organizer/events/arena/live`, 'stanchion.organizer.v1', { headers: { Cookie: cookie, Origin: server.url } });
    socket.once('open', () => { socket.close(); resolve(101); });
    socket.once('unexpected-response', (request, { statusCode }) => { request.destroy(); resolve(statusCode); });
    socket.once('error', reject);
  });
  const statuses = [];
  for (const cookie of ['', ...ROLES.map((role) => people[role].cookie)]) statuses.push(await opened(cookie));
  assert.deepEqual(statuses, [401, 101, 101, 403]);
});

// What is done, by whom, and what the log must say of it: [verb, event, before, after]; a function looks closer.
const anything = (value) => value !== null && typeof value === 'object' && Object.keys(value).length > 0;
const nothing = (value) => value === null || Object.keys(value).length === 0;
const is = (wanted) => (value) => { assert.deepEqual(value, wanted); return true; };

test('every change is in the log: who, when, what, before, after', async () => {
  const { owner, operator } = people;
  const draft = { id: 'gala', name: 'Gala', currency: 'EUR', time_zone: 'Europe/Berlin', files: files(), map: {}, settings: {} };
  const steps = [
    [operator, 201, 'POST', 'events', draft, 'event.load', 'gala', nothing, anything],
    [operator, 200, 'POST', 'events/gala/inventory', { files: files(`${SEATS}Balcony,B,1,2,Back\n`), map: {} }, 'event.load', 'gala', is({ seats: 16 }), is({ seats: 18 })],
    [operator, 200, 'POST', 'events/gala/edit', { prices: { Front: 3900, Back: 2000 } }, 'event.edit', 'gala', is({ Front: -1, Back: -1 }), is({ Front: 3900, Back: 2000 })],
    [operator, 200, 'POST', 'events/gala/edit', { name: 'Gala Night' }, 'event.edit', 'gala', is({ name: 'Gala' }), is({ name: 'Gala Night' })],
    [operator, 200, 'POST', 'events/gala', { set: { pay_ms: '60000' } }, 'event.set', 'gala', is({ pay_ms: '420000' }), is({ pay_ms: '60000' })],
    [owner, 200, 'POST', 'events/gala/publish', {}, 'event.publish', 'gala', is({ phase: 'draft' }), is({ phase: 'announced' })],
    [operator, 200, 'POST', 'events/gala', { phase: 'open' }, 'event.set', 'gala', is({ phase: 'announced' }), is({ phase: 'open' })],
    [operator, 200, 'POST', 'events/gala', { set: { message: 'Hello' } }, 'event.set', 'gala', is({ message: '' }), is({ message: 'Hello' })],
    [operator, 200, 'POST', 'events/gala/withhold', { name: 'press', seats: [0, 1] }, 'stock.withhold', 'gala', is({}), is({ press: [0, 1] })],
    [operator, 200, 'POST', 'events/gala/release', { name: 'press', seats: [1] }, 'stock.release', 'gala', is({ press: [1] }), is({})],
    [owner, 201, 'POST', 'accounts', { name: 'ann', role: 'door' }, 'account.create', '', nothing, anything],
    [owner, 200, 'POST', 'accounts/ann', { role: 'operator' }, 'account.change', '', is({ role: 'door' }), is({ role: 'operator' })],
    [owner, 200, 'POST', 'accounts/ann', { is_disabled: true }, 'account.change', '', anything, anything],
    [owner, 200, 'POST', 'accounts/ann/reset', {}, 'account.reset', '', null, null],
    [owner, 200, 'POST', 'accounts/ann/sign_out', {}, 'account.sign_out', '', null, null],
    [owner, 200, 'GET', 'events/gala/orders.csv', undefined, 'orders.export', 'gala', null, null],
  ];
  const [{ nr: first }] = (await owner.must(200, 'GET', 'log?limit=1')).entries;
  const since = Date.now();
  for (const [who, status, method, where, body] of steps) await who.must(status, method, where, body);
  const { entries } = await owner.must(200, 'GET', 'log?limit=100');
  const told = entries.filter(({ nr }) => nr > first).reverse();
  assert.deepEqual(told.map(({ verb }) => verb), steps.map(([, , , , , verb]) => verb));
  steps.forEach(([who, , method, where, , verb, event, wasBefore, wasAfter], at) => {
    const entry = told[at];
    const name = `${method} ${where}: ${JSON.stringify(entry)}`;
    assert.deepEqual([entry.who, entry.via, entry.event ?? ''], [who === owner ? 'o.owner' : 'o.operator', 'console', event], name);
    assert.ok(entry.at_ms >= since - 1000 && entry.at_ms <= Date.now() + 1000, name);
    if (wasBefore) assert.ok(wasBefore(entry.before), name);
    if (wasAfter) assert.ok(wasAfter(entry.after), name);
    assert.equal(entry.can_undo, ['event.set', 'stock.withhold', 'stock.release'].includes(verb), name);
    assert.doesNotMatch(name, /argon2id|password":"./, 'no secret is in it');
  });
});

test('what can be undone is, by the number in the answer, and what cannot says so', async () => {
  const { operator } = people;
  const undone = [];
  for (const [where, body, shown] of [
    ['events/gala', { set: { admit_per_tick: '7', active_cap: '9' } }, async () => { const { settings: s } = await operator.must(200, 'GET', 'events/gala'); return [s.admit_per_tick, s.active_cap]; }],
    ['events/gala', { phase: 'paused' }, async () => (await operator.must(200, 'GET', 'events/gala')).phase],
    ['events/gala', { set: { message: 'Soon' } }, async () => (await operator.must(200, 'GET', 'events/gala')).settings.message],
    ['events/gala/withhold', { name: 'house', section: 'Balcony', row: 'B' }, async () => (await operator.must(200, 'GET', 'events/gala/withheld')).withheld],
    ['events/gala/release', { name: 'press' }, async () => (await operator.must(200, 'GET', 'events/gala/withheld')).withheld],
  ]) {
    const was = await shown();
    const { log } = await operator.must(200, 'POST', where, body);
    const changed = await shown();
    assert.notDeepEqual(changed, was, where);
    await operator.must(200, 'POST', `log/${log}/undo`);
    await until(`${where} is as it was`, async () => JSON.stringify(await shown()) === JSON.stringify(was));
    undone.push(log);
  }
  const { entries } = await operator.must(200, 'GET', 'log?event=gala&limit=100');
  assert.ok(undone.every((nr) => entries.find((entry) => entry.nr === nr).undone_by > nr));
  const published = entries.find(({ verb }) => verb === 'event.publish');
  const refused = await operator.post(`log/${published.nr}/undo`);
  assert.deepEqual([refused.status, refused.body.error, refused.body.values], [409, 'cannot_undo', ['event.publish']]);
});
