// What one tab of a visitor does, all others see, at whichever gateway they are; and what is given back or runs out is free
// on everybody's map at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { askRedis } from '../support/redis.mjs';
import { sleep, startStanchion } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const TABS = 8; // all at one of two gateways: once in 128 runs, and then less is shown
const FREED_MS_MAX = 20_000; // 250 ms to the sweep, 200 ms to the push, and room for a busy machine

let server;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' });
  await server.set('tick_ms=100');
});
after(async () => { await server?.stop(); });

async function openTabs(count) {
  const first = await visit(server);
  await first.enter();
  const tabs = [];
  for (let i = 0; i < count; i++) {
    const tab = await visit(server, { cookie: first.cookie });
    assert.equal((await tab.enter()).type, 'entered');
    tabs.push(tab);
  }
  return [first, ...tabs];
}
const ofBasket = ({ type }) => ['held', 'released', 'payment'].includes(type);

test('all tabs of a visitor show the same basket', async () => {
  const tabs = await openTabs(TABS), [first, second] = tabs;
  const seen = tabs.map(() => 0);
  // Each of the others gets exactly this push, whoever asked gets none.
  const expectPush = async (asker, type, seats) => {
    for (const [i, tab] of tabs.entries()) {
      if (tab === asker) continue;
      const push = await tab.push(ofBasket, { after: seen[i] });
      assert.deepEqual([push.type, push.seats], [type, seats]);
      seen[i] = tab.pushes.indexOf(push) + 1;
    }
    seen[tabs.indexOf(asker)] = asker.pushes.length;
  };
  assert.equal((await first.ask({ type: 'hold', seats: [10, 11] })).type, 'held');
  await expectPush(first, 'held', [10, 11]);
  assert.deepEqual((await second.ask({ type: 'release', seats: [10] })).seats, [11]);
  await expectPush(second, 'held', [11]);
  assert.equal((await first.ask({ type: 'release' })).type, 'released');
  await expectPush(first, 'released', []);
  assert.equal((await second.ask({ type: 'hold', seats: [12] })).type, 'held');
  await expectPush(second, 'held', [12]);
  const { order } = await first.ask({ type: 'checkout' });
  await expectPush(first, 'payment', [12]);
  assert.equal((await second.ask({ type: 'checkout' })).order, order, 'the same payment');
  assert.equal((await second.ask({ type: 'release' })).type, 'released');
  for (const tab of tabs) assert.equal((await tab.push((push) => push.type === 'unsold' && push.order === order)).reason, 'given_up');
  assert.equal((await first.ask({ type: 'hold', area: 0, count: 1 })).type, 'held');
  const [, ...others] = tabs;
  for (const tab of others) assert.equal((await tab.push((push) => push.type === 'held' && push.seats[0] > 100)).seats.length, 1);
  const bought = await second.ask({ type: 'checkout' });
  await second.ask({ type: 'pay', order: bought.order, card: '4242424242424242' });
  for (const tab of tabs) assert.equal((await tab.push('confirmed')).order, bought.order);
  await sleep(2500); // what would be looked at later
  for (const [i, tab] of tabs.entries()) {
    assert.equal(tab.pushes.filter((push) => push.type === 'released').length, tab === first ? 0 : 1, 'a sale is no release');
    const types = tab.pushes.filter(ofBasket).map((push) => push.type);
    if (i > 1) assert.deepEqual(types.slice(0, 6), ['held', 'held', 'released', 'held', 'payment', 'held']); // and perhaps the payment that was so short
  }
  await Promise.all(tabs.map((tab) => tab.close()));
});

