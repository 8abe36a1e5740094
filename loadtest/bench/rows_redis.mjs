// Rows about what our scripts cost in Redis, against redis-benchmark's SET at depth 128 on the same Redis (with its log,
// as the server runs it).
import fs from 'node:fs';
import { median, quantile } from './median.mjs';
import { Link, lineScript, makeEvent, pipeline, rateOf, rateOfSets, startRedis, turnScript, visitorId } from './redis.mjs';

// The server's own limits: what is measured is what it does.
const limits = fs.readFileSync(new URL('../../server/base/limits.h', import.meta.url), 'utf8');
function limit(name) {
  const found = limits.match(new RegExp(`#define ${name}[\\s\\\\]+(\\d+)`));
  if (!found) throw new Error(`limits.h has no ${name}`);
  return Number(found[1]);
}
const BATCH = limit('JOIN_BATCH_MAX');
const tickLimits = (isRefill) => [limit('TICK_EXPIRE_MAX'), limit('TICK_ADMIT_MAX'), limit('TICK_GONE_MAX'), isRefill,
  limit('RECOVER_FILL_MAX'), limit('TICK_PIECE_MAX')];
const rounded = (value) => Number(value.toPrecision(4));

async function withRedis(use) {
  const redis = await startRedis();
  try {
    return await use(redis);
  } finally {
    await redis.stop();
  }
}

function* batches(join, from, to, size = BATCH) {
  for (let at = from; at < to; at += size) yield join(...Array.from({ length: Math.min(size, to - at) }, (_, i) => visitorId(at + i)));
}

export const joinAll = (redis, join, from, to, size) => pipeline(redis.link, batches(join, from, to, size), 32);

// What the registrar does all the time: takes away the notes of the history.
const takeNotes = (redis) => redis.link.ask('XTRIM', 'ev:e:history', 'MAXLEN', 0);

// Rates of what we do as parts of the rate of SETs: by the clock, as redis-benchmark counts, and by CPU.
function against(figures, name) {
  const share = (unit) => median(figures[name].map((rate, i) => rate[unit] / figures.set[i][unit]));
  return { clock: share('perS'), cpu: share('perCpuS') };
}

function shown(figures) {
  return Object.fromEntries(Object.entries(figures).flatMap(([name, rates]) => [[`${name} a second`, rates.map(({ perS }) => rounded(perS))],
    [`${name} a CPU second`, rates.map(({ perCpuS }) => rounded(perCpuS))]]));
}

// New visitors in batches of 256 and of 100, into a line that grows to half a million.
export async function joins({ rounds, isQuick }) {
  return withRedis(async (redis) => {
    const visitors = isQuick ? 200_000 : 500_000, figures = { set: [], 'joins by 256': [], 'joins by 100': [] };
    for (let round = 0; round < rounds; round++) {
      for (const [name, size] of [['joins by 256', 256], ['joins by 100', 100]]) {
        await makeEvent(redis);
        const join = await lineScript(redis, 'join');
        figures[name].push(rateOf(redis, visitors, [...batches(join, 0, visitors, size)]));
        if (await redis.link.ask('ZCARD', 'ev:e:waiting') !== visitors) throw new Error('not everybody has a place');
      }
      figures.set.push(rateOfSets(redis, 1_000_000));
    }
    return { unit: 'a second, and for each CPU second of Redis', figures: shown(figures), shares: { 256: against(figures, 'joins by 256'), 100: against(figures, 'joins by 100') },
      goals: [{ against: 'SET, batches of 256', goal: '>= 0.35', value: against(figures, 'joins by 256').clock },
        { against: 'SET, batches of 100', goal: '>= 0.35', value: against(figures, 'joins by 100').clock }] };
  });
}

// All that a waiting visitor has in Redis, at a million; the notes of the history are with the registrar.
export async function redisMemory({ isQuick }) {
  return withRedis(async (redis) => {
    const visitors = isQuick ? 200_000 : 1_000_000;
    await makeEvent(redis);
    const join = await lineScript(redis, 'join');
    await takeNotes(redis);
    const before = await redis.memoryBytes();
    await joinAll(redis, join, 0, visitors);
    const withNotes = (await redis.memoryBytes() - before) / visitors;
    await takeNotes(redis);
    const bytes = (await redis.memoryBytes() - before) / visitors;
    return { unit: `bytes for each of ${visitors} waiting`, figures: { bytes: rounded(bytes), 'while the registrar is away': rounded(withNotes) },
      goals: [{ against: 'bytes', goal: '<= 200', value: bytes }] };
  });
}

