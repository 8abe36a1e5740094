// Watching a sale from the organizer's console: figures once a second, their history, the seats.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { organizerOf } from '../support/organizer.mjs';
import { askRedis } from '../support/redis.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server, owner;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' });
  await server.set('tick_ms=100');
  owner = await organizerOf(server, 'olga', 'owner');
});
after(async () => { await server?.stop(); });

const open = (who, event = 'arena', protocol = 'stanchion.organizer.v1') =>
  new WebSocket(`${server.wsUrl}/api/v1/organizer/events/${event}/live`, protocol, { headers: { Cookie: who.cookie, Origin: server.url } });
const refusal = (socket) => new Promise((resolve) => {
  socket.on('unexpected-response', (request, response) => { resolve(response.statusCode); request.destroy(); });
  socket.on('error', () => {});
  socket.on('open', () => resolve('open'));
});

// Keeps the newest figures, and the last latencies there were: they are those of a second. closed is the close code.
function watch(who) {
  const socket = open(who), watcher = { socket, figures: null, count: 0, closed: null };
  socket.on('message', (text) => {
    const figures = JSON.parse(text), { hold_ms = null, confirm_ms = null } = watcher.figures ?? {};
    watcher.figures = { ...figures, hold_ms: figures.hold_ms ?? hold_ms, confirm_ms: figures.confirm_ms ?? confirm_ms };
    watcher.count++;
  });
  socket.on('close', (code) => { watcher.closed = code; });
  socket.on('error', () => {});
  return watcher;
}

test('who may not watch is refused by status', async () => {
  const door = await organizerOf(server, 'dora', 'door');
  assert.equal(await refusal(open({ cookie: '' })), 401);
  assert.equal(await refusal(open(door)), 403);
  assert.equal(await refusal(open(owner, 'nothing')), 404);
  assert.equal(await refusal(open(owner, 'arena', 'stanchion.v1')), 400);
  assert.equal((await door.get('events/arena/figures')).status, 403);
  assert.equal((await owner.get('events/nothing/figures')).status, 404);
});

test('a purchase is seen: line, seats, money, latencies', async () => {
  const watchers = [watch(owner), watch(owner), watch(owner)]; // over both gateways, most likely
  const all = (what, probe) => until(() => `${what}: ${JSON.stringify(watchers.map((one) => one.figures))}`, () => watchers.every((one) => one.figures && probe(one.figures)));
  await all('figures come', (figures) => figures.free > 0 && figures.orders === 0);
  const [{ figures: before }] = watchers;
  assert.deepEqual(Object.keys(before).sort(), ['admissions_per_s', 'arrivals_per_s', 'at_ms', 'categories', 'confirm_ms', 'currency', 'dead', 'estimate_error_percent',
    'failed', 'free', 'held', 'hold_ms', 'inside', 'lag_ms', 'mails_failed', 'orders', 'parts', 'phase', 'rate_per_s', 'refunded_minor', 'revenue_minor', 'sold', 'type', 'visitors', 'waiting']);
  assert.deepEqual([before.type, before.phase, before.rate_per_s, before.currency], ['figures', 'open', 500, 'EUR']);
  const visitor = await visit(server);
  await visitor.enter();
  await visitor.ask({ type: 'hold', seats: [50, 51] });
  await all('the hold is seen', (figures) => figures.held === 2 && figures.free === before.free - 2 && figures.inside === 1 && figures.visitors === 1 && figures.hold_ms?.count === 1);
  const { order, amount_minor: amount } = await visitor.ask({ type: 'checkout' });
  await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
  await visitor.push('confirmed');
  await all('the sale is seen', (figures) => figures.sold === 2 && figures.held === 0 && figures.orders === 1 && figures.revenue_minor === amount && figures.confirm_ms?.count >= 1);
  const [{ figures }] = watchers;
  assert.ok(figures.confirm_ms.p50 > 0 && figures.confirm_ms.p99 >= figures.confirm_ms.p50);
  assert.equal(figures.confirm_ms.count, 1, 'the provider tells both gateways, perhaps: whoever settles it counts it');
  assert.equal(figures.categories.reduce((sum, one) => sum + one.sold, 0), 2);
  const good = JSON.stringify([['redis', 'good', ''], ['ledger', 'good', ''], ['registrar', 'good', ''], ['gateways', 'good', '2'], ['payments', 'good', '']]);
  await all('all parts are good', (now) => JSON.stringify(now.parts.map(({ part, state, note }) => [part, state, note])) === good);
  await server.cli(['orders', 'refund', order, '--seats', '51']);
  await all('the refund is seen', (now) => now.refunded_minor > 0 && now.revenue_minor === amount && now.sold === 1);
  for (const { socket } of watchers) socket.close();
  await visitor.close();
});

