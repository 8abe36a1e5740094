// Places that survive: a herd that comes back at once, gateways and Redis killed, a log that lost its end, and a Redis
// that comes back empty. In each of them everybody who comes back has the place they had, and nobody gains one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { askRedis, endRecovery, logBytes, loseRedis } from '../support/redis.mjs';
import { freePort, root, sleep, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const PEOPLE = 320;
const RECOVERY_MS = 120_000; // nobody may come too late on a busy machine; a test that is done with the window ends it

const health = (server) => until('health', () => fetch(`${server.url}/healthz`).then((r) => r.ok, () => false));
const info = async (server) => (await fetch(`${server.url}/api/v1/events/${server.event}`)).json();

async function startLine(settings) {
  const server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena', open: false });
  await server.set('phase=open', 'tick_ms=200', `recovery_ms=${RECOVERY_MS}`, ...settings);
  return server;
}

// Joins one after the other, so that person i has the i-th place.
async function fillLine(server, count) {
  const people = [];
  for (let i = 0; i < count; i += 40) {
    const some = await Promise.all(Array.from({ length: Math.min(40, count - i) }, () => visit(server)));
    for (const person of some) {
      const place = await person.ask({ type: 'join' });
      assert.equal(place.type, 'place', JSON.stringify(place));
      Object.assign(person, { seq: place.seq, receipt: place.receipt });
      people.push(person);
    }
  }
  return people;
}

// Comes back with the same cookie and the receipt, asking again as long as the answer is busy.
async function comeBack(server, person, receipt = person.receipt) {
  const back = await until('a gateway', () => visit(server, { cookie: person.cookie }).catch(() => null));
  let answer;
  await until('an answer', async () => {
    answer = await back.ask({ type: 'resume', receipt });
    if (answer.code === 'busy') await sleep(1000 * Math.min(answer.retry_s, 1));
    return answer.code !== 'busy';
  });
  return Object.assign(back, { answer, seq: person.seq, receipt: answer.receipt ?? person.receipt });
}

const scripts = async (server) => Number((await askRedis(server, 'INFO', 'commandstats')).match(/cmdstat_evalsha:calls=(\d+)/)[1]);
const closeAll = (people) => Promise.all(people.map((person) => (person.closed === null ? person.close() : null)));
const samePlaces = (people) => people.forEach((person) => assert.equal(person.answer.seq, person.seq, JSON.stringify(person.answer)));

describe('a line that nobody is admitted from', () => {
  let server, people;
  before(async () => {
    server = await startLine(['admit_per_tick=0']);
    people = await fillLine(server, PEOPLE);
  });
  after(async () => { await server?.stop(); });

  test('a herd that shows its receipts at once costs a call per batch, not one per browser', async () => {
    // Ticks and sweeps call scripts all the time; that they are few in the same time is seen before and after.
    const callsOf = async (work) => {
      const start = Date.now(), before = await scripts(server);
      await work();
      return [await scripts(server) - before, Date.now() - start];
    };
    const gateways = Object.entries(server.children()).filter(([name]) => name.startsWith('gateway')).map(([, pid]) => pid);
    const [quiet, quietMs] = await callsOf(() => sleep(1000));
    let answers;
    const [calls, ms] = await callsOf(async () => {
      for (const pid of gateways) process.kill(pid, 'SIGSTOP'); // so that all are there at once, however fast the gateways are
      const asked = people.map((person) => person.ask({ type: 'resume', receipt: person.receipt }));
      await sleep(300);
      for (const pid of gateways) process.kill(pid, 'SIGCONT');
      answers = await Promise.all(asked);
    });
    const spent = calls - Math.ceil(2 * quiet * ms / quietMs);
    answers.forEach((answer, i) => assert.equal(answer.seq, people[i].seq));
    assert.ok(spent < PEOPLE / 8, `${spent} calls for ${PEOPLE} receipts`);
  });

  test('Redis hangs for five seconds: busy, then as if nothing had been', async () => {
    const { redis } = server.children(), told = people.map((person) => person.pushes.length);
    process.kill(redis, 'SIGSTOP');
    const refused = await people[0].ask({ type: 'resume', receipt: people[0].receipt });
    assert.equal(refused.code, 'busy');
    await sleep(2000);
    process.kill(redis, 'SIGCONT');
    await health(server);
    const answer = await until('a place', async () => {
      const now = await people[0].ask({ type: 'resume', receipt: people[0].receipt });
      return now.type === 'place' && now;
    }, { stepMs: 200 });
    assert.equal(answer.seq, people[0].seq);
    assert.equal((await info(server)).recovers_at_ms, 0);
    people.forEach((person, i) => assert.ok(!person.pushes.slice(told[i]).some((push) => push.receipt), 'the data is the same'));
  });

  test('both gateways are killed: everybody comes back to the same place', async () => {
    const earlier = server.children();
    for (const name of ['gateway 0', 'gateway 1']) process.kill(earlier[name], 'SIGKILL');
    await Promise.all(people.map((person) => person.ended));
    people = await Promise.all(people.map((person) => comeBack(server, person)));
    samePlaces(people);
    assert.equal((await info(server)).recovers_at_ms, 0, 'nothing was lost, nobody waits for anything');
  });

  test('Redis is killed and keeps its data: who is connected is told the place again, with a new receipt', async () => {
    const away = people.splice(0, 10);
    await closeAll(away);
    const told = people.map((person) => person.pushes.length);
    await loseRedis(server);
    const pushes = await Promise.all(people.map((person, i) => person.push((push) => push.receipt, { after: told[i] })));
    pushes.forEach((push, i) => {
      assert.equal(push.type, 'place');
      assert.equal(push.seq, people[i].seq);
      people[i].receipt = push.receipt;
    });
    const back = await Promise.all(away.map((person) => comeBack(server, person)));
    samePlaces(back);
    people = [...back, ...people];
    await endRecovery(server);
    await until('the window is over', async () => (await info(server)).recovers_at_ms === 0);
    const late = await comeBack(server, people[0]);
    samePlaces([late]);
    await late.close();
    const fresh = await visit(server);
    assert.equal((await fresh.ask({ type: 'join' })).seq, PEOPLE + 1);
    assert.equal((await fresh.ask({ type: 'leave' })).type, 'left');
    await fresh.close();
  });

  test('the log loses its end: the places given in it come back, before anybody new', async () => {
    const kept = logBytes(server);
    const last = await fillLine(server, 20);
    const away = last.splice(0, 5);
    await closeAll(away);
    const told = last.map((person) => person.pushes.length);
    const fresh = await visit(server);
    const tries = [];
    const eager = setInterval(async () => { tries.push(await fresh.ask({ type: 'join' })); }, 20); // nothing may slip in
    await loseRedis(server, { keptBytes: kept });
    const pushes = await Promise.all(last.map((person, i) => person.push((push) => push.receipt, { after: told[i] })));
    pushes.forEach((push, i) => assert.equal(push.seq, last[i].seq));
    const back = await Promise.all(away.map((person) => comeBack(server, person)));
    samePlaces(back);
    clearInterval(eager);
    const refused = await fresh.ask({ type: 'join' });
    tries.forEach((answer) => assert.equal(answer.code, 'busy', JSON.stringify(answer)));
    assert.equal(refused.code, 'busy');
    assert.equal(refused.recovering, true);
    assert.ok(refused.recovers_at_ms > Date.now() && refused.retry_s * 1000 + Date.now() >= refused.recovers_at_ms);
    await endRecovery(server);
    await until('the window is over', async () => (await info(server)).recovers_at_ms === 0);
    const place = await fresh.ask({ type: 'join' });
    assert.ok(place.seq > Math.max(...last.map((person) => person.seq)), JSON.stringify(place));
    await closeAll([fresh, ...last, ...back]);
  });
});

describe('a Redis that comes back empty', () => {
  let server, people, stranger;
  before(async () => {
    server = await startLine(['admit_per_tick=0']);
    people = await fillLine(server, PEOPLE);
    stranger = await visit(server);
  });
  after(async () => { await server?.stop(); });

  test('the line is rebuilt in the old order, and nobody is admitted meanwhile', async () => {
    const away = people.filter((_, i) => i % 3 === 0), late = away.splice(0, 4);
    const here = people.filter((_, i) => i % 3 !== 0);
    await closeAll([...away, ...late]);
    const told = here.map((person) => person.pushes.length);
    await loseRedis(server, { keptBytes: 0 });
    const until_ms = await until('the event recovers', async () => (await info(server)).recovers_at_ms);
    const faster = server.cli(['event', 'set', server.event, 'admit_per_tick=50']);
    const forged = await visit(server);
    const token = people[3].receipt;
    const refused = await until('this gateway has heard, too', async () => {
      const answer = await forged.ask({ type: 'resume', receipt: `${token.slice(0, -4)}AAAA` });
      return answer.code === 'busy' ? null : answer;
    });
    assert.equal(refused.code, 'receipt_invalid');
    assert.equal((await stranger.ask({ type: 'join' })).code, 'busy');
    // A browser that lost its cookie may bring the receipt, as soon as the registrar has told what it knows.
    const adopted = await until('the registrar has spoken', async () => {
      const answer = await stranger.ask({ type: 'resume', receipt: away[0].receipt });
      return answer.code === 'busy' ? null : answer;
    }, { stepMs: 200 });
    assert.equal(adopted.seq, away[0].seq, JSON.stringify(adopted));
    const back = await Promise.all(away.map((person) => comeBack(server, person)));
    samePlaces(back);
    const pushes = await Promise.all(here.map((person, i) => person.push((push) => push.receipt, { after: told[i] })));
    pushes.forEach((push, i) => assert.equal(push.seq, here[i].seq));
    assert.equal((await faster).code, 0);
    assert.ok(Date.now() < until_ms, 'all of this within the window');
    const over_ms = Date.now();
    await endRecovery(server);
    const admitted = await Promise.all([...here, ...back].map(async (person) => ({ seq: person.seq, ...await person.push('admitted') })));
    admitted.sort((a, b) => a.admission - b.admission);
    admitted.forEach((one, i) => {
      assert.ok(one.at_ms >= over_ms, 'nobody before the end of the window');
      assert.ok(i === 0 || admitted[i - 1].seq < one.seq, 'nobody is overtaken');
    });
    for (const person of late) {
      const now = await comeBack(server, person);
      assert.equal(now.answer.code, 'receipt_gone');
      assert.equal(now.answer.reason, 'too_late');
      const anew = await now.ask({ type: 'join' });
      assert.ok(anew.seq > PEOPLE, 'at the end');
      await now.close();
    }
  });
});

// Pays what is held with this card; the outcome is a push.
async function pay(person, card) {
  const payment = await person.ask({ type: 'checkout' });
  assert.equal(payment.type, 'payment', JSON.stringify(payment));
  const paying = await person.ask({ type: 'pay', order: payment.order, card });
  assert.equal(paying.type, 'paying', JSON.stringify(paying));
  return payment.order;
}

const SLOW_CARD = '4000000000000077'; // succeeds after 3 s
const GOOD_CARD = '4242424242424242';

describe('a loss in the middle of the sale', () => {
  let server;
  before(async () => { server = await startLine(['admit_per_tick=50', 'active_cap=6', 'seats_per_visitor_max=2']); });
  after(async () => { await server?.stop(); });

  async function someBuyers(firstSeat) {
    const people = [];
    for (let i = 0; i < 10; i++) {
      const person = await visit(server);
      const told = await person.ask({ type: 'join' });
      Object.assign(person, { seq: told.seq, receipt: told.receipt });
      people.push(person);
    }
    const inside = people.slice(0, 4);
    for (const person of inside) assert.equal((await person.enter()).type, 'entered');
    const [chooses, bought, pays] = inside;
    assert.equal((await chooses.ask({ type: 'hold', seats: [firstSeat] })).type, 'held');
    assert.equal((await bought.ask({ type: 'hold', seats: [firstSeat + 1, firstSeat + 2] })).type, 'held');
    assert.equal((await pays.ask({ type: 'hold', seats: [firstSeat + 3] })).type, 'held');
    await pay(bought, GOOD_CARD);
    await bought.push('confirmed');
    const order = await pay(pays, SLOW_CARD);
    return { people, chooses, bought, pays, order };
  }

  const audit = (what) => until(what, async () => {
    const found = await server.cli(['audit']);
    return found.code === 0 || (await sleep(500), false);
  });

  test('Redis is killed and keeps its data: turns, holds and a payment under way go on', async () => {
    const { people, chooses, pays, order } = await someBuyers(0);
    await sleep(1200); // even a killed Redis may lose what it was about to write
    await loseRedis(server);
    const confirmed = await pays.push('confirmed');
    assert.equal(confirmed.order, order);
    const again = await comeBack(server, chooses);
    assert.equal(again.answer.type, 'admitted');
    const entered = await again.ask({ type: 'enter', pass: again.answer.pass });
    assert.deepEqual(entered.hold?.seats, [0], JSON.stringify(entered));
    await audit('the books agree');
    for (const person of people) await person.ask({ type: 'leave' });
    await closeAll([again, ...people]);
    await endRecovery(server);
    await until('the window is over', async () => (await info(server)).recovers_at_ms === 0);
  });

  test('Redis comes back empty: who bought is served, who was inside is the first again, no money is lost', async () => {
    const { people, chooses, bought, pays, order } = await someBuyers(100);
    await loseRedis(server, { keptBytes: 0 });
    const unsold = await pays.push((push) => push.order === order && ['unsold', 'declined', 'confirmed'].includes(push.type));
    assert.equal(unsold.type, 'unsold', JSON.stringify(unsold));
    await until('the event recovers', async () => (await info(server)).recovers_at_ms);
    const again = await comeBack(server, bought);
    assert.equal(again.answer.code, 'already_served', JSON.stringify(again.answer));
    const { orders } = await again.ask({ type: 'tickets' });
    assert.deepEqual(orders[0].tickets.map((ticket) => ticket.seat), [101, 102]);
    const others = people.filter((person) => person !== bought);
    for (const person of others) { // each of them is put back by the gateway that they are connected to
      const place = await person.push((push) => push.type === 'place' && push.receipt);
      assert.equal(place.seq, person.seq);
    }
    const over_ms = Date.now();
    await endRecovery(server);
    const turns = await Promise.all(others.slice(0, 6).map(async (person) => ({ seq: person.seq,
      ...await person.push((push) => push.type === 'admitted' && push.at_ms >= over_ms) })));
    turns.sort((a, b) => a.admission - b.admission);
    turns.forEach((turn, i) => assert.ok(i === 0 || turns[i - 1].seq < turn.seq));
    await audit('the books agree: nothing is owed, nothing was taken for nothing');
    await closeAll([again, ...people]);
  });
});

test('the whole server stops, dies, dies with its Redis data: no window, a short one, a whole one, and the same places', async () => {
  const dir = temporaryDirectory();
  const port = await freePort();
  let server = await startStanchion({ dir, port, flags: ['--gateways', '1'] });
  const again = async () => {
    server = await startStanchion({ dir, port, flags: ['--gateways', '1'] });
    server.event = 'arena';
  };
  try {
    server.event = 'arena';
    const loaded = await server.cli(['event', 'load', path.join(root, 'docs/examples/arena'), '--id', 'arena']);
    assert.equal(loaded.code, 0, loaded.stderr);
    await server.set('phase=open', 'tick_ms=200', 'admit_per_tick=0');
    await until('the event takes visitors', async () => (await info(server)).phase === 'open');
    const people = await fillLine(server, 30);
    assert.equal((await server.stop()).code, 0);
    await again();
    assert.equal((await info(server)).recovers_at_ms, 0, 'stopped in order');
    const back = await Promise.all(people.map((person) => comeBack(server, person)));
    samePlaces(back);
    const fresh = await visit(server);
    assert.equal((await fresh.ask({ type: 'join' })).seq, 31);
    const children = Object.values(server.children());
    process.kill(server.pid, 'SIGKILL');
    await server.ended();
    await until('children die with their supervisor', () => children.every((pid) => !fs.existsSync(`/proc/${pid}`)));
    await again();
    const left_ms = (await info(server)).recovers_at_ms - Date.now();
    assert.ok(left_ms <= 3000, `a short window: ${left_ms} ms`);
    samePlaces(await Promise.all(back.map((person) => comeBack(server, person))));
    await until('the window is over', async () => (await info(server)).recovers_at_ms === 0);
    const newest = await visit(server);
    assert.equal((await newest.ask({ type: 'join' })).seq, 32);
    await sleep(1200); // the history and the ledger's note of the newest
    const alive = Object.values(server.children());
    process.kill(server.pid, 'SIGKILL');
    await server.ended();
    await until('children die with their supervisor', () => alive.every((pid) => !fs.existsSync(`/proc/${pid}`)));
    fs.rmSync(path.join(dir, 'redis'), { recursive: true });
    await again();
    const last = await Promise.all(back.map((person) => comeBack(server, person)));
    samePlaces(last);
    assert.ok((await info(server)).recovers_at_ms > Date.now(), 'all of them within the window');
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.equal(Number(metrics.match(/places_put_back_total{[^}]*} (\d+)/)[1]), back.length, 'by nothing but their receipts');
    assert.match(metrics, /stanchion_recovering{[^}]*} 1/);
  } finally {
    await server.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  }
});
