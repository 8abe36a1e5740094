// The schedule as visitors meet it: at the opening instant the first are admitted, not at the next tick of some grid.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startStanchion } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

// The sanitizers and a busy machine cost some; without the moment's own tick it would be up to a minute.
const LATE_MS_MAX = 5000;

describe('the schedule', () => {
  let server;
  before(async () => {
    server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena', open: false });
  });
  after(async () => { await server?.stop(); });

  const set = (...pairs) => server.set(...pairs);

  test('opens, and admits, at the instant; closes at the instant', async () => {
    await set('phase=prequeue', 'tick_ms=60000', 'admit_per_tick=2', `opens_at_ms=${Date.now() + 600_000}`);
    const visitors = [];
    for (let i = 0; i < 3; i++) visitors.push(await visit(server));
    for (const visitor of visitors) assert.equal((await visitor.ask({ type: 'join' })).phase, 'prequeue');
    const opensAt = Date.now() + 5000, closesAt = opensAt + 4000;
    await set(`opens_at_ms=${opensAt}`, `closes_at_ms=${closesAt}`);
    const [first, second] = await Promise.all(visitors.slice(0, 2).map((visitor) => visitor.push('admitted')));
    for (const admitted of [first, second]) {
      assert.ok(admitted.at_ms >= opensAt && admitted.at_ms <= opensAt + LATE_MS_MAX, `${admitted.at_ms - opensAt} ms late`);
    }
    console.log(`# admitted ${first.at_ms - opensAt} ms after the opening`);
    const closed = await visitors[2].push((push) => push.type === 'phase' && push.phase === 'closed');
    assert.ok(closed.server_ms >= closesAt && closed.server_ms <= closesAt + LATE_MS_MAX, `${closed.server_ms - closesAt} ms late`);
    const late = await visit(server);
    assert.equal((await late.ask({ type: 'join' })).code, 'not_open');
    const entered = await visitors[0].ask({ type: 'enter', pass: first.pass });
    assert.equal(entered.code, 'pass_expired', 'an unclaimed turn cannot be claimed after the end');
    const refused = await server.cli(['event', 'open', 'arena']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /has ended by closes_at_ms/);
    const reopenedAt = Date.now();
    await set('closes_at_ms=0');
    await late.push((push) => push.type === 'phase' && push.phase === 'open');
    assert.ok(Date.now() - reopenedAt < 30_000, 'a closed event is not looked at seldom when its schedule changes');
    await Promise.all([...visitors, late].map((visitor) => visitor.close()));
  });
});
