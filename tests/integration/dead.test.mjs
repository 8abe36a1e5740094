// Dead letters on the command line: listed with their reason, replayed once, the visitor is told and sees the tickets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { askRedis } from '../support/redis.mjs';
import { root, startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  await server.set('tick_ms=100');
});
after(async () => { await server?.stop(); });

async function cli(args, expected = 0) {
  const result = await server.cli(args);
  assert.equal(result.code, expected, `${args.join(' ')}\n${result.stdout}${result.stderr}${server.log()}`);
  return result;
}
const letters = async () => (await cli(['ledger', 'dead', '--json'])).stdout.split('\n').filter(Boolean).map(JSON.parse);

// An order as a gateway writes it, free of charge.
const entry = (order, visitor, event, seat, currency) => JSON.stringify({ kind: 'order', order, event, visitor, fence: 1,
  epoch: 1, intent: '', amount_minor: 0, currency, at_ms: 1,
  seats: [{ seat, section: 'A', row: '1', number: '1', category: 'C', price_minor: 0 }] });
const add = (body) => askRedis(server, 'XADD', 'outbox', '*', 'body', body);

test('nothing has died: said so, nothing to replay', async () => {
  assert.match((await cli(['ledger', 'dead'])).stdout, /^no dead letters$/m);
  assert.match((await cli(['ledger', 'replay', 'all'])).stdout, /no dead letters to replay/);
  assert.match((await cli(['ledger', 'replay', '7'], 1)).stderr, /no dead letter of that number/);
  assert.match((await cli(['ledger', 'replay', 'x'], 2)).stderr, /"x" is neither/);
});

test('letters are listed, replayed once where that is possible, and the others named', async () => {
  await add(entry('o_wrong', 'v_1', 'arena', 41, 'USD'));
  await add('{"kind":"order"}');
  await add(entry('o_late', 'v_1', 'later', 7, 'EUR'));
  await until('dead', async () => (await letters()).length === 3);
  const shown = (await cli(['ledger', 'dead'])).stdout;
  assert.match(shown, /^1 .* UTC {2}o_wrong {2}currency USD is not the event's$/m);
  assert.match(shown, /^2 .* \(no order\) {2}order, event or visitor is missing/m);
  assert.match(shown, /^3 .* o_late {2}there is no event later$/m);
  await cli(['event', 'load', path.join(root, 'docs/examples/arena'), '--id', 'later']);
  const all = await cli(['ledger', 'replay', 'all'], 1);
  assert.match(all.stderr, /Letter 1, order o_wrong: The ledger refuses it again: currency USD is not the event's/);
  assert.match(all.stderr, /Letter 2, order unknown: It cannot be read/);
  assert.match(all.stdout, /^3: order o_late is written, seats \[7\] are sold$/m);
  assert.equal(await askRedis(server, 'GETRANGE', 'ev:later:seats', 7, 7), '\u0003');
  assert.match((await cli(['ledger', 'dead'])).stdout, /^3 .*\(replayed at .* UTC\)$/m);
  assert.match((await cli(['ledger', 'replay', '3'])).stdout, /replayed before, nothing was changed/);
  assert.equal((await letters())[2].replayed_ms > 0, true);
  // The refused letter has left its seat to others.
  const visitor = await visit(server);
  await visitor.enter();
  assert.equal((await visitor.ask({ type: 'hold', seats: [41] })).type, 'held');
  assert.match((await cli(['audit'])).stdout, /^0 findings/m);
});
