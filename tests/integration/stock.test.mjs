// Allotments: what is withheld cannot be bought, what is released can, at once and on every map; a buyer's seats are
// never taken away; all of it outlives the death of ledger and Redis.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server, visitor;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  await server.set('tick_ms=100', 'seats_per_visitor_max=20');
  visitor = await visit(server);
  await visitor.enter();
});
after(async () => { visitor?.socket.terminate(); await server?.stop(); });

async function cli(args, expected = 0) {
  const result = await server.cli(args);
  assert.equal(result.code, expected, `${args.join(' ')}\n${result.stdout}${result.stderr}${server.log()}`);
  return result;
}
const hold = (seats) => visitor.ask({ type: 'hold', seats });
const free = async () => {
  const event = await (await fetch(`${server.url}/api/v1/events/arena`)).json();
  return event.categories.reduce((sum, category) => sum + category.free, 0);
};

test('withheld seats leave the sale, and come back as a block or one by one', async () => {
  const all = await free();
  const { stdout } = await cli(['event', 'withhold', 'arena', '--name', 'sponsors', '--seats', '100-109,200']);
  assert.match(stdout, /11 seats withheld/);
  await until('fewer seats', async () => await free() === all - 11);
  assert.equal((await hold([105])).code, 'seat_taken');
  assert.match((await cli(['event', 'withheld', 'arena'])).stdout, /^sponsors +11 +\[100,101,/m);
  await cli(['event', 'release', 'arena', '--name', 'sponsors', '--seats', '105']);
  assert.equal((await hold([105])).type, 'held');
  assert.equal((await hold([106])).code, 'seat_taken');
  await visitor.ask({ type: 'release' });
  await cli(['event', 'release', 'arena', '--name', 'sponsors']);
  await until('all seats', async () => await free() === all);
  assert.equal((await hold([100, 101, 200])).type, 'held');
  await visitor.ask({ type: 'release' });
  assert.match((await cli(['audit'])).stdout, /^0 findings/m);
});

test('doing it twice changes nothing more; another name does not take the seats over', async () => {
  await cli(['event', 'withhold', 'arena', '--name', 'press', '--seats', '300-301']);
  assert.match((await cli(['event', 'withhold', 'arena', '--name', 'friends', '--seats', '300-301'])).stdout, /0 seats/);
  assert.match((await cli(['event', 'release', 'arena', '--name', 'friends'])).stdout, /0 seats/);
  assert.match((await cli(['event', 'withheld', 'arena'])).stdout, /^press +2 +\[300,301\]/m);
  await cli(['event', 'release', 'arena', '--name', 'press']);
});

test('so many places of a standing area: free ones, and back as many', async () => {
  const plan = await (await fetch(`${server.url}/api/v1/events/arena/plan`)).json();
  const area = plan.areas.find(({ name }) => name === 'Floor');
  const held = await hold([area.first + area.capacity - 1]); // the last one is somebody's: the ones before it are kept
  assert.equal(held.type, 'held', JSON.stringify(held));
  assert.match((await cli(['event', 'withhold', 'arena', '--name', 'guests', '--section', 'Floor', '--count', '40'])).stdout, /40 seats withheld/);
  const kept = async () => JSON.parse(/^guests +\d+ +(\[.*\])/m.exec((await cli(['event', 'withheld', 'arena'])).stdout)?.[1] ?? '[]');
  const last = area.first + area.capacity - 2;
  assert.deepEqual(await kept(), Array.from({ length: 40 }, (_, at) => last - 39 + at));
  assert.match((await cli(['event', 'release', 'arena', '--name', 'guests', '--count', '15'])).stdout, /15 seats released/);
  assert.equal((await kept()).length, 25);
  assert.match((await cli(['event', 'release', 'arena', '--name', 'guests', '--section', '101', '--count', '5'], 1)).stderr, /None of these is kept/);
  assert.match((await cli(['event', 'release', 'arena', '--name', 'guests', '--section', 'Floor', '--count', '99'])).stdout, /25 seats released/);
  assert.deepEqual(await kept(), []);
  await visitor.ask({ type: 'release' });
  for (const wrong of ['0', '-3', 'many', '1.5']) assert.match((await cli(['event', 'release', 'arena', '--name', 'guests', '--count', wrong], 2)).stderr, /--count/);
  assert.match((await cli(['audit'])).stdout, /^0 findings/m);
});

test('a seat in somebody\'s hands stays theirs', async () => {
  assert.equal((await hold([400, 401])).type, 'held');
  const { stdout, stderr } = await cli(['event', 'withhold', 'arena', '--name', 'late', '--seats', '399-402'], 1);
  assert.match(stdout, /2 seats withheld/);
  assert.match(stderr, /2 seats are in somebody's hands.*\[400,401\]/);
  const { order } = await visitor.ask({ type: 'checkout' });
  await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
  assert.equal((await visitor.push('confirmed')).order, order);
  assert.match((await cli(['event', 'withheld', 'arena'])).stdout, /^late +2 +\[399,402\]/m);
  assert.match((await cli(['audit'])).stdout, /^0 findings/m);
});

test('an allotment outlives an emptied Redis and a killed ledger', async () => {
  await cli(['event', 'withhold', 'arena', '--name', 'house', '--section', '110']);
  const kept = (await cli(['event', 'withheld', 'arena'])).stdout;
  const before = await free();
  const { redis, ledger } = Object.fromEntries(Object.entries(server.children()).map(([name, pid]) => [name.split(' ')[0], pid]));
  process.kill(redis, 'SIGSTOP'); // so that it cannot be started again before its file is gone
  fs.rmSync(path.join(server.dir, 'redis'), { recursive: true, force: true, maxRetries: 5 });
  fs.mkdirSync(path.join(server.dir, 'redis'), { mode: 0o700 });
  process.kill(redis, 'SIGKILL');
  process.kill(ledger, 'SIGKILL');
  await until('everything is back', async () => (await fetch(`${server.url}/healthz`)).status === 200
    && (await server.cli(['event', 'withheld', 'arena'])).stdout === kept && await free() === before);
  assert.match((await cli(['audit'])).stdout, /^0 findings/m);
});

test('wrong use is named', async () => {
  assert.match((await cli(['event', 'withhold', 'arena', '--name', 'x', '--seats', '5-3'], 2)).stderr, /"5-3"/);
  assert.match((await cli(['event', 'withhold', 'arena', '--name', 'x', '--seats', '-4'], 2)).stderr, /numbers and ranges/);
  assert.match((await cli(['event', 'withhold', 'arena', '--name', 'x', '--seats', '99999'], 1)).stderr, /no seat 99999/);
  assert.match((await cli(['event', 'withhold', 'arena', '--name', 'x', '--section', 'nowhere'], 1)).stderr, /No seat/);
  assert.match((await cli(['event', 'withhold', 'arena', '--seats', '4'], 1)).stderr, /"name" is missing/);
  assert.match((await cli(['event', 'withhold', 'nowhere', '--name', 'x', '--seats', '4'], 1)).stderr, /"nowhere"/);
  assert.match((await cli(['event', 'release', 'arena'], 1)).stderr, /What\?/);
});
