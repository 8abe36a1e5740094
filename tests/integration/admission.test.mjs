// Admission as visitors meet it on several gateways.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server;
before(async () => { server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' }); });
after(async () => { await server?.stop(); });

async function set(...pairs) {
  const done = await server.cli(['event', 'set', 'arena', ...pairs]);
  assert.equal(done.code, 0, done.stderr);
}

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
    assert.equal(await inside(), 1);
    const leftAt = Date.now();
    await second.ask({ type: 'leave' });
    await third.push('admitted');
    assert.ok(Date.now() - leftAt < 1000, `${Date.now() - leftAt} ms`);
    await third.ask({ type: 'leave' });
    await set('tick_ms=100', 'refill_at_once=0', 'active_cap=500');
    await until('nobody inside', async () => await inside() === 0, 10_000);
    await Promise.all(visitors.map((visitor) => visitor.close()));
  });
});
