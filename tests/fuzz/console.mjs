// Organizers of all roles who press everything: the routes of docs/organizer.md in any order, with bodies that are nearly
// good; inventories with something wrong in them; the same from the command line. What a role may not do must be refused,
// and nothing without an Origin of ours may change anything.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { sleep } from '../support/stanchion.mjs';
import { judgeAnswer } from './answers.mjs';
import { anything, jsonOf, numbers, spoiled, texts, torn } from './words.mjs';

const HEAD_BYTES_MAX = 3000; // longer ones libwebsockets drops without an answer (docs/security.md)
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

export const table = 'level,section,row,seat_from,seat_to,step,category,price,currency,flags,capacity\n'
  + 'Stalls,A,1,1,20,,Front,79.00,EUR,,\nStalls,A,2,"1-10,12-16",,,Front,79.00,EUR,,\nStalls,A,2,11,,,Front,79.00,EUR,accessible,\n'
  + 'Balcony,A,1,2,20,2,Back,0,EUR,restricted_view,\n,Floor,,,,,Standing,45.00,EUR,standing,300\n';
const pretix = JSON.stringify({ name: 'Hall', categories: [{ name: 'Front', color: '#ff0000' }], size: { width: 500, height: 400 },
  zones: [{ name: 'Z', zone_id: 'z', position: { x: 0, y: 0 }, rows: [{ row_id: 'r', row_number: '1', row_number_position: 'both', position: { x: 1, y: 1 },
    seats: [{ seat_guid: 'a', seat_number: '1', seat_id: 'r-1', position: { x: 0, y: 0 }, category: 'Front', radius: 10 },
      { seat_guid: 'b', seat_number: '2', seat_id: 'r-2', position: { x: 25, y: 0 }, category: 'Front', radius: 10 }] }],
  areas: [{ shape: 'rectangle', color: '#ccc', border_color: '#000', position: { x: 1, y: 1 }, rotation: 0, text: { text: 'Stage', position: { x: 1, y: 1 }, size: 12, color: '#000' },
    rectangle: { width: 100, height: 50 } }] }] });
const prices = 'category,price,currency,color\nFront,12.50,EUR,#0072b2\nBack,0,EUR,\nStanding,1,EUR,\n';
const ini = 'name = Gala\ntime_zone = Europe/Berlin\n[settings]\nactive_cap = 70\n';

const settings = ['phase', 'opens_at_ms', 'prequeue_at_ms', 'closes_at_ms', 'starts_at_ms', 'tick_ms', 'admit_per_tick', 'adaptive', 'adapt_min', 'adapt_target_ms',
  'active_cap', 'refill_at_once', 'standby', 'claim_ms', 'claim_away_ms', 'select_ms', 'pay_ms', 'seats_per_visitor_max', 'seats_per_order_max', 'waiting_max',
  'recovery_ms', 'draw', 'draw_beacon', 'draw_beacon_wait', 'require_account', 'accent', 'message', 'opens_at', 'prequeue_at', 'closes_at'];
const phases = ['announced', 'prequeue', 'open', 'paused', 'closed', 'open', 'open'];
const values = ['0', '1', '2', '50', '100', '5000', '10000', '60000', '1e9', '0.5', '#00ff00', '2030-12-01 19:00', '2026-02-30 25:61'];

const setting = (dice) => (dice.chance(0.3) ? ['phase', dice.pick(phases)]
  : [dice.pick(settings), dice.pick([dice.pick(values), dice.pick(texts), String(dice.pick(numbers)), String(Date.now() + dice.whole(-2000, 2000))])]);

const spoiledFile = (dice, text) => (dice.chance(0.3) ? text : torn(dice, text).toString());
export function files(dice) {
  const plan = dice.pick([
    { name: 'seats.csv', text: spoiledFile(dice, table) }, { name: 'plan.json', text: spoiledFile(dice, pretix) },
    { name: 'plan.json', text: jsonOf(dice, JSON.parse(pretix)).toString() },
    { name: 'seats.csv', text: table.replaceAll(dice.pick(['Front', '1', ',', 'Stalls', '300', '79.00']), dice.pick(texts)) },
  ]);
  return [plan, { name: 'prices.csv', text: spoiledFile(dice, prices) }, ...(dice.chance(0.3) ? [{ name: 'event.ini', text: spoiledFile(dice, ini) }] : [])];
}

