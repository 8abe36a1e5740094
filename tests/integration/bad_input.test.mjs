// Every wrong word over the socket gets its own error, changes nothing, and disturbs nobody.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sleep, startStanchion } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server, visitor, other;

before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  const second = await server.cli(['event', 'load', 'docs/examples/arena', '--id', 'second']);
  assert.equal(second.code, 0, second.stderr);
  await server.setEvent('second', 'phase=open');
  await server.set('tick_ms=100', 'claim_ms=300000');
  visitor = await visit(server);
  other = await visit(server);
});

after(async () => {
  await visitor.close();
  await other.close();
  await server.stop();
});

const code = async (request, who = visitor) => (await who.ask(request)).code;

describe('before a turn', () => {
  const raw = async (text, who = visitor) => {
    const seen = who.pushes.length;
    who.say(text);
    return (await who.push('error', { after: seen })).code;
  };
  test('not JSON', async () => {
    for (const text of ['', '{', '[]', '"x"', '{"type":"join"', '{"a":1,"a":2}', '{"type":"hold","id":1e400}',
      '{"type":"hold","id":99999999999999999999}', '['.repeat(3000), '{"type":"jo\\u0000in"}']) {
      assert.equal(await raw(text), 'bad_json', text.slice(0, 40));
      await new Promise((done) => setTimeout(done, 30));
    }
  });
  test('wrong fields', async () => {
    for (const text of ['{}', '{"type":5}', '{"type":"join","id":-1}', '{"type":"join","id":"1"}', '{"type":"join","id":1.5}']) {
      assert.equal(await raw(text), 'bad_message', text);
    }
  });
  test('unknown message, by name', async () => {
    const answer = await visitor.ask({ type: 'dance' });
    assert.equal(answer.code, 'unknown_message');
    assert.match(answer.message, /dance/);
  });
  test('unknown fields are ignored', async () => {
    const answer = await visitor.ask({ type: 'join', future: { deep: [1] } });
    assert.ok(['place', 'admitted'].includes(answer.type));
    assert.equal((await visitor.ask({ type: 'leave' })).type, 'left');
  });
  test('what needs a turn', async () => {
    for (const request of [{ type: 'hold', seats: [1] }, { type: 'map' }]) assert.equal(await code(request), 'not_admitted');
    assert.equal(await code({ type: 'leave' }), 'no_place');
    assert.equal(await code({ type: 'checkout' }), 'no_hold');
    assert.equal(await code({ type: 'pay', order: 'o_x', card: '4242424242424242' }), 'no_such_order');
  });
});

describe('receipts and passes', () => {
  test('forged, damaged, of another kind', async () => {
    const mine = await other.ask({ type: 'join' });
    const damaged = `${mine.receipt.slice(0, 30)}${mine.receipt[30] === 'A' ? 'B' : 'A'}${mine.receipt.slice(31)}`;
    for (const receipt of ['', 'x', 'r1.abc.def', damaged, mine.receipt.replace('r1', 'p1'), 'x'.repeat(5000)]) {
      assert.equal(await code({ type: 'resume', receipt }, other), 'receipt_invalid', receipt.slice(0, 20));
      assert.equal(await code({ type: 'enter', pass: receipt }, other), 'pass_invalid', receipt.slice(0, 20));
    }
    assert.equal(await code({ type: 'resume', receipt: 7 }, other), 'bad_message');
    assert.equal(await code({ type: 'enter' }, other), 'bad_message');
  });
  test('for another event', async () => {
    const elsewhere = await visit(server, { event: 'second', cookie: other.cookie });
    const there = await elsewhere.ask({ type: 'join' });
    const pass = there.pass ?? (await elsewhere.push('admitted')).pass;
    assert.equal(await code({ type: 'resume', receipt: there.receipt }, other), 'receipt_other_event');
    assert.equal(await code({ type: 'enter', pass }, other), 'pass_other_event');
    await elsewhere.close();
  });
  test('for another visitor', async () => {
    const joined = await other.ask({ type: 'join' });
    const pass = joined.pass ?? (await other.push('admitted')).pass;
    assert.equal(await code({ type: 'enter', pass }, visitor), 'pass_other_visitor');
    const known = await visit(server, { cookie: visitor.cookie });
    assert.equal(await code({ type: 'resume', receipt: joined.receipt }, known), 'receipt_other_visitor');
    await known.close();
  });
  test('of a place that was left', async () => {
    const guest = await visit(server);
    const { receipt } = await guest.ask({ type: 'join' });
    await guest.ask({ type: 'leave' });
    assert.equal(await code({ type: 'resume', receipt }, guest), 'receipt_gone');
    await guest.close();
  });
  test('an expired pass', async () => {
    const late = await visit(server, { event: 'second' });
    await server.setEvent('second', 'claim_ms=5000', 'tick_ms=100');
    const joined = await late.ask({ type: 'join' });
    const admitted = joined.pass ? joined : await late.push('admitted');
    const expired = await late.push('expired', { msMax: 120_000 });
    assert.equal(expired.reason, 'no_show');
    assert.equal(await code({ type: 'enter', pass: admitted.pass }, late), 'pass_expired');
    await late.close();
  });
});

