// As many events as an installation takes: they are all served, one more is refused, a quiet one costs next to nothing, and
// whoever comes to one of them is let in as if it were alone. After a start everything is there again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ofEachGateway } from '../support/gateways.mjs';
import { writeHall } from '../support/halls.mjs';
import { askRedis } from '../support/redis.mjs';
import { sleep, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const EVENTS = 1000;
const DRAFT = 7; // one of them, which visitors do not see
const SEATS = 20;
const flags = ['--gateways', '2'];
const dir = `${temporaryDirectory()}/data`;
let server;

const plan = { version: 1, name: 'Hall', width: 1000, height: 200, seats_count: SEATS, areas: [], shapes: [],
  categories: [{ name: 'Front', color: '#b3261e', price_minor: 5000, currency: 'EUR' }],
  sections: [{ name: 'Stalls', level: '', rows: [{ label: '1', first: 0, seats: Array.from({ length: SEATS }, (_, at) => [String(at + 1), at * 25, 0, 0, 0]) }] }] };

async function loadAll() {
  for (let at = 0; at < EVENTS; at++) {
    const phase = at === DRAFT ? 'draft' : 'open';
    const args = { id: `event-${at}`, name: `Event ${at}`, currency: 'EUR', time_zone: 'UTC', plan, settings: { phase, tick_ms: '500' } };
    await askRedis(server, 'XADD', 'office', '*', 'body', JSON.stringify({ id: String(at), reply: 'reply:test', verb: 'event.load', args, by: 'cli' }));
    if (at % 50 === 49) await until('the ledger', async () => await askRedis(server, 'XLEN', 'office') < 20, { stepMs: 5 });
  }
}

const known = new Set();
// Each gateway has all of them, with line, plan and seats.
const areServed = (count) => until(() => `every gateway serves all: ${[...known]}`, async () => {
  known.clear();
  const lists = await ofEachGateway(server, (gateway) => gateway.ask('/api/v1/events')).catch(() => []);
  for (const { text } of lists) known.add(JSON.parse(text).events.filter(({ categories: [front] }) => front?.free === SEATS).length);
  return lists.length === 2 && known.size === 1 && known.has(count);
});

before(async () => {
  server = await startStanchion({ flags, dir });
  await loadAll();
  await areServed(EVENTS - 1);
});
after(async () => { await server?.stop(); });

const scripts = async () => [...(await askRedis(server, 'INFO', 'commandstats')).matchAll(/cmdstat_evalsha:calls=(\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);

test('one more is refused by name, and is loaded when a draft has gone', async () => {
  const one = writeHall({ seats: 'section,row,seat_from,seat_to,category\nStalls,1,1,20,Front\n', prices: 'category,price,currency\nFront,50.00,EUR\n' });
  const refused = await server.cli(['event', 'load', one, '--id', 'one-more']);
  assert.deepEqual([refused.code, /There are 1000 events already/.test(refused.stderr)], [1, true], refused.stderr);
  for (const args of [['event', 'load', one, '--id', 'event-8'], ['event', 'delete', `event-${DRAFT}`, '--yes'], ['event', 'load', one, '--id', 'one-more'], ['event', 'open', 'one-more']]) {
    const done = await server.cli(args);
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}`);
  }
  await areServed(EVENTS);
});

// Each awake event asks for two ticks a second here, and for a sweep.
test('events where nobody is cost next to nothing', async () => {
  let rate;
  await until(() => `${rate} scripts a second for ${EVENTS} quiet events`, async () => {
    const before = await scripts();
    await sleep(2000);
    rate = (await scripts() - before) / 2;
    return rate < EVENTS / 4;
  });
});

test('whoever comes to a quiet one is let in at once, holds a seat, and buys it', async () => {
  const [first, other] = await Promise.all(['event-3', 'event-998'].map((event) => visit(server, { event })));
  const begun = Date.now();
  for (const one of [first, other]) assert.equal((await one.enter()).type, 'entered');
  assert.ok(Date.now() - begun < 10_000, `${Date.now() - begun} ms: a quiet event has a tick every 15 s`);
  assert.equal((await first.ask({ type: 'hold', seats: [4] })).type, 'held');
  const { order } = await first.ask({ type: 'checkout' });
  await first.ask({ type: 'pay', order, card: '4242424242424242' });
  assert.equal((await first.push('confirmed')).tickets[0].seat, 4);
  assert.equal((await other.ask({ type: 'hold', seats: [4] })).type, 'held', 'the same seat of another event');
  await Promise.all([first, other].map((one) => one.close()));
});

test('the metrics of a quiet event are five lines, and the list is compressed', async () => {
  const [{ text }] = await ofEachGateway(server, (gateway) => gateway.ask('/metrics'));
  const lines = text.split('\n').filter((line) => line.includes('event="'));
  assert.ok(lines.length <= 5 * EVENTS + 100, `${lines.length} lines`); // more only of those where somebody was
  const answer = await fetch(`${server.url}/api/v1/events`, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(answer.headers.get('content-encoding'), 'gzip');
  assert.equal((await answer.json()).events.length, EVENTS);
});

test('after a stop and a start all are there', async () => {
  await server.stop();
  server = await startStanchion({ flags, dir });
  const { events } = await until('every event', async () => {
    const list = await (await fetch(`${server.url}/api/v1/events`)).json();
    return list.events.length === EVENTS && list.events.every(({ categories: [front] }) => front?.free >= SEATS - 1) && list;
  });
  assert.equal(events.find(({ id }) => id === 'event-3').categories[0].free, SEATS - 1, 'what was sold stays sold');
});