const plain = /^[ -~]*$/;
export const longest = 'z'.repeat(48); // an event's id
const oddWords = ['%ff', 'a%80b', '%e2%82', '%01', 'a%20b', '%2f', '%25', '..', '%c3%a9'];
const word = (dice, good) => (dice.chance(0.9) ? dice.pick(good) : dice.pick(oddWords));
const event = (dice) => (dice.chance(0.9) ? word(dice, ['second', 'fz0', 'fz1', longest]) : encodeURIComponent(dice.pick(texts.filter((text) => plain.test(text)))));
const stock = (dice) => dice.pick([{ name: 'sponsors', seats: [dice.whole(0, 60)] }, { name: dice.pick(texts), section: 'A' }, { name: 'x', section: 'Floor', count: dice.pick(numbers) },
  { name: 'sponsors', section: 'A', row: '1' }]);
const files3 = (dice) => ({ files: files(dice), ...(dice.chance(0.2) ? { map: { section: dice.pick(texts) } } : {}) });
const created = (dice) => ({ id: dice.chance(0.8) ? dice.pick(['fz0', 'fz1', longest]) : dice.pick(texts), name: dice.pick(texts) || 'N', currency: 'EUR', time_zone: 'Europe/Berlin', ...files3(dice),
  ...(dice.chance(0.6) ? { files: [{ name: 'seats.csv', text: table }] } : {}), settings: dice.chance(0.5) ? {} : Object.fromEntries([setting(dice)]) });

// method, path, body; what the role `door` may do as the fourth
const routes = [
  ['GET', () => 'session', null, true], ['GET', () => 'accounts'], ['GET', (dice) => `log?event=${event(dice)}&before=${dice.pick(numbers)}&limit=${dice.pick(numbers)}`, null, true],
  ['GET', () => 'events', null, true], ['GET', (dice) => `events/${event(dice)}`, null, true],
  ...['plan', 'check', 'rehearsal', 'rehearsal.html', 'figures', 'history', 'seats', 'withheld', 'orders.csv', 'orders.json'].map((what) => ['GET', (dice) => `events/${event(dice)}/${what}`]),
  ['GET', (dice) => `events/${event(dice)}/door.csv`, null, true],
  ['GET', (dice) => `events/second/orders?q=${encodeURIComponent(dice.pick(texts.filter((text) => !/[\0\ud800]/.test(text))))}${word(dice, [''])}&before=${dice.pick(numbers)}&limit=${dice.pick(numbers)}`],
  ['GET', (dice, world) => `orders/${world.memory.pick(dice, 'order')}`],
  ['POST', () => 'tickets/check', (dice) => ({ code: dice.pick(texts), door: dice.pick(texts), look: dice.chance(0.5) }), true],
  ['POST', () => 'accounts', (dice) => ({ name: dice.pick(['fuzz1', 'fuzz2', dice.pick(texts)]), role: dice.pick(['owner', 'operator', 'door', 'x']) })],
  ['POST', (dice) => `accounts/${word(dice, ['fuzz1', 'fuzz2', 'nobody'])}${dice.pick(['', '/reset', '/sign_out'])}`, (dice) => dice.pick([{ role: 'door' }, { is_disabled: true }, {}])],
  ['POST', () => 'session', (dice) => ({ name: dice.pick(['olga', 'nobody', dice.pick(texts)]), password: dice.pick(['wrong secret words', ...texts]) }), true],
  ['POST', () => 'password', (dice) => ({ old: 'wrong secret words', new: dice.pick(texts) }), true],
  ['POST', (dice) => `log/${word(dice, [dice.whole(20, 200), '99999999999999999999', '-1'])}/undo`, () => ({})],
  ['POST', () => 'inventory/check', files3], ['POST', () => 'events', created], ['POST', () => 'events', created], ['POST', (dice) => `events/${event(dice)}/inventory`, files3],
  ['POST', (dice) => `events/${event(dice)}/edit`, (dice) => dice.pick([{ name: dice.pick(texts) }, { prices: { Front: dice.pick(numbers) } }, { prices: { Front: { Adult: 5, Child: dice.pick(numbers) } } },
    { types: { Front: [{ name: 'Adult', price_minor: 500 }, { name: dice.pick(texts), price_minor: dice.pick(numbers) }] } }, { time_zone: dice.pick(texts) }])],
  ['POST', (dice) => `events/${event(dice)}/publish`, () => ({})], ['POST', (dice) => `events/${event(dice)}/rehearsal`, () => ({})],
  ['DELETE', (dice) => `events/${event(dice)}/rehearsal`], ['DELETE', (dice) => `events/${event(dice)}`],
  ['POST', (dice) => `events/${event(dice)}`, (dice) => (dice.chance(0.5) ? { set: Object.fromEntries([setting(dice), setting(dice)]) } : { phase: dice.pick(phases) })],
  ['POST', (dice) => `events/${event(dice)}`, (dice) => ({ set: Object.fromEntries([setting(dice)]) })],
  ['POST', (dice) => `events/${event(dice)}/preview`, (dice) => dice.pick([{ set: Object.fromEntries([setting(dice)]) }, { phase: dice.pick(phases) }, { release: stock(dice) }, { withhold: stock(dice) }])],
  ['POST', (dice) => `events/${event(dice)}/withhold`, stock], ['POST', (dice) => `events/${event(dice)}/release`, stock],
  ['POST', (dice, world) => `orders/${world.memory.pick(dice, 'order')}/resend`, (dice) => ({ email: dice.chance(0.7) ? dice.pick(['ann@example.org', dice.pick(texts)]) : undefined })],
  ['POST', (dice, world) => `orders/${world.memory.pick(dice, 'order')}/refund`, (dice) => ({ seats: dice.chance(0.5) ? [dice.whole(0, 60)] : undefined, withhold: dice.chance(0.3), reason: dice.pick(texts) })],
];

