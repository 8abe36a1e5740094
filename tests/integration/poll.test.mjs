// Polls: the protocol over plain HTTP, against a running server with two gateways. Every request opens a connection of
// its own, so that it may meet either of them: nothing may depend on which.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { metricOfEach } from '../support/gateways.mjs';
import { Poller as AnyPoller, post as postTo } from '../support/poller.mjs';
import { answers, exchange, status } from '../support/raw.mjs';
import { root, sleep, startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const POLLS_PER_VISITOR_MAX = 8;
const AT_ONCE_MS = 10_000; // on a busy machine; those who wait wait 20 s
let server;
class Poller extends AnyPoller {
  constructor() { super(server); }
}
const post = (...request) => postTo(server, ...request);

before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' });
  await set('admit_per_tick=0', 'tick_ms=200');
});
after(async () => {
  const end = await server.stop();
  assert.equal(end.code, 0);
  assert.doesNotMatch(end.log, /Sanitizer|runtime error|Assertion/);
});

const set = (...settings) => server.set(...settings);
const pollsUnderWay = async () => (await metricOfEach(server, 'polls')).reduce((sum, count) => sum + count, 0);

describe('what a poll says', () => {
  test('a place and a cookie; the same place by cookie, by receipt and over a socket', async () => {
    const one = new Poller();
    const place = await one.join();
    assert.equal(place.type, 'place');
    assert.equal(place.re, 1);
    assert.match(one.cookie, /^stanchion_visitor=/);
    assert.equal((await one.join()).seq, place.seq);
    const { body } = await one.poll([{ type: 'resume', id: 7, receipt: one.receipt }]);
    assert.deepEqual([body.messages[0].re, body.messages[0].seq], [7, place.seq]);
    const socket = await visit(server, { cookie: one.cookie });
    assert.equal((await socket.ask({ type: 'join' })).seq, place.seq);
    await socket.close();
  });
  test('without a cookie, a receipt says who it is, and the cookie is given', async () => {
    const one = new Poller();
    const place = await one.join();
    const { body, headers } = await post(`/api/v1/events/arena/poll`, { messages: [{ type: 'resume', receipt: one.receipt }] });
    assert.equal(body.messages[0].seq, place.seq);
    assert.equal(headers['set-cookie'][0].split(';')[0], one.cookie);
    assert.match(headers['set-cookie'][0], /HttpOnly; SameSite=Lax/);
  });
  test('messages are carried out in order, each after the answer of the one before', async () => {
    const one = new Poller();
    const { body } = await one.poll([{ type: 'join', id: 1 }, { type: 'leave', id: 2 }, { type: 'leave', id: 3 }, { type: 'join', id: 4 }]);
    const told = body.messages.map(({ re, type, code }) => [re, code ?? type]);
    assert.deepEqual(told, [[1, 'place'], [2, 'left'], [3, 'no_place'], [4, 'place']]);
    assert.ok(body.messages[3].seq > body.messages[0].seq);
  });
  test('another visitor\'s receipt is refused', async () => {
    const [one, other] = [new Poller(), new Poller()];
    await one.join();
    await other.join();
    const { body } = await other.poll([{ type: 'resume', receipt: one.receipt }]);
    assert.equal(body.messages[0].code, 'receipt_other_visitor');
  });
});