test('the history has samples of each second, oldest first', async () => {
  const history = await until('samples', async () => {
    const body = await owner.must(200, 'GET', 'events/arena/history');
    return body.fine.samples.length >= 4 && body;
  });
  assert.deepEqual([history.columns.length, history.fine.step_ms, history.coarse.step_ms, history.coarse.samples.length > 0], [14, 1000, 10000, true]);
  const at = history.fine.samples.map(([ms]) => ms);
  assert.ok(at.every((ms, i) => i === 0 || ms - at[i - 1] >= 900), String(at));
  assert.ok(history.fine.samples.every((sample) => sample.length === 14));
  const last = history.fine.samples.at(-1);
  assert.equal(last[history.columns.indexOf('arrivals')], 1);
  assert.equal(last[history.columns.indexOf('admissions')], 1);
});

test('the seats as on the visitors\' map', async () => {
  const { states, version } = await owner.must(200, 'GET', 'events/arena/seats');
  const bytes = Buffer.from(states, 'base64'), state = (seat) => (bytes[seat >> 2] >> (2 * (seat & 3))) & 3;
  assert.deepEqual([version > 0, state(50), state(51), state(52)], [true, 2, 0, 0]);
  assert.equal((await owner.must(200, 'GET', 'events/arena/plan')).seats_count, (await owner.must(200, 'GET', 'events/arena')).seats);
});

test('what a change would do is said before, and nothing is done', async () => {
  const preview = async (body) => (await owner.must(200, 'POST', 'events/arena/preview', body));
  const codes = async (body) => (await preview(body)).effects.map(({ code }) => code);
  assert.deepEqual(await codes({ set: { admit_per_tick: '0' } }), ['nobody_goes_in']);
  assert.deepEqual(await codes({ phase: 'paused' }), ['line_stands']);
  assert.deepEqual(await codes({ set: { message: 'Soon.' }, phase: 'closed' }), ['line_ends', 'message_shown']);
  const same = await preview({ set: { admit_per_tick: '50' } });
  assert.deepEqual([same.effects[0].code, same.can_undo], ['nothing_changes', false]);
  const kept = (await preview({ withhold: { name: 'press', seats: [50, 70, 71] } })).effects[0];
  assert.deepEqual([kept.code, kept.values], ['seats_kept', { seats: 2, taken: 1 }]);
  assert.deepEqual(await codes({ release: { name: 'press' } }), ['nothing_changes']);
  await owner.must(200, 'POST', 'events/arena/withhold', { name: 'press', seats: [70, 71] });
  assert.equal((await preview({ release: { name: 'press' } })).effects[0].values.seats, 2);
  for (const [body, error] of [[{ set: { admit_per_tick: '-1' } }, 'bad_setting'], [{ nothing: 1 }, 'bad_message'], [{ withhold: { name: 'x', seats: [9999999] } }, 'no_such_seat']]) {
    const refused = await owner.post('events/arena/preview', body);
    assert.deepEqual([refused.status, refused.body.error], [400, error]);
  }
  const { settings, phase } = await owner.must(200, 'GET', 'events/arena');
  assert.deepEqual([phase, settings.admit_per_tick, settings.message], ['open', '50', '']);
  assert.deepEqual((await owner.must(200, 'GET', 'events/arena/withheld')).withheld, { press: [70, 71] });
});

test('watching ends with the session', async () => {
  const operator = await organizerOf(server, 'otto', 'operator');
  const one = watch(operator);
  await until('it watches', () => one.count > 0);
  await owner.must(200, 'POST', 'accounts/otto/sign_out');
  await until('it was closed', () => one.closed === 1008);
});

test('while the ledger and the registrar are away the figures say so', async () => {
  const one = watch(owner);
  const { ledger, registrar } = server.children();
  const part = (name) => one.figures?.parts.find((each) => each.part === name);
  const lagMs = async () => Number((await askRedis(server, 'GET', 'registrar:beat')).split(' ')[1]);
  process.kill(registrar, 'SIGSTOP');
  try {
    await server.set('message=to be noted');
    process.kill(ledger, 'SIGSTOP');
    await until('the ledger is seen to be away', () => part('ledger')?.state === 'away');
    await until('the registrar is seen to be behind', () => ['slow', 'away'].includes(part('registrar')?.state));
    assert.match(part('registrar').note, /^[4-9]\d{3} ms behind$|^\d{5,} ms behind$/);
    await until('each gateway tells how long', async () => /^stanchion_registrar_beat_age_seconds\{gateway="\d"\} ([4-9]|\d\d)/m
      .test(await (await fetch(`${server.url}/metrics`)).text()));
  } finally {
    [ledger, registrar].forEach((pid) => process.kill(pid, 'SIGCONT'));
  }
  await until('the registrar says how long a note has waited', async () => await lagMs() >= 3000);
  await until('both are seen to be back', () => ['ledger', 'registrar'].every((name) => part(name)?.state === 'good'));
  one.socket.close();
});
