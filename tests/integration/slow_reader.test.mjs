// A visitor whose socket takes nothing for a while: no place is kept for it, and when it reads again the newest one
// comes; changes of the seats are not kept either, one whole map makes up for all of them. The slow visitor of the line is a process of its own that is stopped. The kernel's socket buffers on loopback hold
// megabytes, which would hide what is tested; so the test runs itself again in a network of its own (user and network
// namespace) where they hold a few kilobytes.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sleep, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const SMALL = '4096 4096 4096';
const self = fileURLToPath(import.meta.url);
const role = process.env.SLOW_READER; // walk: inside the namespace; visitor: the slow one
const inNamespace = (script, ...rest) => spawnSync('unshare', ['-rn', 'bash', '-c', script, 'bash', ...rest], {
  encoding: 'utf8', env: { ...process.env, SLOW_READER: 'walk', NODE_TEST_CONTEXT: '' }, timeout: 300_000,
});
const smallNetwork = `ip link set lo up && for x in rmem wmem; do echo '${SMALL}' > /proc/sys/net/ipv4/tcp_$x || exit 1; done`;
const places = (pushes) => pushes.filter((push) => push.type === 'place');

// A visitor in another process: { pid, pushes }.
function visitApart(server) {
  const child = spawn(process.execPath, [self, server.wsUrl, server.event], { env: { ...process.env, SLOW_READER: 'visitor' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const apart = { pid: child.pid, pushes: [], end: () => child.kill('SIGKILL') };
  readline.createInterface({ input: child.stdout }).on('line', (line) => apart.pushes.push(JSON.parse(line)));
  return apart;
}

async function walk() {
  const file = path.join(temporaryDirectory(), 'small.csv');
  const rows = Array.from({ length: 60 }, (_, i) => `A,1,${i + 1},Category ${i},10.00,EUR\n`); // makes a place longer
  fs.writeFileSync(file, `section,row,seat,category,price,currency\n${rows.join('')}`);
  const server = await startStanchion({ flags: ['--gateways', '1'], event: file });
  await server.set('tick_ms=100', 'active_cap=1');
  const [buyer, quick] = [await visit(server), await visit(server)];
  await buyer.enter();
  const slow = visitApart(server);
  await until('the slow one waits', () => places(slow.pushes).length > 0);
  await quick.ask({ type: 'join' });
  process.kill(slow.pid, 'SIGSTOP');
  for (let i = 0; i < 60 || (i < 600 && places(quick.pushes).length <= 40); i++) { // the stock changes for each tick, which near the head is a push
    const answer = await buyer.ask(i % 2 ? { type: 'release' } : { type: 'hold', seats: [0] });
    assert.match(answer.type, /held|released/);
    await sleep(120);
  }
  await buyer.ask({ type: 'hold', seats: [0, 1] });
  const isNewest = (push) => push.type === 'place' && push.free[1] === 0;
  await quick.push(isNewest);
  process.kill(slow.pid, 'SIGCONT');
  await until('the newest place', () => isNewest(slow.pushes.at(-1)));
  const [told, meant] = [places(slow.pushes), places(quick.pushes)];
  assert.ok(meant.length > 40, `${meant.length} places`);
  assert.equal(told.at(-1).ahead, 0);
  assert.ok(told.length < meant.length * 0.8, `${told.length} of ${meant.length} places came: they were kept`);
  assert.deepEqual(told, [...told].sort((a, b) => a.server_ms - b.server_ms), 'in their order');
  slow.end();
  const changes = await walkMap(server);
  await server.stop();
  return `${told.length} of ${meant.length} places came; one map instead of ${changes} changes`;
}

// A hall whose map is larger than all buffers on the way together.
const MAPS_ASKED = 12;
async function walkMap(server) {
  const file = path.join(temporaryDirectory(), 'large.csv');
  const rows = Array.from({ length: 200 }, (_, i) => `A,${i + 1},1,100,Seat,10.00,EUR\n`);
  fs.writeFileSync(file, `section,row,seat_from,seat_to,category,price,currency\n${rows.join('')}`);
  for (const args of [['load', file, '--id', 'hall'], ['set', 'hall', 'tick_ms=100'], ['open', 'hall']]) {
    const { code, stderr } = await server.cli(['event', ...args]);
    assert.equal(code, 0, stderr);
  }
  const [buyer, quick, slow] = await Promise.all([1, 2, 3].map(() => visit(server, { event: 'hall' })));
  for (const visitor of [buyer, quick, slow]) assert.equal((await visitor.enter()).type, 'entered');
  await quick.ask({ type: 'map' });
  await slow.ask({ type: 'map' });
  const heard = [], before = slow.pushes.length;
  slow.socket.on('message', (data) => heard.push(JSON.parse(data)));
  slow.socket._socket.pause();
  for (let id = 1000; id < 1000 + MAPS_ASKED; id++) slow.say(JSON.stringify({ id, type: 'map' }));
  for (let i = 0; i < 3; i++) await quick.ask({ type: 'map' }); // by then the others are answered, into a socket that is full
  let changes = 0, last;
  for (let i = 0; i < 16; i++) {
    const from = quick.pushes.length;
    assert.match((await buyer.ask(i % 2 ? { type: 'release' } : { type: 'hold', seats: [i] })).type, /held|released/);
    last = await quick.push('seats', { after: from });
    changes++;
  }
  const from = quick.pushes.length;
  await buyer.ask({ type: 'hold', seats: [7, 8] });
  last = await quick.push((push) => push.type === 'seats' && push.held.length === 2, { after: from });
  assert.equal(slow.pushes.length, before, 'it hears nothing');
  slow.socket._socket.resume();
  await until('a whole map', () => heard.some((push) => push.type === 'map' && push.re === undefined && push.version >= last.version));
  assert.deepEqual([heard.filter(({ re }) => re !== undefined).length, heard.filter(({ type }) => type === 'seats').length], [MAPS_ASKED, 0], 'no change was kept for it');
  const states = Buffer.from(heard.at(-1).states, 'base64'), state = (seat) => (states[seat >> 2] >> (2 * (seat & 3))) & 3;
  assert.deepEqual([0, 7, 8, 9].map(state), [0, 1, 1, 0]);
  const next = heard.length; // and changes come again, one by one
  await buyer.ask({ type: 'release' });
  await until('a change', () => heard.slice(next).some((push) => push.type === 'seats' && push.free.includes(7)));
  return changes;
}

async function beSlow(wsUrl, event) {
  const slow = await visit({ wsUrl, event });
  slow.socket.on('message', (data) => process.stdout.write(`${data}\n`));
  await slow.ask({ type: 'join' });
}

if (role === 'visitor') await beSlow(...process.argv.slice(2));
if (role === 'walk') {
  console.log(await walk());
  process.exit(0);
}
if (!role) {
  const isPossible = inNamespace(smallNetwork).status === 0;
  test('a newer place replaces one that was not sent, one map all changes of seats', { skip: !isPossible && 'no namespaces here' }, () => {
    const run = inNamespace(`${smallNetwork} && exec "$1" "$2"`, process.execPath, self);
    assert.equal(run.status, 0, run.stdout + run.stderr);
  });
}
