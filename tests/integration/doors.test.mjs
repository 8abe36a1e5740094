// At the door: a ticket opens it once, whoever else shows it; what was given back or made up does not; the list for a
// door without network has the same tickets and opens nothing when it is lost.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startStanchion } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server, tickets, order;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  await server.set('tick_ms=100', 'seats_per_visitor_max=5');
  const visitor = await visit(server);
  await visitor.enter();
  await visitor.ask({ type: 'hold', seats: [20, 21, 22, 23, 24] });
  ({ order } = await visitor.ask({ type: 'checkout' }));
  await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
  ({ tickets } = await visitor.push('confirmed'));
  visitor.socket.terminate();
});
after(async () => { await server?.stop(); });

const check = async (code, ...more) => {
  const { code: exit, stdout, stderr } = await server.cli(['ticket', 'check', code, '--json', ...more]);
  assert.equal(stderr, '');
  return { exit, ...JSON.parse(stdout) };
};

test('a ticket opens the door once, and says where it was used', async () => {
  const [{ code }] = tickets;
  assert.deepEqual([(await check(code, '--look')).verdict, (await check(code, '--look')).exit], ['valid', 0]);
  const first = await check(code, '--door', 'north');
  assert.deepEqual([first.verdict, first.exit, first.event, first.seat, first.order], ['valid', 0, 'arena', 20, order]);
  const second = await check(code, '--door', 'south');
  assert.deepEqual([second.verdict, second.exit, second.door], ['used', 1, 'north']);
  assert.ok(Math.abs(second.used_ms - Date.now()) < 60_000);
});

test('two doors at the same instant: exactly one lets in', async () => {
  const verdicts = await Promise.all(Array.from({ length: 8 }, (_, i) => check(tickets[1].code, '--door', `door ${i}`)));
  assert.equal(verdicts.filter(({ verdict }) => verdict === 'valid').length, 1);
  assert.equal(verdicts.filter(({ verdict }) => verdict === 'used').length, 7);
});

test('a refunded ticket and a made-up one open nothing', async () => {
  await server.cli(['orders', 'refund', order, '--seats', '22']);
  assert.equal((await check(tickets[2].code)).verdict, 'refunded');
  const { code } = tickets[3];
  const changed = (code[5] === 'A' ? 'B' : 'A');
  for (const wrong of [code.slice(0, 5) + changed + code.slice(6), code.slice(0, -1), 'x', `${code}A`]) {
    assert.deepEqual([(await check(wrong)).verdict, (await check(wrong)).exit], ['unknown', 1]);
  }
  assert.equal((await check(code)).verdict, 'valid');
});

test('codes come from a scanner, one a line', async () => {
  const { code: exit, stdout } = await server.cli(['ticket', 'check', '-', '--door', 'east'], { input: `${tickets[4].code}\r\nnonsense\n` });
  assert.equal(exit, 1);
  assert.match(stdout, /^valid: arena, section .*\nunknown\n$/);
});

test('the list for a door without network', async () => {
  const { stdout } = await server.cli(['door', 'list', 'arena']);
  const [header, ...rows] = stdout.trim().split('\r\n');
  assert.match(header, /^code_sha256,seat,section,row,number,category,type,order,used_ms$/);
  assert.deepEqual(rows.map((row) => Number(row.split(',')[1])), [20, 21, 23, 24], 'what was given back is not in it');
  const hashes = new Set(rows.map((row) => row.split(',')[0]));
  for (const { seat, code } of tickets) {
    assert.equal(hashes.has(createHash('sha256').update(code).digest('hex')), seat !== 22);
    assert.ok(!stdout.includes(code), 'a lost list opens no door');
  }
  assert.ok((await server.cli(['door', 'list', 'arena', '--codes'])).stdout.includes(tickets[0].code));
  assert.equal((await server.cli(['door', 'list', 'nowhere'])).code, 1);
});
