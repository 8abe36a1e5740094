// Whoever is gone without a word is noticed, and whoever only says nothing is not: heartbeats from end to end
// (docs/decisions/0069). The network is a real one that dies: the test runs itself again in a network of its own (user and
// network namespace), where packets for one visitor's address go into a device that swallows them. Nobody is told of that:
// no reset, no unreachable. Another visitor's kernel takes all there is and acknowledges it although the process is stopped,
// as a phone's does while the page sleeps; a third one does not read what it has asked for.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { metricOfEach } from '../support/gateways.mjs';
import { startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const HEARTBEAT_MS = 300, UNANSWERED_MS_MAX = 2000;
const LOST = '127.0.0.5'; // the address whose network dies
const MAPS_ASKED = 12; // of a hall whose maps are more than all buffers on the way take
const self = fileURLToPath(import.meta.url);
const role = process.env.DEAD_NETWORK; // walk: inside the namespace; sleeper: the visitor that is stopped
const smallBuffers = "for x in rmem wmem; do echo '4096 4096 4096' > /proc/sys/net/ipv4/tcp_$x || exit 1; done";
const network = `ip link set lo up && { ip link add nowhere type dummy || ip link add nowhere type bridge; } &&
  ip link set nowhere arp off up && echo 1 > /proc/sys/net/ipv4/conf/nowhere/route_localnet && ${smallBuffers}`;
const inNamespace = (script, ...rest) => spawnSync('unshare', ['-rn', 'bash', '-c', script, 'bash', ...rest], {
  encoding: 'utf8', env: { ...process.env, DEAD_NETWORK: 'walk', NODE_TEST_CONTEXT: '' }, timeout: 300_000,
});
const isPlaced = (visitor) => visitor.ask({ type: 'join' }).then((answer) => assert.equal(answer.type, 'place', JSON.stringify(answer)));

// A visitor in a process of its own, which can be stopped: { pid, lines }.
function visitApart(server) {
  const child = spawn(process.execPath, [self, server.wsUrl, server.event], {
    env: { ...process.env, DEAD_NETWORK: 'sleeper' }, stdio: ['pipe', 'pipe', 'inherit'],
  });
  const apart = { pid: child.pid, lines: '', ask: () => child.stdin.write('join\n'), end: () => child.kill('SIGKILL') };
  child.stdout.on('data', (data) => { apart.lines += data; });
  process.on('exit', apart.end); // stopped, it would not even notice that we are gone
  return apart;
}

async function sleep(wsUrl, event) {
  const visitor = await visit({ wsUrl, event });
  visitor.socket.on('close', () => console.log('closed'));
  process.stdin.on('data', async () => console.log((await visitor.ask({ type: 'join' })).type));
  await isPlaced(visitor);
  console.log('ready');
}

function writeHall() {
  const file = path.join(temporaryDirectory(), 'large.csv');
  const rows = Array.from({ length: 200 }, (_, i) => `A,${i + 1},1,100,Seat,10.00,EUR\n`);
  fs.writeFileSync(file, `section,row,seat_from,seat_to,category,price,currency\n${rows.join('')}`);
  return file;
}

async function walk() {
  const server = await startStanchion({
    flags: ['--gateways', '1', '--push.heartbeat_ms', String(HEARTBEAT_MS), '--push.unanswered_ms_max', String(UNANSWERED_MS_MAX)], event: writeHall(),
  });
  const areHere = (count) => until(`${count} are here`, async () => (await metricOfEach(server, 'connections'))[0] === count);
  // Until one of them has been cut off because of what `happens` now: how long that took.
  const isCutOff = async (left, happens) => {
    const begunMs = performance.now();
    happens();
    await areHere(left);
    const tookMs = Math.round(performance.now() - begunMs);
    assert.ok(tookMs > UNANSWERED_MS_MAX * 0.9, `cut off after ${tookMs} ms already`);
    return tookMs;
  };
  const full = await visit(server);
  await full.enter();
  await server.set('admit_per_tick=0');
  const [lost, silent] = [await visit(server, { from: LOST }), await visit(server)];
  for (const visitor of [lost, silent]) await isPlaced(visitor);
  const asleep = visitApart(server);
  await until('it waits', () => asleep.lines === 'ready\n');
  process.kill(asleep.pid, 'SIGSTOP');
  await areHere(4);

  const lostMs = await isCutOff(3, () => {
    assert.equal(spawnSync('ip', ['route', 'add', `${LOST}/32`, 'dev', 'nowhere', 'table', 'local']).status, 0);
  });
  assert.equal(lost.closed, null, 'nobody has told it');
  const fullMs = await isCutOff(2, () => {
    full.socket._socket.pause();
    for (let id = 1000; id < 1000 + MAPS_ASKED; id++) full.say(JSON.stringify({ id, type: 'map' }));
  });
  assert.deepEqual(await metricOfEach(server, 'slow_readers_closed_total'), [0], 'it was not for the memory');

  await isPlaced(silent);
  process.kill(asleep.pid, 'SIGCONT');
  asleep.ask();
  await until('the sleeper is answered', () => asleep.lines !== 'ready\n');
  assert.equal(asleep.lines, 'ready\nplace\n');
  asleep.end();
  await silent.close();
  const { code, log } = await server.stop();
  assert.equal(code, 0, log);
  return `cut off after ${lostMs} and ${fullMs} ms`;
}

if (role === 'sleeper') await sleep(...process.argv.slice(2));
if (role === 'walk') {
  console.log(await walk());
  process.exit(0);
}
if (!role) {
  const isPossible = inNamespace(network).status === 0;
  test('a peer that is gone is cut off after the time for that; one that is silent or asleep is not', { skip: !isPossible && 'no namespaces here' }, (t) => {
    const run = inNamespace(`${network} && exec "$1" "$2"`, process.execPath, self);
    assert.equal(run.status, 0, run.stdout + run.stderr);
    t.diagnostic(run.stdout.trim());
  });
}
