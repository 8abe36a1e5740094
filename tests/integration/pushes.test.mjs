// What visitors hear while they wait: what is left, when all is in other hands, the organizer's message, the end of
// the sale. The line stands still for most of it: only what changed is a reason to speak.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const INTERVAL_MS = 1000; // push.interval_ms_max; how late a busy machine is with it is not judged
let server, buyer, looker, first, second, receipt, sold, seqs;
const set = (...pairs) => server.cli(['event', 'set', server.event, ...pairs]);
const eventNow = async () => (await fetch(`${server.url}/api/v1/events/${server.event}`)).json();
// The next pushed place that fits, from now on.
const nextPlace = (visitor, fits) => visitor.push((push) => push.type === 'place' && fits(push), { after: visitor.pushes.length });

before(async () => {
  const file = path.join(temporaryDirectory(), 'small.csv');
  fs.writeFileSync(file, 'section,row,seat,category,price,currency\nA,1,1,Front,10.00,EUR\nA,1,2,Front,10.00,EUR\nB,1,1,Back,5.00,EUR\n');
  server = await startStanchion({
    flags: ['--gateways', '1', '--push.near_places', '0', '--push.interval_ms_max', String(INTERVAL_MS)], event: file,
  });
  await server.set('tick_ms=100', 'active_cap=2');
  buyer = await visit(server);
  looker = await visit(server);
  await buyer.enter();
  await looker.enter();
  first = await visit(server);
  second = await visit(server);
});

after(async () => server.stop());

// Nobody has to answer it; a peer that does not even acknowledge it is gone.
test('who hears nothing hears a heartbeat, and who hears something does not', async () => {
  const quiet = await startStanchion({ flags: ['--gateways', '1', '--push.heartbeat_ms', '400'], event: 'arena' });
  await quiet.set('admit_per_tick=0');
  const one = await visit(quiet);
  const beats = [];
  one.socket.on('pong', (data) => beats.push(data.length));
  assert.equal((await one.ask({ type: 'join' })).type, 'place');
  await until('three heartbeats', () => beats.length >= 3);
  assert.deepEqual([...new Set(beats)], [0]);
  assert.equal((await one.ask({ type: 'join' })).type, 'place', 'the frames after it are whole');
  await one.close();
  await quiet.stop();
});

describe('while the line stands still', () => {
  test('an answer says what is left and how to come back', async () => {
    const answers = [await first.ask({ type: 'join' }), await second.ask({ type: 'join' })];
    assert.deepEqual(answers.map((answer) => [answer.ahead, answer.free]), [[0, [2, 1]], [1, [2, 1]]]);
    receipt = answers[1].receipt;
    for (const answer of answers) {
      assert.equal(answer.spread_ms, 500);
      assert.ok(!('held_out' in answer) && !('message' in answer) && !('drawing' in answer) && !('recovers_at_ms' in answer));
    }
  });
  test('a changed stock is heard within the interval, though the place is the same', async () => {
    const heard = Promise.all([first, second].map((one) => nextPlace(one, (push) => push.free[0] === 1)));
    assert.equal((await buyer.ask({ type: 'hold', seats: [0] })).type, 'held');
    assert.deepEqual((await heard).map((push) => [push.ahead, push.free, push.held_out]), [[0, [1, 1], undefined], [1, [1, 1], undefined]]);
  });
  test('everything in other hands is not sold out', async () => {
    const heard = Promise.all([first, second].map((one) => nextPlace(one, (push) => push.held_out === true)));
    assert.equal((await buyer.ask({ type: 'hold', seats: [1, 2] })).type, 'held');
    for (const push of await heard) assert.deepEqual([push.free, push.phase], [[0, 0], 'open']);
    const event = await eventNow();
    assert.deepEqual([event.held_out, event.phase, event.categories.map(({ free, total }) => [free, total])], [true, 'open', [[0, 2], [0, 1]]]);
  });
  test('seats that come back are heard', async () => {
    const heard = Promise.all([first, second].map((one) => nextPlace(one, (push) => !('held_out' in push))));
    await buyer.ask({ type: 'release', seats: [2] });
    for (const push of await heard) assert.deepEqual(push.free, [0, 1]);
    assert.equal((await eventNow()).held_out, false);
  });
  test('nothing new is not said', async () => {
    const counts = () => [first, second].map((one) => one.pushes.filter((push) => push.type === 'place').length);
    const told = counts();
    await new Promise((resolve) => setTimeout(resolve, 2.5 * INTERVAL_MS));
    assert.deepEqual(counts(), told);
  });
});

describe('the organizer\'s message', () => {
  test('reaches everyone when it changes, and those who come later', async () => {
    const said = [first, second, buyer].map((one) => one.push('notice', { after: one.pushes.length }));
    assert.equal((await set('message=Doors open at seven – bring your "tickets".')).code, 0);
    for (const notice of await Promise.all(said)) assert.equal(notice.text, 'Doors open at seven – bring your "tickets".');
    assert.equal((await eventNow()).message, 'Doors open at seven – bring your "tickets".');
    assert.equal((await first.ask({ type: 'join' })).message, 'Doors open at seven – bring your "tickets".');
  });
  test('is not repeated with other settings', async () => {
    const before = first.pushes.length;
    await set('claim_ms=50000');
    await until('the setting', async () => (await server.cli(['event', 'show', server.event])).stdout.includes('50000'));
    assert.deepEqual(first.pushes.slice(before).filter((push) => push.type === 'notice'), []);
  });
  test('can be taken back', async () => {
    const said = first.push('notice', { after: first.pushes.length });
    await set('message=');
    assert.equal((await said).text, '');
    assert.ok(!('message' in await first.ask({ type: 'join' })));
  });
  test('has limits', async () => {
    const refused = await set(`message=${'x'.repeat(281)}`);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /281 bytes; expected 0 to 280/);
    assert.notEqual((await set('message=two\nlines')).code, 0);
  });
});