describe('during a turn', () => {
  test('a pass goes on past its end when the turn was claimed in time', async () => {
    const slow = await visit(server, { event: 'second' }); // where a turn is to be claimed within 5 s
    const joined = await slow.ask({ type: 'join' });
    const admitted = joined.type === 'admitted' ? joined : await slow.push('admitted');
    assert.equal((await slow.ask({ type: 'enter', pass: admitted.pass })).type, 'entered');
    await sleep(admitted.deadline_ms - admitted.server_ms + 500);
    const again = await visit(server, { event: 'second', cookie: slow.cookie });
    assert.equal((await again.ask({ type: 'enter', pass: admitted.pass })).type, 'entered');
    await again.ask({ type: 'leave' });
    assert.equal(await code({ type: 'enter', pass: admitted.pass }, again), 'pass_expired');
    for (const one of [slow, again]) await one.close();
  });
  test('seats that do not exist, too many, taken, wrong types', async () => {
    const entered = await other.enter();
    assert.equal(entered.type, 'entered');
    assert.equal(await code({ type: 'hold', seats: [10_000_000] }, other), 'no_such_seat');
    assert.equal(await code({ type: 'hold', seats: [-1] }, other), 'no_such_seat');
    assert.equal(await code({ type: 'hold', seats: [Number.MAX_SAFE_INTEGER] }, other), 'no_such_seat');
    assert.equal(await code({ type: 'hold', seats: Array.from({ length: 10_000 }, (_, i) => i) }, other), 'too_many_seats');
    assert.equal(await code({ type: 'hold', seats: [] }, other), 'bad_message');
    assert.equal(await code({ type: 'hold', seats: ['1'] }, other), 'bad_message');
    assert.equal(await code({ type: 'hold', seats: [1.5] }, other), 'bad_message');
    assert.equal(await code({ type: 'hold', seats: { 0: 1 } }, other), 'bad_message');
    assert.equal(await code({ type: 'hold', area: 63, count: 1 }, other), 'no_such_seat');
    assert.equal(await code({ type: 'hold', area: 0, count: 0 }, other), 'bad_message');
    assert.equal(await code({ type: 'hold', area: 0, count: 1_000_000 }, other), 'too_many_seats');
    assert.equal(await code({ type: 'release' }, other), undefined);
    assert.equal(await code({ type: 'pay', order: 5, card: '4242424242424242' }, other), 'bad_message');
    assert.equal(await code({ type: 'pay', order: 'o_nothing', card: 'abc' }, other), 'bad_message');
    assert.equal(await code({ type: 'pay', order: 'o_nothing', card: '4242424242424242' }, other), 'no_such_order');
  });
  test('two want the same seat: one gets it, the other is told which', async () => {
    const rival = await visit(server);
    await rival.enter();
    assert.equal((await other.ask({ type: 'hold', seats: [100, 101] })).type, 'held');
    const refused = await rival.ask({ type: 'hold', seats: [101, 102] });
    assert.deepEqual([refused.code, refused.seats], ['seat_taken', [101]]);
    assert.equal((await rival.ask({ type: 'hold', seats: [102] })).type, 'held', 'nothing of the refused hold stayed');
    await rival.ask({ type: 'leave' });
    await rival.close();
  });
});