describe('how long a poll takes', () => {
  test('the example of docs/protocol.md is taken as it is written, with a receipt of our own', async () => {
    const text = fs.readFileSync(path.join(root, 'docs/protocol.md'), 'utf8').split('## 8.')[1].match(/```\n(.*?)\n```/s)[1];
    const one = new Poller();
    await one.join();
    const { status: code, body, ms } = await post('/api/v1/events/arena/poll', text.replace('r1.eyJ...', one.receipt), { Cookie: one.cookie });
    assert.deepEqual([code, body.messages[0].type, body.messages[0].re], [200, 'place', 1]);
    assert.ok(ms < AT_ONCE_MS, 'we are not where the example is');
  });
  test('nothing new: the time to wait, and not more', async () => {
    const one = new Poller();
    await one.join();
    const ahead = await one.aheadEverywhere();
    const { ms, body } = await one.poll([{ type: 'resume', receipt: one.receipt, known: { type: 'place', ahead } }], 1200);
    assert.equal(body.messages.length, 1, JSON.stringify(body));
    assert.ok(ms >= 1150 && ms < AT_ONCE_MS, `${ms} ms`);
    assert.ok((await one.poll([{ type: 'resume', receipt: one.receipt }])).ms < AT_ONCE_MS);
  });
  test('an answer that is news to the client, or an error, does not wait', async () => {
    const one = new Poller();
    const { ahead } = await one.join();
    const resume = { type: 'resume', receipt: one.receipt };
    assert.ok((await one.poll([{ ...resume, known: { ahead: ahead + 1 } }], 20_000)).ms < AT_ONCE_MS);
    assert.ok((await one.poll([{ ...resume, known: { phase: 'paused' } }], 20_000)).ms < AT_ONCE_MS);
    assert.ok((await one.poll([resume, { type: 'nothing' }], 20_000)).ms < AT_ONCE_MS);
    assert.ok((await one.poll([{ ...resume, known: { message: 'Doors at eight' } }], 20_000)).ms < AT_ONCE_MS, 'taken back');
    assert.ok((await one.poll([{ ...resume, known: { message: null } }], 800)).ms > 750, 'there was none');
  });
  test('other stock than known is pushed at the next tick, not before', async () => {
    const one = new Poller();
    const { free } = await one.join();
    const ahead = await one.aheadEverywhere();
    const resume = { type: 'resume', receipt: one.receipt };
    const { ms, body } = await one.poll([{ ...resume, known: { ahead, free: free.map((left) => left + 1) } }], 20_000);
    assert.deepEqual(body.messages.map(({ type }) => type), ['place', 'place']);
    assert.deepEqual(body.messages[1].free, free);
    assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
    const quiet = await one.poll([{ ...resume, known: { ahead, free } }], 900);
    assert.equal(quiet.body.messages.length, 1, JSON.stringify(quiet.body));
  });
  test('a push ends it: somebody in front leaves', async () => {
    const [front, back] = [new Poller(), new Poller()];
    await front.join();
    await back.join();
    const ahead = await back.aheadEverywhere();
    const waiting = back.poll([{ type: 'resume', receipt: back.receipt, known: { ahead } }], 20_000);
    await until('it waits', async () => await pollsUnderWay() === 1);
    await front.poll([{ type: 'leave' }]);
    const { ms, body } = await waiting;
    assert.deepEqual(body.messages.slice(1).map(({ type, ahead: now }) => [type, now]), [['place', ahead - 1]]);
    assert.ok(ms < 19_000, `${ms} ms`);
  });
  test('the end of the wait tells a place that was too far back to be pushed', async () => {
    const others = Array.from({ length: 230 }, () => new Poller());
    for (let at = 0; at < others.length; at += 23) await Promise.all(others.slice(at, at + 23).map((one) => one.join()));
    const back = new Poller();
    await back.join();
    const ahead = await back.aheadEverywhere();
    assert.ok(ahead >= 230);
    const waiting = back.poll([{ type: 'resume', receipt: back.receipt, known: { ahead } }], 5000);
    await until('it waits', async () => await pollsUnderWay() === 1);
    await others[0].poll([{ type: 'leave' }]);
    const { body } = await waiting;
    assert.equal(body.messages.length, 2, JSON.stringify(body));
    assert.equal(body.messages.at(-1).ahead, ahead - 1);
    await Promise.all(others.slice(1).map((one) => one.poll([{ type: 'leave' }])));
  });
});

