// docs/protocol.md against the running server: every request of its tables is sent as written, every message of its
// examples is provoked, and both must have the same fields of the same kinds. A field that the server sends and the
// document does not know is a failure, and so is the reverse.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root, sleep, startStanchion } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const text = fs.readFileSync(path.join(root, 'docs/protocol.md'), 'utf8');
const seen = []; // every message the server said

// The JSON objects that follow each other in a code block, over as many lines as they like.
function objectsIn(block) {
  const found = [];
  let from = null, depth = 0, isText = false;
  for (let i = 0; i < block.length; i++) {
    if (isText) {
      if (block[i] === '\\') i++;
      else if (block[i] === '"') isText = false;
    } else if (block[i] === '"') isText = true;
    else if (block[i] === '{') { if (depth++ === 0) from = i; } else if (block[i] === '}' && --depth === 0) found.push(JSON.parse(block.slice(from, i + 1)));
  }
  return found;
}

const blocks = [...text.matchAll(/```json\n(.*?)```/gs)].map((match) => objectsIn(match[1]));
const examples = blocks.flat().filter((object) => object.type);
const [eventExample] = blocks.flat().filter((object) => object.phase && object.categories && !object.type);
const planExample = blocks.flat().find((object) => object.sections);
const rows = [...text.matchAll(/^\| `(\{"type".*?)` \|/gm)].flatMap((match) => match[1].split('` or `')).map((line) => JSON.parse(line));
const errorCodes = new Set([...text.matchAll(/^\| (`\w+`(?: \/ `\w+`)*) \| /gm)].flatMap((match) => match[1].match(/\w+/g)));

const kind = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const OPTIONAL = new Set(['re', 'eta_low_ms', 'eta_high_ms', 'receipt', 'held_out', 'recovers_at_ms', 'drawing', 'spread_ms', 'message']);

function compare(example, actual, where) {
  for (const [name, value] of Object.entries(example)) {
    if (OPTIONAL.has(name) && !(name in actual)) continue;
    assert.ok(name in actual, `${where}: documented field ${name} is not sent: ${JSON.stringify(actual)}`);
    const kinds = [kind(value), kind(actual[name])];
    assert.ok(kinds[0] === kinds[1] || kinds.includes('null'), `${where}.${name}: documented ${kinds[0]}, sent ${kinds[1]}`);
    if (kinds[0] === 'array' && kinds[1] === 'array' && kind(value[0]) === 'object' && actual[name].length > 0) compare(value[0], actual[name][0], `${where}.${name}[0]`);
  }
  for (const name of Object.keys(actual)) assert.ok(name in example || OPTIONAL.has(name), `${where}: ${name} is sent but not documented`);
}

let server, visitor;

async function follow(options) {
  const one = await visit(server, options);
  one.socket.on('message', (data) => seen.push(JSON.parse(data)));
  return one;
}

before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1', '--sandbox.late_ms', '3000', '--drain_ms', '2000'], event: 'arena' });
  await server.set('tick_ms=100', 'claim_ms=5000');
  visitor = await follow();
});

after(async () => server.stop());

