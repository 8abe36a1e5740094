// Visitors who know the protocol and do not keep to it: the messages of docs/protocol.md section 3 in any order, with what
// they know (receipts, passes, orders: also those of others and of another event), some of them spoiled; several sockets
// and polls of one visitor at once. Each request must get exactly one answer, of a known type.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { post } from '../support/poller.mjs';
import { sleep, until } from '../support/stanchion.mjs';
import { anything, jsonOf, numbers, spoiled, texts } from './words.mjs';

const ID_FIRST = 1e6, ID_LAST = 2e6; // of what is awaited: the spoiling makes up others
const POLL_MESSAGES_MAX = 8;
const TURN_MS_MAX = 500;
const ANSWERED_MS_MAX = 30_000;
const cards = ['4242424242424242', '4000000000000002', '4000000000000085', '4000000000000093', '4000000000000077', '1', '4'.repeat(20)];
const types = ['place', 'admitted', 'entered', 'map', 'seats', 'held', 'released', 'payment', 'paying', 'declined', 'confirmed', 'unsold', 'refunded',
  'tickets', 'left', 'away', 'expired', 'phase', 'notice', 'deadline', 'reconnect', 'error'];
const codes = ['bad_json', 'bad_message', 'unknown_message', 'not_found', 'not_open', 'sign_in', 'full', 'busy', 'receipt_invalid',
  'receipt_other_event', 'receipt_other_visitor', 'receipt_gone', 'pass_invalid', 'pass_expired', 'pass_other_event', 'pass_other_visitor',
  'already_served', 'no_place', 'not_admitted', 'no_such_seat', 'too_many_seats', 'seat_taken', 'none_free', 'area_full', 'no_hold', 'not_held',
  'no_such_type', 'price_changed', 'payment_running', 'no_such_order', 'payments_down', 'ledger_down', 'too_fast'];

// What anybody was told once, by kind; some of it is used by somebody else later.
export function makeMemory() {
  const kinds = { receipt: ['r1.x.y'], pass: ['p1.x.y'], order: ['o_0'], cookie: [], link: ['t1.x.y'] };
  return {
    keep: (kind, value) => { if (value && !kinds[kind].includes(value)) kinds[kind].push(value); if (kinds[kind].length > 60) kinds[kind].shift(); },
    pick: (dice, kind) => (kinds[kind].length > 0 ? (dice.chance(0.7) ? kinds[kind].at(-1) : dice.pick(kinds[kind])) : null),
    // What proves something; the number of an order does not.
    secrets: () => [...kinds.receipt, ...kinds.pass, ...kinds.cookie, ...kinds.link],
  };
}

// What one visitor was told itself, and now and then what others were.
function makeOwn(memory) {
  const own = {};
  return {
    keep: (kind, value) => { if (value) own[kind] = value; memory.keep(kind, value); },
    pick: (dice, kind) => (own[kind] && dice.chance(0.85) ? own[kind] : memory.pick(dice, kind)),
    has: (kind) => own[kind] !== undefined,
  };
}

const seat = (dice) => (dice.chance(0.8) ? dice.whole(0, 40) : dice.pick(numbers));
const several = (dice) => Array.from({ length: dice.whole(1, 4) }, () => seat(dice));

const makers = {
  join: () => ({}),
  resume: (dice, known) => ({ receipt: known.pick(dice, dice.chance(0.95) ? 'receipt' : 'pass') }),
  leave: () => ({}),
  enter: (dice, known) => ({ pass: known.pick(dice, dice.chance(0.95) ? 'pass' : 'receipt') }),
  map: () => ({}),
  hold: (dice) => dice.pick([
    () => ({ seats: several(dice) }),
    () => ({ area: dice.whole(0, 1), count: dice.whole(1, 3) }),
    () => ({ best: { count: dice.whole(1, 3), category: dice.whole(0, 5), accessible: dice.whole(0, 1) } }),
    () => ({ best: { count: dice.pick(numbers) }, seats: several(dice), area: seat(dice) }),
  ])(),
  release: (dice) => (dice.chance(0.5) ? {} : { seats: several(dice) }),
  checkout: (dice) => dice.pick([{}, {}, {}, { total_minor: dice.pick(numbers) }, { types: { [seat(dice)]: dice.whole(0, 16) } },
    { total_minor: 0, confirm: true }]),
  pay: (dice, known) => ({ order: known.pick(dice, 'order'), card: dice.pick(cards) }),
  away: (dice) => ({ is_away: dice.chance(0.5) }),
  tickets: () => ({}),
};
const order = ['join', 'enter', 'hold', 'checkout', 'pay']; // what leads somewhere

export function message(dice, known, step = null) {
  const type = step ?? dice.pick(Object.keys(makers));
  const made = { type, ...makers[type](dice, known) };
  return dice.chance(0.1) ? { ...spoiled(dice, made), type: dice.chance(0.9) ? type : dice.pick(texts) } : made;
}

function learn(world, known, told) {
  const name = told.code ?? told.type;
  world.heard[name] = (world.heard[name] ?? 0) + 1;
  for (const kind of ['receipt', 'pass', 'order']) known.keep(kind, told[kind]);
}

function judge(told) {
  assert.ok(types.includes(told.type), `a type nobody knows: ${JSON.stringify(told).slice(0, 300)}`);
  if (told.type === 'error') assert.ok(codes.includes(told.code) && told.message, JSON.stringify(told).slice(0, 300));
}