// Ticks that admit 1,000 of a million, and what a command waits that is sent while a call of a tick runs.
export async function ticks({ isQuick }) {
  return withRedis(async (redis) => {
    const visitors = isQuick ? 200_000 : 1_000_000, count = isQuick ? 60 : 200, other = new Link(redis.socket);
    const reader = new Link(redis.socket);
    await makeEvent(redis, { tick_ms: 100 });
    reader.socket.write('*2\r\n$9\r\nSUBSCRIBE\r\n$6\r\ntick:e\r\n'); // somebody hears the reports
    reader.take = () => {};
    await joinAll(redis, await lineScript(redis, 'join'), 0, visitors);
    await takeNotes(redis);
    const tick = await lineScript(redis, 'tick'), blocked = [], used = [], whole = [], waited = [];
    // A large tick comes in pieces: as long as the answer is 2 a refill follows at once.
    for (let i = 0; i < count; i++) {
      const start = redis.cpuS();
      for (let isRefill = 0, more = 2; more === 2; isRefill = 1) {
        const before = await redis.spent(), cpu = redis.cpuS(), from = performance.now();
        const done = redis.link.ask(...tick('e', ...tickLimits(isRefill)));
        const answered = other.ask('ZSCORE', 'ev:e:active', 'nobody').then(() => waited.push(performance.now() - from));
        more = await done;
        if (more === 0) throw new Error('a tick was not due');
        await answered;
        used.push(1000 * (redis.cpuS() - cpu));
        blocked.push((await redis.spent()).ms - before.ms);
      }
      whole.push(1000 * (redis.cpuS() - start));
      if (i % 20 === 0) await takeNotes(redis);
      await new Promise((resolve) => setTimeout(resolve, 105));
    }
    reader.end();
    other.end();
    const inside = await redis.link.ask('ZCARD', 'ev:e:active');
    if (inside < 1000 * count) throw new Error(`${count} ticks admitted ${inside}`); // a refill that comes late is the next tick
    return { unit: `ms; 1,000 of ${visitors} in each of ${count} ticks`,
      figures: { 'CPU of a call p50': rounded(median(used)), 'CPU of the tick p50': rounded(median(whole)), 'wall p10': rounded(quantile(blocked, 0.1)), 'wall p50': rounded(median(blocked)),
        'wall p99': rounded(quantile(blocked, 0.99)), 'other p50': rounded(median(waited)), 'other p99': rounded(quantile(waited, 0.99)) },
      goals: [{ against: 'ms of CPU that block Redis, p50', goal: '<= 1.5', value: median(used) },
        { against: 'ms of a command sent meanwhile, p99', goal: '<= 3', value: quantile(waited, 0.99) }] };
  });
}

// Who is inside with a turn that is claimed; seats of a plan of 100,000.
async function admitAll(redis, count) {
  await redis.link.ask('SETRANGE', 'ev:e:seats', 99_999, '\0');
  for (let i = 0; i < count; i += 1000) {
    const some = Array.from({ length: Math.min(1000, count - i) }, (_, k) => visitorId(i + k));
    await redis.link.ask('ZADD', 'ev:e:active', ...some.flatMap((id) => [9e12, id]));
    await redis.link.ask('HSET', 'ev:e:pass', ...some.flatMap((id, k) => [id, `${i + k + 1}:${i + k + 1}:1`]));
  }
}

const TURNS = [32, 8, 1]; // SEAT_TURN_OPERATIONS_MAX; and when fewer ask at the same time
const packed = (seat) => String.fromCharCode(seat >> 16, seat >> 8 & 255, seat & 255, 0); // category 0

// Four seats side by side, somewhere in the house: those who ask at the same time are not neighbours.
const holdOf = (i, count, row) => {
  const first = 4 * (i * 7919 % count); // a prime that does not divide count: everybody has their own
  return ['hold', row, [0, 1, 2, 3].map((k) => packed(first + k)).join('')];
};

function* holdsOf(turn, count, size) {
  for (let at = 0; at < count; at += size) {
    const rows = Array.from({ length: Math.min(size, count - at) }, (_, k) => k);
    yield turn(rows.map((k) => visitorId(at + k)), rows.map((k) => holdOf(at + k, count, k + 1)));
  }
}

// Each visitor holds four seats that are free; so many of them in a call.
export async function holds({ rounds, isQuick }) {
  return withRedis(async (redis) => {
    const count = isQuick ? 10_000 : 25_000, name = (size) => `holds by ${size}`;
    const figures = { set: [], ...Object.fromEntries(TURNS.map((size) => [name(size), []])) };
    for (let round = 0; round < rounds; round++) {
      for (const size of TURNS) {
        await makeEvent(redis);
        await admitAll(redis, count);
        const turn = await turnScript(redis);
        figures[name(size)].push(rateOf(redis, count, [...holdsOf(turn, count, size)]));
        const good = await redis.link.ask('ZCARD', 'ev:e:holds');
        if (good !== count) throw new Error(`${count - good} of ${count} holds were refused`);
      }
      figures.set.push(rateOfSets(redis, 1_000_000));
    }
    return { unit: 'a second, and for each CPU second of Redis', figures: shown(figures), shares: Object.fromEntries(TURNS.map((size) => [size, against(figures, name(size))])),
      goals: TURNS.map((size) => ({ against: `SET, ${size} in a call`, goal: '>= 0.11', value: against(figures, name(size)).clock })) };
  });
}
