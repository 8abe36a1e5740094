// A server is started from a backup (docs/backup.md): what was sold before it stands, what was sold after it is for sale
// again; the money that was taken for it is named, and given back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { freePort, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

async function buy(server, seats) {
  const buyer = await visit(server);
  await buyer.enter();
  assert.equal((await buyer.ask({ type: 'hold', seats })).type, 'held');
  const { order } = await buyer.ask({ type: 'checkout' });
  await buyer.ask({ type: 'pay', order, card: '4242424242424242' });
  return { ...await buyer.push('confirmed'), cookie: buyer.cookie, close: buyer.close };
}

test('a backup that was taken while selling is put in place of the ledger', async () => {
  const dir = temporaryDirectory(), port = await freePort(), backup = path.join(temporaryDirectory(), 'ledger.db');
  const flags = ['--gateways', '1'];
  let server = await startStanchion({ dir, port, flags, event: 'arena' });
  try {
    const set = await server.cli(['event', 'set', 'arena', 'tick_ms=100', 'recovery_ms=2000']);
    assert.equal(set.code, 0, set.stderr);
    const before = await buy(server, [1, 2]), other = await buy(server, [5]);
    const copied = await server.cli(['backup', backup]);
    assert.equal(copied.code, 0, copied.stderr);
    const later = await buy(server, [3]);
    const refund = async ({ order }, seat) => assert.equal((await server.cli(['orders', 'refund', order, '--seats', String(seat)])).code, 0);
    const givenBack = ({ order }) => JSON.parse(execFileSync('sqlite3', ['-json', '-cmd', '.timeout 10000', path.join(dir, 'sandbox.db'),
      `SELECT r.amount_minor FROM refunds r JOIN intents i ON i.id = r.intent WHERE i.order_id = '${order}'`], { encoding: 'utf8' }) || '[]');
    for (const [buyer, seat] of [[other, 5], [before, 1]]) {
      await refund(buyer, seat);
      await until('given back', () => givenBack(buyer).length === 1);
    }
    await until('all is captured and agrees', async () => (await server.cli(['audit'])).code === 0);
    for (const buyer of [before, other, later]) await buyer.close();
    await server.stop();

    fs.rmSync(path.join(dir, 'redis'), { recursive: true });
    for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm']) fs.rmSync(path.join(dir, name), { force: true });
    fs.copyFileSync(backup, path.join(dir, 'ledger.db'));
    server = await startStanchion({ dir, port, flags });
    server.event = 'arena';

    const back = await visit(server, { cookie: before.cookie });
    const { orders } = await back.ask({ type: 'tickets' });
    assert.deepEqual(orders.map(({ order, tickets }) => [order, tickets.map(({ seat, code }) => [seat, code])]),
      [[before.order, before.tickets.map(({ seat, code }) => [seat, code])]], 'the same tickets with the same codes');
    const visitor = await until('the sale goes on', async () => {
      const next = await visit(server);
      const joined = await next.ask({ type: 'join' });
      return joined.code === 'busy' ? (await next.close(), false) : next;
    }, 15_000);
    await visitor.enter();
    assert.equal((await visitor.ask({ type: 'hold', seats: [2] })).code, 'seat_taken');
    assert.equal((await visitor.ask({ type: 'hold', seats: [3] })).type, 'held', 'the backup knows nothing of its sale');

    assert.equal((await server.cli(['ledger', 'verify'])).code, 0);
    const found = await until('only the money of what is lost stands out', async () => {
      const { findings, to_return } = JSON.parse((await server.cli(['audit', '--json'])).stdout);
      return findings.length === 3 && { findings: findings.map(({ kind, what }) => `${kind}: ${what}`).join('\n'), to_return };
    });
    for (const buyer of [before, other])
      assert.match(found.findings, new RegExp(`^different: of order ${buyer.order} 0 were given back, of intent .* ${givenBack(buyer)[0].amount_minor}$`, 'm'));
    assert.match(found.findings, new RegExp(`^captured_without_order: .* for order ${later.order}, which is not in the ledger$`, 'm'));
    assert.deepEqual(found.to_return.map(({ order, amount_minor }) => [order, amount_minor]), [[later.order, later.amount_minor]]);
    const given = await server.cli(['payment', 'return', 'all', '--reason', 'lost with the disk']);
    assert.deepEqual([given.code, new RegExp(`${later.amount_minor} EUR .* given back, for order ${later.order}$`, 'm').test(given.stdout)], [0, true], given.stdout + given.stderr);
    // The backup has forgotten the refunds: they are noted once more, with other numbers, and not given back twice.
    for (const [buyer, seat] of [[before, 1], [other, 5]]) await refund(buyer, seat);
    await until('nothing is found', async () => (await server.cli(['audit'])).code === 0);
    assert.deepEqual([before, other].map((buyer) => givenBack(buyer).length), [1, 1]);
    for (const one of [back, visitor]) await one.close();
  } finally {
    await server.stop();
  }
});