describe('who may poll, and how much', () => {
  const where = '/api/v1/events/arena/poll';
  test('bad requests are named', async () => {
    const refused = async (body, headers) => { const answer = await post(where, body, headers); return [answer.status, answer.body.error]; };
    assert.deepEqual(await refused('{'), [400, 'bad_json']);
    assert.deepEqual(await refused(''), [400, 'bad_json']);
    assert.deepEqual(await refused('[]'), [400, 'bad_json']);
    assert.deepEqual(await refused({}), [400, 'bad_message']);
    assert.deepEqual(await refused({ messages: {} }), [400, 'bad_message']);
    assert.deepEqual(await refused({ messages: Array(9).fill({ type: 'join' }) }), [400, 'bad_message']);
    for (const wait of [-1, 25_001, 1.5, '5', null]) assert.deepEqual(await refused({ messages: [], wait_ms: wait }), [400, 'bad_message']);
    assert.deepEqual(await refused({ messages: [] }, { Origin: 'https://evil.example' }), [403, 'bad_origin']);
    assert.deepEqual(await refused('x'.repeat(70_000)), [413, 'too_large']);
    assert.equal((await post('/api/v1/events/nothing/poll', { messages: [] })).status, 404);
    assert.equal((await post(`/api/v1/events/${'a'.repeat(60)}/poll`, { messages: [] })).status, 404);
    assert.equal((await fetch(server.url + where)).status, 405);
  });
  test('bad messages have the errors of the socket', async () => {
    const { body } = await new Poller().poll([1, null, {}, { type: 5 }, { type: 'join', id: -1 }, { type: 'nothing' }, { type: 'hold', seats: [1] }]);
    assert.deepEqual(body.messages.map(({ code }) => code),
      ['bad_json', 'bad_json', 'bad_message', 'bad_message', 'bad_message', 'unknown_message', 'not_admitted']);
  });
  test('a visitor has eight polls at once at a gateway: the oldest gives way', async () => {
    const one = new Poller(), count = 3 * POLLS_PER_VISITOR_MAX;
    await one.aheadEverywhere();
    const ends = [];
    for (let i = 0; i < count; i++) {
      one.poll([{ type: 'resume', receipt: one.receipt }], 20_000).then(({ ms, body }) => ends.push([i, ms, JSON.stringify(body)]));
      await until('it is there', async () => await pollsUnderWay() + ends.length > i);
    }
    await until('the polls are over', () => ends.length === count);
    const early = ends.filter(([, ms]) => ms < 19_000).map(([i]) => i);
    assert.ok(early.length >= POLLS_PER_VISITOR_MAX, `only ${early.length} gave way`);
    assert.ok(!early.includes(count - 1), `the last one waits its time: ${ends.find(([i]) => i === count - 1)}`);
  });
  test('a client that hangs up is noticed', async () => {
    const one = new Poller();
    await one.join();
    let request;
    one.poll([{ type: 'resume', receipt: one.receipt }], 20_000, (its) => { request = its; }).catch(() => {});
    await until('it polls', async () => await pollsUnderWay() === 1);
    request.destroy();
    await until('it is gone', async () => await pollsUnderWay() === 0);
  });
});

