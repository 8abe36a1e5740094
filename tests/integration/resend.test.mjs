// Resending tickets: a link that opens one order on any device. Who may make one, what it opens, what makes it void, and that
// nobody but its reader ever sees it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/accounts.mjs';
import { organizerOf } from '../support/organizer.mjs';
import { freePort, sleep, startStanchion, temporaryDirectory } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const OPENS = 3;
const LINK = /^\/tickets#(t1\.[\w-]+\.[\w-]{43})$/;

const dir = path.join(temporaryDirectory(), 'data');
const made = []; // every token, to be looked for where it must not be
let server, owner, operator, door, orders, tickets;

async function buy(seats, cookie) {
  const visitor = await visit(server, { cookie });
  await visitor.enter();
  await visitor.ask({ type: 'hold', seats });
  const { order } = await visitor.ask({ type: 'checkout' });
  await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
  const confirmed = await visitor.push('confirmed');
  await visitor.close();
  return confirmed;
}

before(async () => {
  server = await startStanchion({ dir, flags: ['--gateways', '1', '--tickets.opens_per_minute', '100000'], event: 'arena' });
  await server.set('tick_ms=100', 'seats_per_visitor_max=4', 'starts_at=2030-12-14T20:00+09:00');
  [owner, operator, door] = [await organizerOf(server, 'olga', 'owner'), await organizerOf(server, 'otto', 'operator'), await organizerOf(server, 'dora', 'door')];
  const bought = [await buy([50, 51]), await buy([60], await newAccount(server, 'öl@example.org')), await buy([70])];
  orders = bought.map(({ order }) => order);
  tickets = bought.map((each) => each.tickets);
});
after(async () => { await server?.stop(); });

async function resend(order, who = operator) {
  const answer = await who.must(200, 'POST', `orders/${order}/resend`);
  const [, token] = answer.link.match(LINK);
  made.push(token);
  return { ...answer, token };
}

async function open(link, headers = {}) {
  const answer = await fetch(`${server.url}/api/v1/tickets`, { method: 'POST', headers, body: typeof link === 'object' ? JSON.stringify(link) : JSON.stringify({ link }) });
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text), headers: answer.headers };
}
const said = ({ status, body }) => [status, body.error];

test('a link opens its order and no other, without making anybody somebody else', async () => {
  const since = Date.now();
  const first = await resend(orders[0]);
  assert.deepEqual([first.order, first.event, first.links, first.log > 0], [orders[0], 'arena', 1, true]);
  assert.ok(Math.abs(first.ends_ms - since - 14 * 86400_000) < 60_000, 'two weeks');
  const { status, body, headers } = await open(first.token);
  assert.equal(status, 200);
  assert.deepEqual([body.order.order, body.order.tickets.map(({ code }) => code), body.buyer], [orders[0], tickets[0].map(({ code }) => code), '']);
  assert.deepEqual(body.order.tickets.map(({ qr }) => qr), tickets[0].map(({ qr }) => qr), 'the same picture');
  assert.deepEqual(body.event, { id: 'arena', name: 'Arena Night', time_zone: 'Europe/Berlin', starts_at_ms: Date.parse('2030-12-14T20:00+09:00'), accent: body.event.accent });
  assert.deepEqual(Object.keys(body.order).sort(), ['amount_minor', 'committed_ms', 'currency', 'order', 'tickets'], 'neither visitor nor intent');
  assert.deepEqual([headers.get('set-cookie'), headers.get('cache-control'), headers.get('referrer-policy')], [null, 'no-store', 'no-referrer']);
  const other = await open((await resend(orders[1])).token);
  assert.deepEqual([other.body.order.order, other.body.order.tickets.map(({ code }) => code), other.body.buyer], [orders[1], tickets[1].map(({ code }) => code), 'ö…@example.org']);
});

test('a new link voids the older ones of its order, not those of others', async () => {
  const [one, foreign] = [await resend(orders[0]), await resend(orders[1], owner)];
  assert.equal((await open(one.token)).status, 200);
  const two = await resend(orders[0]);
  assert.deepEqual([two.links, said(await open(one.token))], [3, [410, 'link_void']]);
  assert.deepEqual([(await open(two.token)).status, (await open(foreign.token)).status], [200, 200]);
  const { shown } = await operator.must(200, 'GET', `orders/${orders[0]}`);
  assert.deepEqual([shown.link.links, shown.link.ends_ms], [3, two.ends_ms]);
  assert.equal((await operator.must(200, 'GET', `orders/${orders[2]}`)).shown.link, null);
});

test('what is no link is refused by name', async () => {
  const { token } = await resend(orders[0]);
  const [kind, payload, signature] = token.split('.');
  const [, foreign] = (await resend(orders[1])).token.split('.');
  for (const link of ['', 't1', token.slice(0, -1), `r${token.slice(1)}`, `${kind}.${foreign}.${signature}`, `${kind}.${payload}x.${signature}`, `${token}.`, 'x'.repeat(2000)])
    assert.deepEqual(said(await open(link)), [400, 'link_invalid'], link);
  for (const body of [{}, { link: 1 }, { link: null }, []]) assert.deepEqual(said(await open(body)), [400, 'link_invalid']);
  assert.deepEqual(said(await open(token, { Origin: 'https://evil.example' })), [403, 'bad_origin']);
  const page = await fetch(`${server.url}/tickets`);
  assert.deepEqual([page.status, page.headers.get('referrer-policy'), page.headers.get('set-cookie')], [200, 'no-referrer', null]);
});

