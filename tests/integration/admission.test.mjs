// Admission as visitors meet it on several gateways.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { everyGatewayKnows } from '../support/gateways.mjs';
import { sleep, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' }); });
after(async () => { await server?.stop(); });

const set = (...pairs) => server.set(...pairs);

const inside = async () => (await (await fetch(`${server.url}/api/v1/events/arena`)).json()).inside;

async function buy(visitor) {
  const map = await visitor.ask({ type: 'map' });
  const states = Buffer.from(map.states, 'base64');
  const seat = [...Array(states.length * 4).keys()].find((i) => ((states[i >> 2] >> (2 * (i & 3))) & 3) === 0);
  assert.equal((await visitor.ask({ type: 'hold', seats: [seat] })).type, 'held');
  const { order } = await visitor.ask({ type: 'checkout' });
  await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
  await visitor.push('confirmed');
}

describe('refill at once', () => {
  test('who has bought or left is followed at once, not at the next tick', async () => {
    await set('tick_ms=100', 'active_cap=1', 'admit_per_tick=5', 'refill_at_once=1');
    const visitors = [];
    for (let i = 0; i < 3; i++) {
      visitors.push(await visit(server));
      await visitors[i].ask({ type: 'join' });
    }
    const [first, second, third] = visitors;
    const { pass } = await first.push('admitted');
    await set('tick_ms=60000');
    await first.ask({ type: 'enter', pass });
    const admitted = second.push('admitted');
    await buy(first);
    await admitted;
    await until('one inside', async () => await inside() === 1);
    const leftAt = Date.now();
    await second.ask({ type: 'leave' });
    await third.push('admitted');
    assert.ok(Date.now() - leftAt < 30_000, `${Date.now() - leftAt} ms`);
    await third.ask({ type: 'leave' });
    await set('tick_ms=100', 'refill_at_once=0', 'active_cap=500');
    await until('nobody inside', async () => await inside() === 0);
    await Promise.all(visitors.map((visitor) => visitor.close()));
  });
});

describe('a crowd that leaves at once', () => {
  test('is told so, one by one, and the places of those who stay are exact', async () => {
    await set('admit_per_tick=0', 'tick_ms=100');
    const visitors = await Promise.all(Array.from({ length: 60 }, () => visit(server)));
    for (const visitor of visitors) assert.equal((visitor.place = await visitor.ask({ type: 'join' })).type, 'place');
    const stay = visitors.filter((_, i) => i % 20 === 7), leave = visitors.filter((visitor) => !stay.includes(visitor));
    const answers = await Promise.all([...leave, leave[0]].map((visitor) => visitor.ask({ type: 'leave' })));
    const again = answers.pop();
    assert.deepEqual([...new Set(answers.map(({ type }) => type))], ['left']);
    assert.equal(again.code, 'no_place');
    const [left, joined] = await Promise.all([stay[0].ask({ type: 'leave' }), stay[0].ask({ type: 'join' })]);
    assert.equal(left.type, 'left');
    assert.ok(joined.seq > Math.max(...visitors.map(({ place }) => place.seq)), 'who leaves and comes back stands at the end');
    const order = [...stay.slice(1), stay[0]];
    for (const [i, visitor] of order.entries()) {
      await until(`${i} ahead`, async () => (await visitor.ask({ type: 'join' })).ahead === i, 15_000);
    }
    for (const visitor of stay) assert.equal((await visitor.ask({ type: 'leave' })).type, 'left');
    await set('admit_per_tick=50');
    await Promise.all(visitors.map((visitor) => visitor.close()));
  });
});

describe('the time to claim', () => {
  test('is short for an open page, long for one that is away or closed', async () => {
    await set('phase=paused', 'tick_ms=100', 'claim_ms=5000', 'claim_away_ms=90000');
    const there = await visit(server), away = await visit(server), back = await visit(server), gone = await visit(server);
    const twoPages = await visit(server), secondPage = await visit(server, { cookie: twoPages.cookie });
    for (const visitor of [there, away, back, gone, twoPages]) await visitor.ask({ type: 'join' });
    const { receipt } = await gone.ask({ type: 'join' });
    assert.deepEqual(await away.ask({ type: 'away', is_away: true }), { type: 'away', re: 2, is_away: true });
    await back.ask({ type: 'away', is_away: true });
    assert.equal((await back.ask({ type: 'away', is_away: false })).is_away, false);
    await twoPages.ask({ type: 'away', is_away: true });
    await secondPage.ask({ type: 'join' });
    assert.equal((await away.ask({ type: 'away', is_away: 1 })).field, 'is_away');
    await gone.close();
    await set('phase=open');
    const time = async (visitor) => {
      const admitted = await visitor.push('admitted');
      return admitted.deadline_ms - admitted.at_ms;
    };
    assert.equal(await time(there), 5000);
    assert.equal(await time(away), 90000);
    assert.equal(await time(back), 5000);
    assert.equal(await time(secondPage), 5000, 'one page in sight is enough');
    const returned = await visit(server, { cookie: gone.cookie });
    const turn = await returned.ask({ type: 'resume', receipt });
    assert.equal(turn.type, 'admitted');
    assert.ok(turn.deadline_ms - turn.server_ms > 80_000, 'closed when it came');
    const { pass } = await away.push('admitted');
    assert.equal((await there.push('expired')).reason, 'no_show');
    assert.equal((await back.push('expired')).reason, 'no_show');
    await away.ask({ type: 'away', is_away: false });
    assert.equal((await away.ask({ type: 'enter', pass })).type, 'entered', 'after the time of those who were there');
    for (const visitor of [away, returned]) await visitor.ask({ type: 'leave' });
    await Promise.all([there, away, back, twoPages, secondPage, returned].map((visitor) => visitor.close()));
  });
});

describe('the adaptive rate', () => {
  test('slow holds slow the line down, with the reason in the log and the rate in the metrics', async () => {
    await set('admit_per_tick=50', 'claim_ms=60000', 'adaptive=1', 'adapt_min=5', 'adapt_target_ms=10');
    const redis = net.connect(path.join(server.dir, 'redis/redis.sock'));
    redis.on('error', () => {});
    const visitor = await visit(server);
    await visitor.enter();
    for (let i = 0; i < 24; i++) {
      redis.write('CLIENT PAUSE 60 ALL\r\n');
      await sleep(5);
      const answer = await visitor.ask({ type: 'hold', seats: [3000 + i % 2] });
      assert.equal(answer.type, 'held', JSON.stringify(answer));
      await visitor.ask({ type: 'release' });
    }
    redis.destroy();
    const said = () => server.log().match(/arena: admission rate 50\.000 -> 35\.000 per tick, because the p99 of (\d+) holds is (\d+) ms \(target 10 ms\)/);
    await until('the change in the log', said);
    assert.ok(Number(said()[1]) >= 20 && Number(said()[2]) >= 50, said()[0]);
    const metrics = async () => (await (await fetch(`${server.url}/metrics`)).text()).match(/stanchion_admission_rate\{event="arena"\} (\S+)/)[1];
    await until('the rate in the metrics', async () => Number(await metrics()) === 350); // 35 every 100 ms
    await visitor.ask({ type: 'leave' });
    await set('adaptive=0');
    await until('the setting is in force again', async () => Number(await metrics()) === 500);
    await visitor.close();
  });
});

describe('a standby line', () => {
  const cli = async (...args) => {
    const done = await server.cli(args);
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}`);
  };

  test('stands while everything is sold, and moves when a seat comes back', async () => {
    const directory = temporaryDirectory();
    fs.writeFileSync(path.join(directory, 'seats.csv'), 'section,row,seat_from,seat_to,category,price,currency\nA,1,1,3,G,15.00,EUR\n');
    await cli('event', 'load', directory, '--id', 'small');
    await cli('event', 'set', 'small', 'tick_ms=100', 'standby=1', 'phase=open');
    await cli('event', 'withhold', 'small', '--name', 'house', '--seats', '0-2');
    const event = async () => (await fetch(`${server.url}/api/v1/events/small`)).json();
    await everyGatewayKnows(server, 'it is sold out', (known) => known?.phase === 'sold_out' && known.standby, 'small');
    const first = await visit(server, { event: 'small' }), second = await visit(server, { event: 'small' });
    const place = await first.ask({ type: 'join' });
    assert.deepEqual([place.type, place.ahead, place.phase], ['place', 0, 'sold_out']);
    assert.equal((await second.ask({ type: 'join' })).ahead, 1);
    await sleep(500);
    assert.ok(![first, second].some((one) => one.closed !== null || one.pushes.some((push) => push.type === 'admitted')));
    await cli('event', 'release', 'small', '--name', 'house', '--seats', '1');
    const admitted = await first.push('admitted');
    assert.equal(admitted.admission, 1);
    await until('it is open again', async () => (await event()).phase === 'open');
    assert.equal((await first.ask({ type: 'enter', pass: admitted.pass })).type, 'entered');
    assert.equal((await first.ask({ type: 'hold', seats: [1] })).type, 'held');
    await cli('event', 'set', 'small', 'standby=0');
    await cli('event', 'set', 'small', 'phase=sold_out');
    const late = await visit(server, { event: 'small' });
    await until('no more joins', async () => (await late.ask({ type: 'join' })).code === 'not_open');
    await Promise.all([first, second, late].map((visitor) => visitor.close()));
  });
});