describe('a connection that is used again', () => {
  const request = (body, more = '') => `POST /api/v1/events/arena/poll HTTP/1.1\r\nHost: l\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
  const short = '{"messages":[]}', long = '{"wait_ms":700,"messages":[]}';
  test('poll after poll on one connection', async () => {
    const { text } = await exchange(server.port, [request(long), 1000, request(long), 1000, request(short)], { isDone: answers(3) });
    assert.equal(text.match(/HTTP\/1\.1 200/g).length, 3, text);
  });
  test('a poll sent while the one before waits is answered after it', async () => {
    const { text } = await exchange(server.port, [request(long), 200, request(short)], { isDone: answers(2) });
    assert.equal(text.match(/HTTP\/1\.1 200/g).length, 2, text);
  });
  test('two in one packet: the second is refused, nothing hangs', async () => {
    const { text, closed } = await exchange(server.port, [request(short) + request(short)], { isDone: answers(2) });
    assert.equal(status(text), 200);
    assert.match(text, /HTTP\/1\.1 400 .*pipelined/s);
    assert.ok(closed);
    assert.equal((await new Poller().join()).type, 'place');
  });
  test('half a body, and the end: no poll', async () => {
    const { text } = await exchange(server.port, [request(short).slice(0, -5)], { quietMs: 500, isDone: () => true });
    assert.equal(text, '');
    await until('nobody polls', async () => await pollsUnderWay() === 0);
  });
});

describe('the whole way by polls', () => {
  const inside = async () => {
    const one = new Poller();
    if ((await one.join()).type === 'place') await one.until('admitted');
    return one;
  };
  test('join, wait, admitted, seats, paid, tickets', async () => {
    await set('admit_per_tick=50');
    const one = await inside();
    const [map] = await one.inside([{ type: 'map' }]);
    assert.equal(map.type, 'map');
    const [held] = await one.inside([{ type: 'hold', seats: [117, 118] }]);
    assert.deepEqual(held.seats, [117, 118]);
    const changed = (await one.inside([{ type: 'map', known: { version: map.version } }], 20_000))[0];
    assert.ok(changed.version > map.version, 'a map that has changed since is news');
    const [payment] = await one.inside([{ type: 'checkout' }]);
    const declined = await one.pay(payment.order, '4000000000000002');
    assert.equal(declined.type, 'declined');
    const [again] = await one.inside([{ type: 'checkout' }]);
    const paid = await one.pay(again.order, '4242424242424242');
    assert.equal(paid.type, 'confirmed');
    const { body } = await one.poll([{ type: 'tickets' }]);
    assert.deepEqual(body.messages.find(({ type }) => type === 'tickets').orders[0].tickets, paid.tickets);
  });
  // A gateway tells several changes at once, and the changes of before it was asked once more: so whatever else is told,
  // somebody takes seats until a poll that was under way ends with one of them.
  test('a change of the map ends a poll that shows it', async () => {
    const [looker, buyer] = [await inside(), await inside()];
    let seat = 200;
    await until('a change is pushed', async () => {
      const polled = looker.inside([{ type: 'map' }], 3000);
      await sleep(300);
      const taken = ++seat;
      assert.equal((await buyer.inside([{ type: 'hold', seats: [taken] }]))[0].type, 'held');
      const pushes = (await polled).slice(1);
      await buyer.inside([{ type: 'release' }]);
      return pushes.some((push) => push.type === 'seats' && push.held.includes(taken));
    });
    for (const one of [looker, buyer]) await one.inside([{ type: 'leave' }]);
  });
  test('what a visitor does in one page ends the poll of another', async () => {
    const one = await inside();
    await one.inside([{ type: 'hold', seats: [150, 151] }]);
    const waiting = one.inside([], 20_000);
    await until('it waits', async () => await pollsUnderWay() === 1);
    const [released] = await one.inside([{ type: 'release', seats: [151] }]);
    assert.deepEqual(released.seats, [150]);
    const told = (await waiting).filter(({ type }) => type === 'held');
    assert.deepEqual(told.map(({ seats }) => seats), [[150]]);
    await one.inside([{ type: 'leave' }]);
  });
  test('a turn that is not taken, and one that is left', async () => {
    const one = await inside();
    const { body } = await one.poll([{ type: 'resume', receipt: one.receipt, id: 1 }, { type: 'leave', id: 2 }]);
    assert.equal(body.messages.find(({ re }) => re === 2).type, 'left');
    const late = (await one.poll([{ type: 'resume', receipt: one.receipt, id: 1 }, { type: 'enter', pass: one.pass, id: 2 }])).body;
    assert.deepEqual(late.messages.map(({ code }) => code), ['receipt_gone', 'pass_expired']);
  });
});

describe('when gateways go', () => {
  test('a gateway that is going away says so and loses nobody', async () => {
    await set('admit_per_tick=0');
    const many = Array.from({ length: 6 }, () => new Poller());
    const seqs = await Promise.all(many.map(async (one) => (await one.join()).seq));
    for (const one of many) await one.aheadEverywhere(); // no place moves any more, which would end a poll
    const waiting = many.map((one) => one.poll([{ type: 'resume', receipt: one.receipt }], 20_000));
    await until('they wait', async () => await pollsUnderWay() === many.length);
    for (const [name, pid] of Object.entries(server.children())) if (name.startsWith('gateway')) process.kill(pid, 'SIGTERM');
    for (const answer of await Promise.all(waiting)) {
      // not always the last: the answer may still be on its way from Redis
      assert.ok(answer.body.messages.some(({ type }) => type === 'reconnect'), JSON.stringify(answer.body));
      assert.equal(answer.headers.connection, 'close');
    }
    await until('the gateways are back', async () => (await fetch(`${server.url}/healthz`).catch(() => ({}))).status === 200);
    for (const [i, one] of many.entries()) {
      const place = await until('a place', async () => (await one.poll([{ type: 'resume', receipt: one.receipt }]).catch(() => null))?.body.messages?.find(({ seq }) => seq));
      assert.equal(place.seq, seqs[i]);
    }
  });
  test('beyond what a gateway takes: 503 full, and when to come back', { timeout: 180_000 }, async () => {
    const agent = new http.Agent({ maxSockets: Infinity });
    const answers = new Map(), open = [];
    const started = Array.from({ length: 9000 }, (_, i) => i);
    while (started.length > 0 && !answers.has(503)) {
      await Promise.all(started.splice(0, 250).map(() => new Promise((resolve) => {
        const one = http.request(`${server.url}/api/v1/events/arena/poll`, { method: 'POST', agent }, (answer) => {
          let text = '';
          answer.on('data', (data) => { text += data; });
          answer.on('end', () => answers.set(answer.statusCode, { headers: answer.headers, body: JSON.parse(text) }));
        });
        one.on('error', () => {});
        one.on('finish', resolve);
        one.end('{"wait_ms":25000,"messages":[]}');
        open.push(one);
      })));
      await sleep(30);
    }
    open.forEach((one) => one.destroy());
    assert.ok(answers.has(503), `all of ${open.length} were taken`);
    const { headers, body } = answers.get(503);
    assert.equal(body.error, 'full');
    assert.equal(Number(headers['retry-after']), body.retry_s);
    await until('they are gone', async () => await pollsUnderWay() === 0);
    assert.equal((await new Poller().join()).type, 'place', 'there is room again');
  });
});
