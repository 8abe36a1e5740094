// What must be true of Redis' data at any moment at which no script runs, read from outside (docs/redis.md): each seat that
// is held is in exactly one hold, counts are what can be counted, nobody is in line and inside at once, numbers fit.
import { askRedis } from '../support/redis.mjs';

const [FREE, HELD, PAYING, SOLD] = [0, 1, 2, 3];

const toMap = (list) => new Map(list.flatMap((item, i) => (i % 2 === 0 ? [[item, list[i + 1]]] : [])));

// A hold as it stands in `held`: nine texts, then four bytes for each seat.
function readHold(text) {
  let at = 0;
  const texts = Array.from({ length: 9 }, () => {
    const end = text.indexOf('\0', at), word = text.slice(at, end);
    at = end + 1;
    return word;
  });
  const bytes = Buffer.from(text.slice(at), 'latin1');
  const seats = Array.from({ length: bytes.length / 4 }, (_, i) => ({ seat: bytes.readUIntBE(4 * i, 3), category: bytes[4 * i + 3] }));
  return { order: texts[0], fence: Number(texts[1]), seats };
}

function categoriesOf(plan) {
  const of = new Map();
  for (const { rows } of plan.sections) for (const { first, seats } of rows) seats.forEach((seat, i) => of.set(first + i, seat[3]));
  for (const { first, capacity, category } of plan.areas) for (let i = 0; i < capacity; i++) of.set(first + i, category);
  return of;
}

function judgeSeats(say, { seats, counts, held, holds, plan }) {
  const states = [...seats].map((letter) => letter.charCodeAt(0)), owners = new Map(), categories = categoriesOf(plan);
  if (states.length !== plan.seats_count) say(`${states.length} seats in Redis, ${plan.seats_count} in the plan`);
  for (const visitor of holds.keys()) if (!held.has(visitor)) say(`${visitor} has a deadline and no hold`);
  for (const [visitor, text] of held) {
    const hold = readHold(text);
    if (!holds.has(visitor)) say(`${visitor} has a hold without a deadline`);
    for (const { seat, category } of hold.seats) {
      if (owners.has(seat)) say(`seat ${seat} is in the holds of ${owners.get(seat)} and ${visitor}`);
      owners.set(seat, visitor);
      if (states[seat] !== (hold.order ? PAYING : HELD)) say(`seat ${seat} of ${visitor}'s hold is in state ${states[seat]}`);
      if (categories.get(seat) !== category) say(`seat ${seat} is held as of category ${category}, the plan says ${categories.get(seat)}`);
    }
  }
  states.forEach((state, seat) => { if ((state === HELD || state === PAYING) && !owners.has(seat)) say(`seat ${seat} is in state ${state} and in nobody's hold`); });
  const expected = { free: 0, sold: states.filter((state) => state === SOLD).length };
  states.forEach((state, seat) => {
    const name = `free:${categories.get(seat)}`;
    expected[name] = (expected[name] ?? 0) + (state === FREE ? 1 : 0);
    expected.free += state === FREE ? 1 : 0;
  });
  for (const [name, count] of Object.entries(expected)) if (Number(counts.get(name) ?? 0) !== count) say(`counts say ${name} ${counts.get(name)}, there are ${count}`);
}

function judgeLine(say, { waiting, active, pass, line, gone, cap }) {
  for (const visitor of waiting.keys()) if (active.has(visitor)) say(`${visitor} is in line and inside`);
  for (const visitor of active.keys()) if (!pass.has(visitor)) say(`${visitor} is inside without a pass`);
  for (const visitor of pass.keys()) if (!active.has(visitor)) say(`${visitor} has a pass and is not inside`);
  const numbers = [...waiting.values()].map(Number), head = Number(line.get('head') ?? 0), last = Number(line.get('seq') ?? 0);
  if (new Set(numbers).size !== numbers.length) say('two in line have the same number');
  for (const number of numbers) if (number <= head || number > last) say(`a number in line is ${number}: head ${head}, last ${last}`);
  for (const number of gone.keys()) if (numbers.includes(Number(number))) say(`number ${number} is in line and gone`);
  if (active.size > cap) say(`${active.size} inside, the cap is ${cap}`);
}

// A list of what is not as it must be; empty for an event without a plan. `capEver`: the largest cap the event ever had.
export async function brokenInvariants(server, event, capEver) {
  const ask = (...args) => askRedis(server, ...args), key = (name) => `ev:${event}:${name}`, found = [];
  const text = await ask('GET', key('plan'));
  if (!text) return found;
  const pairs = async (name, ...range) => toMap(await (range.length > 0 ? ask('ZRANGE', key(name), ...range, 'WITHSCORES') : ask('HGETALL', key(name))));
  const all = ['0', '-1'], say = (what) => found.push(`${event}: ${what}`);
  judgeSeats(say, { seats: await ask('GET', key('seats')) ?? '', counts: await pairs('counts'), held: await pairs('held'), holds: await pairs('holds', ...all),
    plan: JSON.parse(Buffer.from(text, 'latin1').toString()) });
  judgeLine(say, { waiting: await pairs('waiting', ...all), active: await pairs('active', ...all), pass: await pairs('pass'), line: await pairs('line'), gone: await pairs('gone', ...all), cap: capEver });
  return found;
}