describe('what visitors are foretold', () => {
  const figure = async (name) => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`stanchion_${name}`));
    return Number(line?.split(' ')[1]);
  };
  test('is measured against what came', async () => {
    await server.cli(['event', 'load', path.join(root, 'docs/examples/arena'), '--id', 'arena']);
    await server.setEvent('arena', 'tick_ms=100', 'admit_per_tick=1', 'phase=paused');
    const crowd = await Promise.all(Array.from({ length: 30 }, () => visit(server, { event: 'arena' })));
    const answers = await Promise.all(crowd.map((one) => one.ask({ type: 'join' })));
    await server.setEvent('arena', 'phase=open');
    const last = answers.findIndex((answer) => answer.seq === 30);
    const foretold = await crowd[last].push((push) => push.eta_high_ms > 0);
    assert.ok(foretold.eta_low_ms > 0 && foretold.eta_low_ms <= foretold.eta_high_ms, JSON.stringify(foretold));
    assert.ok(foretold.eta_low_ms < 10_000, JSON.stringify(foretold)); // 3 s when the machine is not busy
    await set('message=still here'); // another event's settings disturb nothing
    await Promise.all(crowd.map((one) => one.push('admitted')));
    const count = await figure('estimate_error_ratio_count{gateway="0"}');
    assert.ok(count > 10, `${count} measured`);
    assert.equal(await figure('estimate_error_ratio_bucket{gateway="0",le="+Inf"}'), count);
    const within = await figure('estimates_within_range_total{gateway="0"}');
    assert.ok(within > 0 && within <= count, `${within} within`);
    assert.ok(await figure('estimate_error_ratio_bucket{gateway="0",le="5"}') > count / 2); // a busy machine is late with its ticks
    for (const one of crowd) await one.close();
  });
  test('is nothing while the event is paused', async () => {
    await server.setEvent('arena', 'phase=paused');
    const [ahead, behind] = [await visit(server, { event: 'arena' }), await visit(server, { event: 'arena' })];
    for (const one of [ahead, behind]) assert.ok(!('eta_low_ms' in await one.ask({ type: 'join' })));
    await ahead.ask({ type: 'leave' });
    assert.ok(!('eta_low_ms' in await behind.push('place')));
  });
});

describe('when all is sold', () => {
  test('who waits hears it, and is then disconnected with 1000', async () => {
    seqs = [first, second].map((one) => one.pushes.filter((push) => push.type === 'place').at(-1).seq);
    const said = [first, second].map((one) => one.push((push) => push.type === 'phase' && push.phase === 'sold_out', { after: one.pushes.length }));
    await buyer.ask({ type: 'hold', seats: [2] });
    const { order } = await buyer.ask({ type: 'checkout' });
    await buyer.ask({ type: 'pay', order, card: '4242424242424242' });
    await buyer.push('confirmed');
    sold = order;
    await Promise.all(said);
    const from = Date.now();
    assert.deepEqual(await Promise.all([first.ended, second.ended]), [1000, 1000]);
    assert.ok(Date.now() - from > 1500, 'not before the page could show it');
    assert.ok(Date.now() - from < 60_000);
    assert.deepEqual([buyer.closed, looker.closed], [null, null], 'who is inside is left alone');
    assert.equal((await eventNow()).held_out, false, 'sold is not held');
    const again = await visit(server, { cookie: second.cookie });
    const place = await again.ask({ type: 'resume', receipt });
    assert.deepEqual([place.type, place.seq, place.phase], ['place', seqs[1], 'sold_out']);
    assert.equal(await again.ended, 1000);
  });
  test('a standby line stays connected, and who was sent home stands where they stood', async () => {
    assert.equal((await set('standby=1')).code, 0);
    await until('the standby line', async () => (await eventNow()).standby);
    const stays = await visit(server, { cookie: second.cookie });
    assert.equal((await stays.ask({ type: 'resume', receipt })).seq, seqs[1]);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    assert.equal(stays.closed, null);
    const moved = stays.push((push) => push.type === 'place' && push.ahead === 0, { after: stays.pushes.length });
    assert.equal((await server.cli(['orders', 'refund', sold, '--seats', '2'])).code, 0);
    const returned = await visit(server, { cookie: first.cookie });
    const joined = await returned.ask({ type: 'join' }); // first in line: the seat that came back is theirs to take
    const admitted = joined.type === 'admitted' ? joined : await returned.push('admitted');
    assert.equal(admitted.seq, seqs[0]);
    assert.deepEqual([(await moved).seq, (await moved).free], [seqs[1], [0, 1]]);
    const closed = stays.push((push) => push.type === 'phase' && push.phase === 'closed');
    assert.equal((await server.cli(['event', 'close', server.event])).code, 0);
    await closed;
    const from = Date.now();
    assert.equal(await stays.ended, 1000, 'a sale that is over has no line, whatever is left to sell');
    assert.ok(Date.now() - from > 1500, 'not before the page could show it');
  });
});