test('the door may not; what is not there, and what was given back, is told apart', async () => {
  assert.deepEqual(said(await door.post(`orders/${orders[0]}/resend`)), [403, 'not_allowed']);
  assert.deepEqual(said(await operator.post('orders/o_nothing/resend')), [404, 'no_such_order']);
  const { token } = await resend(orders[2]);
  await operator.must(200, 'POST', `orders/${orders[2]}/refund`, { reason: 'ill' });
  const { status, body } = await open(token);
  assert.deepEqual([status, body.order.tickets.map(({ refunded, qr }) => [refunded, qr])], [200, [[true, undefined]]], 'shown for what it is');
  assert.deepEqual(said(await operator.post(`orders/${orders[2]}/resend`)), [409, 'nothing_to_send']);
  await operator.must(200, 'POST', `orders/${orders[0]}/refund`, { seats: [51] });
  const part = await open((await resend(orders[0])).token);
  assert.deepEqual(part.body.order.tickets.map(({ seat, refunded, qr }) => [seat, refunded === true, qr !== undefined]), [[50, false, true], [51, true, false]]);
});

test('without a mail server no letter is promised', async () => {
  const { shown } = await operator.must(200, 'GET', `orders/${orders[1]}`);
  assert.deepEqual([shown.can_mail, shown.mails], [false, []]);
  assert.deepEqual(said(await operator.post(`orders/${orders[1]}/resend`, { email: 'ann@example.org' })), [409, 'no_mail']);
  assert.equal((await operator.must(200, 'GET', `orders/${orders[1]}`)).shown.link.links, shown.link.links, 'nothing was changed');
});

test('the command line does the same, under the same name', async () => {
  const { code, stdout } = await server.cli(['order', 'resend', orders[1], '--public.url', 'https://tickets.example/']);
  const [, token] = stdout.match(/^https:\/\/tickets\.example\/tickets#(t1\.\S+)\nGood until \d{4}-\d\d-\d\d \d\d:\d\d UTC\./);
  made.push(token);
  assert.equal(code, 0);
  assert.equal((await open(token)).body.order.order, orders[1]);
  const none = await server.cli(['orders', 'resend', 'o_nothing']);
  assert.deepEqual([none.code, none.stderr.includes('There is no order o_nothing')], [1, true]);
});

test('the log says who, when and of which order; the link itself is in no log and in no file', async () => {
  const { entries } = await owner.must(200, 'GET', 'log?event=arena&limit=100');
  const told = entries.filter(({ verb }) => verb === 'order.resend');
  assert.equal(told.length, made.length);
  assert.deepEqual([told[0].via, told[0].after.order, told[0].can_undo], ['command line', orders[1], false]);
  assert.ok(told.some(({ who, via }) => who === 'otto' && via === 'console') && told.some(({ who }) => who === 'olga'));
  const signatures = made.map((token) => token.split('.')[2]);
  const files = fs.readdirSync(dir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile()).map((file) => path.join(file.path, file.name));
  assert.ok(files.some((file) => file.endsWith('ledger.db')));
  for (const [name, text] of [['log', server.log()], ['actions', JSON.stringify(entries)], ...files.map((file) => [file, fs.readFileSync(file, 'latin1')])])
    assert.deepEqual(signatures.filter((each) => text.includes(each)), [], name);
});

test('after a start from the ledger the newest link is good, older ones are not; a link ends, and opening too often is slowed', async () => {
  const [old, newest] = [await resend(orders[0]), await resend(orders[0])];
  await server.stop();
  server = await startStanchion({ dir, port: await freePort(), flags: ['--gateways', '1', '--tickets.link_s', '1', '--proxies', '127.0.0.1', '--tickets.opens_per_minute', String(OPENS)] });
  const from = (address) => ({ 'X-Forwarded-For': address });
  assert.deepEqual([(await open(newest.token, from('198.51.100.7'))).status, said(await open(old.token, from('198.51.100.7')))], [200, [410, 'link_void']]);
  const again = await organizerOf(server, 'oscar', 'operator');
  const short = await resend(orders[1], again);
  await sleep(Math.max(0, short.ends_ms + 1 - Date.now()));
  assert.deepEqual(said(await open(short.token)), [410, 'link_ended']);
  // In a minute so many; the tries may fall into two minutes, or more on a busy machine.
  let slowed = await open(newest.token, from('198.51.100.8'));
  for (let i = 0; i < 20 * OPENS && slowed.status === 200; i++) slowed = await open(newest.token, from('198.51.100.8'));
  assert.equal(slowed.status, 429);
  assert.deepEqual([slowed.body.error, slowed.body.retry_s > 0, slowed.headers.get('retry-after')], ['too_fast', true, String(slowed.body.retry_s)]);
  assert.deepEqual(said(await open('t1.forged', from('198.51.100.8'))), [400, 'link_invalid'], 'what is forged is not counted');
  assert.equal((await open(newest.token, from('198.51.100.9'))).status, 200, 'nor is anybody else');
});