describe('HTTP', () => {
  const get = (where) => fetch(server.url + where);
  test('pages and the API', async () => {
    for (const where of ['/', '/e/arena', '/organizer', '/api/v1/time', '/api/v1/events', '/healthz', '/metrics']) {
      assert.equal((await get(where)).status, 200, where);
    }
    assert.equal(kind((await (await get('/api/v1/time')).json()).server_ms), 'number');
    assert.equal((await get('/api/v1/events/arena/ws')).status, 426);
    assert.equal((await get('/api/v1/organizer/events')).status, 401);
  });
  test('no such event: the page says it, and so does its status', async () => {
    const answer = await get('/e/no-such-event');
    assert.deepEqual([answer.status, answer.headers.get('content-type'), answer.headers.get('set-cookie')], [404, 'text/html; charset=utf-8', null]);
  });
  test('EVENT', async () => {
    compare(eventExample, await (await get('/api/v1/events/arena')).json(), 'EVENT');
    const list = await (await get('/api/v1/events')).json();
    compare(eventExample, list.events[0], 'EVENT in the list');
  });
  test('PLAN, gzip and ETag', async () => {
    const answer = await get('/api/v1/events/arena/plan');
    assert.equal(answer.headers.get('content-encoding'), 'gzip');
    compare(planExample, await answer.json(), 'PLAN');
    const again = await fetch(`${server.url}/api/v1/events/arena/plan`, { headers: { 'If-None-Match': answer.headers.get('etag') } });
    assert.equal(again.status, 304);
  });
  test('errors are JSON', async () => {
    const answer = await get('/api/v1/events/nothing');
    assert.equal(answer.status, 404);
    assert.deepEqual(Object.keys(await answer.json()).sort(), ['error', 'message']);
  });
  test('organizer: wrong password, right password, steering, signing out', async () => {
    const post = (where, body, headers = {}) => fetch(server.url + where, { method: 'POST', body: JSON.stringify(body), headers });
    await server.cli(['account', 'password'], { input: 'a good long password\n' });
    assert.equal((await post('/api/v1/organizer/session', { password: 'wrong' })).status, 401);
    assert.equal((await post('/api/v1/organizer/session', { password: 'x' }, { Origin: 'https://evil.example' })).status, 403);
    const signedIn = await post('/api/v1/organizer/session', { password: 'a good long password' });
    assert.equal(signedIn.status, 200);
    const cookie = signedIn.headers.get('set-cookie').split(';')[0];
    assert.match(signedIn.headers.get('set-cookie'), /HttpOnly; SameSite=Strict/);
    const list = await fetch(`${server.url}/api/v1/organizer/events`, { headers: { Cookie: cookie } });
    assert.equal(list.status, 200);
    assert.equal((await list.json()).events[0].id, 'arena');
    const steer = (body, headers = {}) => post('/api/v1/organizer/events/arena', body, { Cookie: cookie, ...headers });
    assert.equal((await steer({ phase: 'paused' })).status, 200);
    assert.equal((await visitor.push('phase')).phase, 'paused');
    assert.equal((await steer({ set: { admit_per_tick: '200' }, phase: 'open' })).status, 200);
    assert.equal((await steer({ set: { admit_per_tick: '-1' } })).status, 400);
    assert.equal((await steer({ nothing: 1 })).status, 400);
    assert.equal((await steer({ phase: 'closed' }, { Origin: 'https://evil.example' })).status, 403);
    assert.equal((await post('/api/v1/organizer/events/arena', { phase: 'closed' })).status, 401);
    assert.equal((await fetch(`${server.url}/api/v1/organizer/session`, { method: 'DELETE', headers: { Cookie: cookie } })).status, 204);
  });
});