// One visitor with one or two tabs.
export async function talkOnSockets(world, dice) {
  const cookie = dice.chance(0.6) ? world.memory.pick(dice, 'cookie') : null;
  const event = dice.pick(world.events);
  const known = makeOwn(world.memory), first = await open(world, known, event, cookie);
  const tabs = [first, ...(dice.chance(0.4) ? [await open(world, known, event, first.cookie() ?? cookie)] : [])];
  let id = ID_FIRST;
  for (let turns = dice.whole(1, 6); turns > 0; turns--) {
    const steps = dice.chance(0.6) ? order.slice(0, dice.whole(1, order.length)) : [null, null, null];
    for (const step of steps) {
      if (step === 'enter' && dice.chance(0.9)) await until('a turn', () => known.has('pass'), { msMax: TURN_MS_MAX, stepMs: 20 }).catch(() => {});
      const tab = dice.pick(tabs);
      const asked = { ...message(dice, known, step), id: ++id };
      world.note(`${event} ${JSON.stringify(asked)}`);
      tab.ask(asked);
      if (dice.chance(0.7)) await tab.answered();
      if (dice.chance(0.1)) tab.say(jsonOf(dice, message(dice, world.memory)));
    }
  }
  await Promise.all(tabs.map((tab) => (dice.chance(0.8) ? tab.answered() : null)));
  tabs.forEach((tab) => tab.close(dice));
}

function open(world, known, event, cookie) {
  let given = null;
  const socket = new WebSocket(`${world.server.wsUrl}/api/v1/events/${event}/ws`, 'stanchion.v1', { headers: cookie ? { Cookie: cookie } : {} });
  const awaited = new Map();
  let isClosed = false, onRest = () => {};
  const settle = () => { if (awaited.size === 0 || isClosed) onRest(); };
  socket.on('upgrade', ({ headers }) => headers['set-cookie']?.forEach((line) => {
    [given] = line.split(';');
    world.memory.keep('cookie', given);
  }));
  socket.on('message', (data) => {
    const told = world.must(() => { const value = JSON.parse(data); judge(value); return value; });
    if (!told) return;
    learn(world, known, told);
    if (told.re === undefined) return;
    world.must(() => assert.ok(awaited.delete(told.re) || told.re <= ID_FIRST || told.re > ID_LAST, `answered twice, or not asked: ${JSON.stringify(told).slice(0, 300)}`));
    settle();
  });
  const tab = {
    cookie: () => given,
    // What is no JSON to the server (NUL, half a character) is answered without a number.
    ask: (asked) => {
      const text = JSON.stringify(asked);
      if (!/\\u0000|\\ud8/.test(text)) awaited.set(asked.id, asked);
      tab.say(text);
    },
    say: (text) => { if (socket.readyState === WebSocket.OPEN) socket.send(text, { binary: false }); },
    answered: () => new Promise((resolve) => {
      const timer = setTimeout(() => {
        world.must(() => assert.fail(`no answer to ${JSON.stringify([...awaited.values()]).slice(0, 500)}`));
        resolve();
      }, ANSWERED_MS_MAX);
      onRest = () => { clearTimeout(timer); onRest = () => {}; resolve(); };
      settle();
    }),
    close: (dice) => { if (dice.chance(0.5)) socket.terminate(); else socket.close(dice.pick([1000, 1001, 3000, 4999])); },
  };
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('open', () => resolve(tab));
    socket.on('close', () => { isClosed = true; settle(); resolve(tab); });
  });
}

// The same by polls: of somebody who goes on from poll to poll, or of nobody in particular.
export async function talkByPolls(world, dice) {
  const event = dice.pick(world.events), known = makeOwn(world.memory), isSteady = dice.chance(0.6);
  let cookie = world.memory.pick(dice, 'cookie');
  if (isSteady && dice.chance(0.7)) cookie = null;
  const steps = isSteady ? order.slice(0, dice.whole(2, order.length)) : [null];
  for (const step of steps) {
    if (step === 'enter') await sleep(dice.whole(0, 200));
    const who = isSteady && step !== 'join' ? [{ type: 'resume', receipt: known.pick(dice, 'receipt') }, { type: 'enter', pass: known.pick(dice, 'pass') }] : [];
    const more = Array.from({ length: isSteady ? dice.whole(0, 1) : dice.whole(0, 9) }, () => message(dice, known));
    const messages = [...who, ...(step ? [message(dice, known, step)] : []), ...more].map((one, id) => ({
      ...one, id, ...(dice.chance(0.1) ? { known: dice.chance(0.8) ? { type: 'place', ahead: 1 } : anything(dice) } : {}),
    }));
    const wanted = { wait_ms: dice.pick(isSteady ? [0, 200] : [0, 0, 1, 300, 25001, -1]), messages };
    cookie = await poll(world, known, event, isSteady && dice.chance(0.95) ? Buffer.from(JSON.stringify(wanted)) : jsonOf(dice, wanted), cookie) ?? cookie;
  }
}

// Gives the cookie that came, if one did.
async function poll(world, known, event, body, cookie) {
  const where = `/api/v1/events/${event}/poll`;
  world.note(`POST ${where} ${body.toString('latin1').slice(0, 2000)}`);
  const { status, headers, body: told } = await post(world.server, where, body.toString('latin1'), cookie ? { Cookie: cookie } : {});
  const given = headers['set-cookie']?.map((line) => line.split(';')[0]) ?? [];
  given.forEach((one) => world.memory.keep('cookie', one));
  world.must(() => {
    assert.ok([200, 400, 401, 403, 404, 413, 429, 503].includes(status), `${status} ${JSON.stringify(told)}`);
    for (const one of told.messages ?? []) { judge(one); learn(world, known, one); }
    const answered = (told.messages ?? []).filter(({ re }) => re !== undefined);
    assert.ok(answered.length <= POLL_MESSAGES_MAX, `more answers than requests: ${JSON.stringify(told).slice(0, 500)}`);
  });
  return given.find((one) => one.startsWith('stanchion_visitor='));
}
