// The ledger is away for longer than a turn lasts: whoever is inside keeps turn and seats, cannot pay meanwhile, and goes
// on with the time that was left.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' });
  await server.set('tick_ms=100', 'select_ms=10000', 'pay_ms=10000');
});
after(async () => { await server?.stop(); });

async function inside(seats) {
  const visitor = await visit(server);
  await visitor.enter();
  assert.equal((await visitor.ask({ type: 'hold', seats })).type, 'held');
  return visitor;
}

// `away` takes the ledger away and returns what brings it back.
async function outage(away, first) {
  const [buyer, payer, sleeper, other] = await Promise.all([[first, first + 1], [first + 2], [first + 3], [first + 4]].map(inside));
  const { order } = await payer.ask({ type: 'checkout' });
  const back = await away();
  const told = await sleeper.push('deadline');
  assert.equal(told.is_frozen, true);
  const leftMs = told.deadline_ms - told.server_ms;
  assert.equal(leftMs > 0 && leftMs < 10_000, true, `${leftMs} ms left`);
  try {
    await sleep(12_500); // every turn would be over by now
    assert.equal((await other.ask({ type: 'hold', seats: [first] })).code, 'seat_taken', 'the seats are kept');
    assert.equal((await other.ask({ type: 'hold', seats: [first + 5] })).type, 'held', 'and more may be taken');
    assert.equal((await buyer.ask({ type: 'checkout' })).code, 'ledger_down');
    await payer.ask({ type: 'pay', order, card: '4242424242424242' });
    await sleep(500);
  } finally {
    back();
  }
  await until('the ledger is back', async () => (await buyer.ask({ type: 'checkout' })).type === 'payment');
  const thawed = await sleeper.push((push) => push.type === 'deadline' && !push.is_frozen);
  assert.equal(Math.abs(thawed.deadline_ms - thawed.server_ms - leftMs) < 5000, true, JSON.stringify({ told, thawed }));
  const again = sleeper.pushes.filter((push) => push.type === 'deadline' && push.is_frozen);
  assert.equal(again.length >= 2 && again.every((push) => push.deadline_ms - push.server_ms === leftMs), true,
    `time stands still: ${JSON.stringify(again)}`);
  const paying = await buyer.ask({ type: 'checkout' });
  await buyer.ask({ type: 'pay', order: paying.order, card: '4242424242424242' });
  assert.equal((await buyer.push('confirmed')).order, paying.order);
  assert.equal((await payer.push('confirmed')).order, order);
  const expired = await sleeper.push('expired'); // its time goes on, and ends
  assert.equal(expired.reason, 'time_out');
  const next = await visit(server);
  await next.enter();
  await until('its seat is free', async () => (await next.ask({ type: 'hold', seats: [first + 3] })).type === 'held');
  for (const visitor of [other, next]) await visitor.ask({ type: 'leave' });
  const audit = await server.cli(['audit']);
  assert.match(audit.stdout, /^0 findings/m, audit.stdout);
}

test('a ledger that is stopped and goes on', () => outage(async () => {
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  return () => process.kill(ledger, 'SIGCONT');
}, 20));

test('a ledger that is killed and comes back late', () => outage(async () => {
  const { ledger } = server.children();
  process.kill(server.pid, 'SIGSTOP'); // the supervisor, so that it does not start it at once
  process.kill(ledger, 'SIGKILL');
  return () => process.kill(server.pid, 'SIGCONT');
}, 40));