function ask(world, method, where, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${world.server.url}/api/v1/organizer/${where}`, { agent, method, headers }, (answer) => {
      const chunks = [];
      answer.on('data', (data) => chunks.push(data));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: Object.entries(answer.headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one])), body: Buffer.concat(chunks) }));
    });
    request.on('socket', (socket) => {
      const before = socket.lastAsked; // on the same connection
      socket.lastAsked = `${method} ${where} ${String(body ?? '').slice(0, 300)}`;
      request.on('error', (error) => reject(new Error(`${error.message}, after ${before ?? 'nothing'}`)));
    });
    request.end(body);
  });
}

export async function pressEverything(world, dice) {
  const [method, where, make, isDoors] = dice.pick(routes), who = dice.pick(['owner', 'owner', 'operator', 'door', 'nobody']);
  const isForeign = dice.chance(0.1), at = where(dice, world);
  const body = method !== 'POST' ? undefined : dice.chance(0.6) ? JSON.stringify(make(dice)) : jsonOf(dice, dice.chance(0.5) ? make(dice) : spoiled(dice, make(dice)));
  const headers = { ...(who === 'nobody' ? {} : { Cookie: world.organizers[who].cookie }), ...(method === 'GET' ? {} : { Origin: isForeign ? 'https://evil.example' : world.server.url }),
    ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }) };
  const what = `${who} ${method} ${at} ${String(body ?? '').slice(0, 1500)}`;
  world.note(what);
  const answer = await ask(world, method, at, body, headers).catch((error) => {
    if (at.length < HEAD_BYTES_MAX) world.must(() => { throw new Error(`${what}: ${error.message}`); });
  });
  if (!answer) return;
  const kind = `${method} ${answer.status}`;
  world.heard[kind] = (world.heard[kind] ?? 0) + 1;
  world.must(() => {
    judgeAnswer(answer, what);
    if (isForeign && method !== 'GET') assert.ok(answer.status >= 400, `${answer.status} without an Origin of ours: ${what}`);
    if (who === 'nobody' && at !== 'session') assert.ok(answer.status >= 400, `${answer.status} without a session: ${what}`);
    if (who === 'door' && !isDoors) assert.ok(answer.status >= 400, `${answer.status} beyond the rights: ${what}`);
  });
  const text = answer.body.toString();
  world.memory.keep('link', text.match(/"link":"\/tickets#(t1[^"]+)"/)?.[1]);
  const password = text.match(/"password":"([^"]{12,})"/);
  if (password) world.secrets.add(password[1]);
}

// An organizer who knows what may be said, and changes everything while it is in use: settings, phases, prices, allotments.
export async function steer(world, dice) {
  const event = dice.pick(['arena', 'second']), owner = world.organizers.owner;
  const sets = [{ tick_ms: dice.pick(['100', '200', '1000']) }, { admit_per_tick: dice.pick(['0', '0.5', '7', '100']) }, { active_cap: dice.pick(['0', '1', '3', '500']) },
    { select_ms: dice.pick(['10000', '60000']) }, { pay_ms: dice.pick(['10000', '86400000']) }, { seats_per_visitor_max: dice.pick(['1', '3', '50']) }, { seats_per_order_max: dice.pick(['0', '1']) },
    { refill_at_once: dice.pick(['0', '1']) }, { adaptive: dice.pick(['0', '1']) }, { standby: dice.pick(['0', '1']) }, { require_account: dice.pick(['0', '0', '1']) }, { waiting_max: dice.pick(['1', '2000000']) },
    { message: dice.pick(texts) }, { phase: dice.pick(phases) }, { closes_at_ms: dice.pick(['0', String(Date.now() + 300)]) }];
  const [path, body] = dice.pick([[`events/${event}`, { set: dice.pick(sets) }], [`events/${event}`, { set: dice.pick(sets) }], ['events/second/withhold', stock(dice)], ['events/second/release', stock(dice)],
    [`orders/${world.memory.pick(dice, 'order')}/refund`, {}], [`events/${event}`, { phase: 'open' }], [`events/${event}`, { set: { closes_at_ms: '0', active_cap: '500', admit_per_tick: '100', tick_ms: '100' } }]]);
  world.note(`${path} ${JSON.stringify(body)}`);
  const answer = await owner.post(path, body);
  world.must(() => assert.ok([200, 400, 404, 409].includes(answer.status), `${answer.status} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`));
  world.heard[`steer ${answer.status}`] = (world.heard[`steer ${answer.status}`] ?? 0) + 1;
  await sleep(dice.whole(20, 300)); // so that something happens under each
}

const commands = [
  (dice) => ['event', 'set', dice.pick(['second', 'fz0', dice.pick(texts)]), setting(dice).join('=')], (dice) => ['event', 'load', ...inventory(dice), '--id', dice.pick(['fz1', longest, dice.pick(texts)])],
  (dice) => ['config', dice.pick(['listen.port', dice.pick(texts)])], (dice) => [`--${dice.pick(['listen.port', 'gateways', 'redis.url', 'proxies', dice.pick(texts)])}`, dice.pick(texts), 'config'],
  (dice) => ['config', '--config', configuration(dice)], (dice) => ['log', dice.pick(texts)], (dice) => ['undo', dice.pick(texts)], (dice) => ['event', 'show', dice.pick(texts)], (dice) => [dice.pick(texts), dice.pick(texts)],
  (dice) => ['event', 'withhold', 'second', dice.pick(texts), dice.pick(texts)], (dice) => ['orders', 'refund', dice.pick(texts), String(dice.pick(numbers))], (dice) => ['orders', 'resend', dice.pick(texts), '--email', dice.pick(texts)], (dice) => ['ticket', 'check', dice.pick(texts)],
  (dice) => ['account', 'create', dice.pick(texts), '--role', dice.pick(texts)], (dice) => ['line', 'verify', configuration(dice)], (dice) => ['draw', 'verify', configuration(dice)], (dice) => ['ledger', 'verify', configuration(dice)],
];

let directory = null, filesCount = 0;
function put(name, text) {
  const file = path.join(directory, name);
  fs.writeFileSync(file, text);
  return file;
}
const configuration = (dice) => put(`c${filesCount++ % 20}.ini`, dice.pick([torn(dice, 'gateways = 4\n[listen]\naddress = 0.0.0.0\nport = 8080 ; x\n'), JSON.stringify(anything(dice)), `[${dice.pick(texts)}]\n${dice.pick(texts)} = ${dice.pick(texts)}\n`]));
function inventory(dice) {
  const where = path.join(directory, `i${filesCount++ % 20}`);
  fs.rmSync(where, { recursive: true, force: true });
  fs.mkdirSync(where);
  for (const { name, text } of files(dice)) fs.writeFileSync(path.join(where, name), text);
  return [where];
}

export async function oddCommands(world, dice) {
  directory = world.directory;
  const args = dice.pick(commands)(dice).map((arg) => String(arg).replaceAll('\0', ''));
  world.note(`$ stanchion ${JSON.stringify(args)}`);
  const { code, signal, stdout, stderr } = await world.server.cli(args);
  world.must(() => {
    assert.ok(signal === null && [0, 1, 2].includes(code), `${code} ${signal}: ${JSON.stringify(args)}: ${stderr.slice(0, 3000)}`);
    assert.ok(code === 0 || code === 1 || stderr + stdout !== '', `no word why: ${JSON.stringify(args)}`);
  });
}
