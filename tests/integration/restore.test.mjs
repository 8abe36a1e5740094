// A server is started from a backup (docs/backup.md): what was sold before it stands, what was sold after it is for sale
// again.
import assert from 'node:assert/strict';
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
    const before = await buy(server, [1, 2]);
    const copied = await server.cli(['backup', backup]);
    assert.equal(copied.code, 0, copied.stderr);
    const later = await buy(server, [3]);
    await until('all is captured and agrees', async () => (await server.cli(['audit'])).code === 0);
    for (const buyer of [before, later]) await buyer.close();
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
    const other = await until('the sale goes on', async () => {
      const visitor = await visit(server);
      const joined = await visitor.ask({ type: 'join' });
      return joined.code === 'busy' ? (await visitor.close(), false) : visitor;
    }, 15_000);
    await other.enter();
    assert.equal((await other.ask({ type: 'hold', seats: [2] })).code, 'seat_taken');
    assert.equal((await other.ask({ type: 'hold', seats: [3] })).type, 'held', 'the backup knows nothing of its sale');

    assert.equal((await server.cli(['ledger', 'verify'])).code, 0);
    for (const visitor of [back, other]) await visitor.close();
  } finally {
    await server.stop();
  }
});