describe('WebSocket', () => {
  test('every request of the table is known, with its answer', async () => {
    const guest = await follow();
    for (const { id, ...request } of rows) {
      assert.equal(typeof id, 'number');
      const answer = await guest.ask(request);
      assert.notEqual(answer.code, 'unknown_message', JSON.stringify(request));
      if (answer.type === 'error') assert.ok(errorCodes.has(answer.code), `${answer.code} is not in the table of errors`);
    }
    const source = fs.readFileSync(path.join(root, 'server/gateway/messages.c'), 'utf8');
    const known = [...source.matchAll(/\{"(\w+)", \w+_desk_\w+\}/g)].map((match) => match[1]);
    assert.ok(known.length >= 10, 'the list of handlers was read');
    assert.deepEqual([...new Set(rows.map((row) => row.type))].sort(), known.sort(), 'documented and handled are the same');
    await guest.close();
  });
  test('the whole way says every message', async () => {
    const entered = await visitor.enter();
    assert.equal(entered.type, 'entered');
    await visitor.ask({ type: 'map' });
    assert.equal((await visitor.ask({ type: 'hold', seats: [17, 18] })).type, 'held');
    await visitor.push('seats');
    assert.equal((await visitor.ask({ type: 'release', seats: [17] })).type, 'released');
    const refused = await visitor.ask({ type: 'checkout' });
    const declined = await visitor.ask({ type: 'pay', order: refused.order, card: '4000000000000002' });
    assert.equal(declined.type, 'paying');
    await visitor.push('declined');
    const { order } = await visitor.ask({ type: 'checkout' });
    await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
    const confirmed = await visitor.push('confirmed');
    assert.equal(confirmed.order, order);
    const tickets = await visitor.ask({ type: 'tickets' });
    assert.deepEqual(tickets.orders[0].tickets, confirmed.tickets, 'the ledger says the same');
    assert.equal((await server.cli(['orders', 'refund', order])).code, 0);
    assert.deepEqual((await visitor.push('refunded')).seats, [18]);
  });
  test('giving up a payment: unsold', async () => {
    const other = await follow();
    await other.enter();
    await other.ask({ type: 'hold', area: 0, count: 2 });
    const { order } = await other.ask({ type: 'checkout' });
    await other.ask({ type: 'pay', order, card: '4000000000000101' });
    assert.equal((await other.ask({ type: 'release', seats: [1] })).code, 'payment_running');
    assert.equal((await other.ask({ type: 'release' })).type, 'released');
    const unsold = await other.push('unsold');
    assert.deepEqual([unsold.order, unsold.reason], [order, 'given_up']);
    assert.equal((await other.ask({ type: 'leave' })).type, 'left');
    await other.close();
  });
  test('time stands still while the ledger is away: deadline', async () => {
    const inside = await follow();
    await inside.enter();
    const { ledger } = server.children();
    process.kill(ledger, 'SIGSTOP');
    await inside.push('deadline').finally(() => process.kill(ledger, 'SIGCONT'));
    await inside.push((push) => push.type === 'deadline' && !push.is_frozen);
    assert.equal((await inside.ask({ type: 'leave' })).type, 'left');
    await inside.close();
  });
  test('a turn that nobody claims expires', async () => {
    const late = await follow();
    await late.ask({ type: 'join' });
    assert.equal((await late.push('expired', { msMax: 30_000 })).reason, 'no_show');
    await late.close();
  });
  test('a place that waits is pushed', async () => {
    await server.cli(['event', 'pause', 'arena']);
    const first = await follow();
    const second = await follow();
    await first.ask({ type: 'join' });
    assert.equal((await second.ask({ type: 'join' })).ahead, 1);
    await first.ask({ type: 'leave' });
    assert.equal((await second.push('place')).ahead, 0);
    await server.set('message=Two more evenings have been added.');
    assert.equal((await second.push('notice')).text, 'Two more evenings have been added.');
    const again = await follow({ cookie: second.cookie });
    const mine = seen.filter((message) => message.receipt).at(-1);
    assert.equal((await again.ask({ type: 'resume', receipt: mine.receipt })).seq, mine.seq);
    for (const one of [first, second, again]) await one.close();
  });
  test('going away says reconnect', async () => {
    process.kill(server.children()['gateway 0'], 'SIGTERM');
    assert.equal(kind((await visitor.push('reconnect')).in_ms), 'number');
    assert.equal(await visitor.ended, 1001);
  });
  test('each documented message was said, field by field', async () => {
    await sleep(10);
    const types = [...new Set(examples.map((example) => example.type))];
    assert.ok(types.length >= 17, `read ${types}`);
    for (const type of types.filter((name) => name !== 'error')) {
      const said = seen.filter((message) => message.type === type);
      assert.ok(said.length > 0, `${type} was never said`);
      const example = Object.assign({}, ...examples.filter((one) => one.type === type));
      said.forEach((message) => compare(example, message, type));
    }
    for (const type of new Set(seen.map((message) => message.type))) assert.ok(types.includes(type), `${type} is not documented`);
    for (const { code } of seen.filter((message) => message.type === 'error')) assert.ok(errorCodes.has(code), `${code} is not documented`);
  });
});