test('what is given back, and what runs out, is free on all maps at once', async (t) => {
  const watchers = [];
  for (let i = 0; i < 4; i++) {
    const watcher = await visit(server);
    await watcher.enter();
    assert.equal((await watcher.ask({ type: 'map' })).type, 'map');
    watcher.freed = new Map();
    watcher.socket.on('message', (data) => {
      const message = JSON.parse(data);
      if (message.type === 'seats') for (const seat of message.free) watcher.freed.set(seat, Date.now());
    });
    watchers.push(watcher);
  }
  const holders = await Promise.all(Array.from({ length: 12 }, async (_, i) => {
    const holder = await visit(server);
    await holder.enter();
    assert.equal((await holder.ask({ type: 'hold', seats: [200 + i] })).type, 'held');
    return holder;
  }));
  for (const watcher of watchers) // what comes and goes between two pushes is never told
    for (let seat = 200; seat < 212; seat++) await watcher.push((push) => push.type === 'seats' && push.held.includes(seat));
  const wait = (seat) => Promise.all(watchers.map(async (watcher) => {
    await watcher.push((push) => push.type === 'seats' && push.free.includes(seat));
    return watcher.freed.get(seat);
  }));
  const lates = { released: [], expired: [] };
  const released = holders.slice(0, 6).map(async (holder, i) => {
    const start = Date.now();
    assert.equal((await holder.ask({ type: 'release' })).type, 'released');
    lates.released.push(...(await wait(200 + i)).map((at) => at - start));
  });
  // The others' time is over at moments of their own.
  const visitors = (await askRedis(server, 'ZRANGE', 'ev:arena:holds', '0', '-1'));
  const expired = [];
  for (const visitor of visitors) {
    const held = await askRedis(server, 'HGET', 'ev:arena:held', visitor); // it ends with four bytes for each seat (docs/redis.md)
    const seat = held ? held.charCodeAt(held.length - 4) << 16 | held.charCodeAt(held.length - 3) << 8 | held.charCodeAt(held.length - 2) : -1;
    if (!(seat >= 206)) continue;
    const deadline = Date.now() + 500 + 137 * (seat - 206);
    await askRedis(server, 'ZADD', 'ev:arena:holds', 'XX', String(deadline), visitor);
    expired.push(wait(seat).then((at) => lates.expired.push(...at.map((ms) => ms - deadline))));
  }
  await Promise.all([...released, ...expired]);
  assert.equal(lates.expired.length, 24);
  for (const [what, list] of Object.entries(lates)) {
    list.sort((a, b) => a - b);
    t.diagnostic(`${what}: seen as free after ${list[0]} to ${list.at(-1)} ms, median ${list[list.length / 2]} ms`);
    assert.ok(list[0] >= 0, `${what} before its time: ${list[0]} ms`);
    assert.ok(list.at(-1) < FREED_MS_MAX, `${what} late: ${list.at(-1)} ms`);
  }
  await Promise.all([...holders, ...watchers].map((visitor) => visitor.close()));
});

test('who leaves in one tab has left in all, also those that were not there to hear it', async () => {
  const leaveAll = async (tabs) => {
    const [first, ...others] = tabs;
    assert.equal((await first.ask({ type: 'leave' })).type, 'left');
    for (const tab of others) await tab.push('left');
    assert.ok(tabs.every((tab) => !tab.pushes.some(({ type }) => type === 'expired')), 'nobody has missed a turn');
    assert.equal(first.pushes.some(({ type }) => type === 'left'), false, 'who asked is answered only');
    return others[0];
  };
  const isLeftFor = async (tab, receipt) => {
    const told = await tab.ask({ type: 'resume', receipt });
    assert.deepEqual([told.code, told.reason], ['receipt_gone', 'left']);
  };
  const turns = await openTabs(TABS);
  const { receipt } = await turns[0].ask({ type: 'join' });
  await isLeftFor(await leaveAll(turns), receipt);
  await server.set('admit_per_tick=0');
  const first = await visit(server);
  const line = [first, ...await Promise.all(Array.from({ length: TABS }, () => visit(server, { cookie: first.cookie })))];
  const places = await Promise.all(line.map((tab) => tab.ask({ type: 'join' })));
  assert.deepEqual([...new Set(places.map(({ seq }) => seq))], [places[0].seq]);
  const other = await leaveAll(line);
  // A new place of the same visitor is none of those that were left.
  const again = await first.ask({ type: 'join' });
  assert.ok(again.seq > places[0].seq);
  await other.ask({ type: 'resume', receipt: again.receipt });
  await first.ask({ type: 'leave' });
  await server.set('admit_per_tick=50');
  const passing = await visit(server);
  await passing.enter();
  await isLeftFor(other, places[0].receipt); // though the head has passed it
  await Promise.all([...turns, ...line, passing].map((tab) => tab.close()));
});
