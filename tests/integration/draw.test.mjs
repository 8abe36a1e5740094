// The draw of a pre-queue, end to end: announced before, fixed at the opening, carried out, told to everybody, and
// checked again here by an implementation of its own (node:crypto), by the command line, and by a Merkle proof.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { everyGatewayKnows, ofEachGateway } from '../support/gateways.mjs';
import { writeHall } from '../support/halls.mjs';
import { runCli, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const VISITORS = 30;
const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const hex = (buffer) => buffer.toString('hex');
const payload = (receipt) => JSON.parse(Buffer.from(receipt.split('.')[1], 'base64url'));

function rootOf(leaves) {
  if (leaves.length === 0) return sha('');
  if (leaves.length === 1) return leaves[0];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha(Buffer.of(1), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

const leafOf = (event, seq, visitor) => sha(Buffer.of(0), `${event} ${seq} ${visitor}`);

function rootByPath(leaf, { index, places, path: siblings }) {
  let at = leaf, i = index, used = 0;
  for (let level = places; level > 1; level = Math.ceil(level / 2), i = i >> 1) {
    if ((i ^ 1) >= level) continue;
    const sibling = Buffer.from(siblings[used++], 'hex');
    at = i % 2 ? sha(Buffer.of(1), sibling, at) : sha(Buffer.of(1), at, sibling);
  }
  assert.equal(used, siblings.length);
  return at;
}

// Parses and checks a transcript without a line of the server's code. Returns [{ seq, visitor, next }].
function checkTranscript(text) {
  const lines = text.trimEnd().split('\n');
  const from = lines.findIndex((line) => line.startsWith('places '));
  const head = Object.fromEntries(lines.slice(1, from + 1).map((line) => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]));
  const places = lines.slice(from + 1).map((line) => line.split(' ')).map(([seq, visitor, next]) => ({ seq: Number(seq), visitor, next: Number(next) }));
  assert.equal(places.length, Number(head.places));
  const secret = Buffer.from(head.secret, 'hex');
  assert.equal(hex(sha(secret)), head.commitment);
  const root = rootOf(places.map(({ seq, visitor }) => leafOf(head.event, seq, visitor)));
  assert.equal(hex(root), head.root);
  const seed = sha(secret, root, head.beacon);
  assert.equal(hex(seed), head.seed);
  const rank = ({ visitor }) => hex(createHmac('sha256', seed).update(visitor).digest());
  const order = [...places].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  order.forEach((place, k) => assert.equal(place.next, places[k].seq));
  return { head, places };
}

let server, base;
const get = async (where) => {
  const answer = await fetch(`${server.url}/api/v1/events/arena${where}`);
  return { status: answer.status, body: await answer.json() };
};
const set = (...pairs) => server.set(...pairs);
const refuses = async (...pairs) => {
  const { code, stderr } = await server.cli(['event', 'set', 'arena', ...pairs]);
  assert.equal(code, 1, stderr);
  return stderr;
};
const draw = async (state) => {
  let draws;
  await until(`the draw is ${state} everywhere`, async () => {
    draws = await ofEachGateway(server, (gateway) => gateway.ask('/api/v1/events/arena/draw'));
    return draws.every(({ text }) => JSON.parse(text).state === state);
  });
  return JSON.parse(draws[0].text);
};
const phase = (wanted) => everyGatewayKnows(server, `it is ${wanted}`, (event) => event?.phase === wanted);

before(async () => {
  base = temporaryDirectory();
  server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena', open: false });
  await set('tick_ms=100', 'admit_per_tick=0', 'draw=1', 'draw_beacon_wait=1');
});
after(async () => server?.stop());

describe('a draw', () => {
  const visitors = [];
  let committed, rooted, transcript, places;

  test('is committed to before the pre-queue opens', async () => {
    committed = await draw('committed');
    assert.match(committed.commitment, /^[0-9a-f]{64}$/);
    assert.deepEqual(Object.keys(committed).sort(), ['commitment', 'committed_at_ms', 'state']);
    const file = path.join(server.dir, 'line/arena.secret');
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(hex(sha(Buffer.from(fs.readFileSync(file, 'utf8').trim().split('\n')[2], 'hex'))), committed.commitment);
    const published = { state: 'committed', commitment: committed.commitment, places: 0 };
    await everyGatewayKnows(server, 'what was committed to', ({ draw: now }) => JSON.stringify(now) === JSON.stringify(published));
    await set('draw=0');
    await set('draw=1'); // until the pre-queue opens that may be changed; the secret stays
    assert.equal((await draw('committed')).commitment, committed.commitment);
  });

  test('takes those who come before the opening', async () => {
    await set('phase=prequeue');
    await phase('prequeue');
    assert.match(await refuses('draw=0'), /pre-queue/);
    const again = await server.cli(['event', 'load', writeHall({ ini: '[settings]\ndraw = 0\n' }), '--id', 'arena']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /draw: it can be changed only before/);
    for (let i = 0; i < VISITORS; i++) {
      const visitor = await visit(server);
      visitor.place = await visitor.ask({ type: 'join' });
      assert.equal(visitor.place.seq, i + 1);
      assert.equal(payload(visitor.place.receipt).drawn, undefined);
      visitors.push(visitor);
    }
    for (const i of [0, 7]) assert.equal((await visitors[i].ask({ type: 'leave' })).type, 'left');
  });

  test('fixes who takes part, publishes the root, and waits for the beacon', async () => {
    assert.equal((await get('/draw/proof/3')).status, 404);
    await set('phase=open');
    rooted = await draw('pending');
    assert.equal(rooted.places, VISITORS - 2);
    assert.equal(rooted.cut, VISITORS);
    assert.match(rooted.root, /^[0-9a-f]{64}$/);
    assert.ok(!('secret' in rooted) && !('seed' in rooted));
    assert.equal((await get('')).body.phase, 'prequeue');
    await until('everybody hears of it', async () => visitors[3].pushes.some((push) => push.drawing));
    const late = await visit(server);
    late.place = await late.ask({ type: 'join' });
    assert.equal(late.place.seq, VISITORS + 1);
    assert.ok(late.place.drawing && !late.place.receipt);
    visitors.push(late);
    // One leaves while it is pending, another leaves and comes back at the end.
    assert.equal((await visitors[5].ask({ type: 'leave' })).type, 'left');
    assert.equal((await visitors[9].ask({ type: 'leave' })).type, 'left');
    visitors[9].place = await visitors[9].ask({ type: 'join' });
    assert.equal(visitors[9].place.seq, VISITORS + 2);
  });

  test('goes on when the registrar is killed', async () => {
    const pid = server.children().registrar;
    process.kill(pid, 'SIGKILL');
    await until('it is started again', () => ![undefined, pid].includes(server.children().registrar));
    await set('draw_beacon=drand 4711: 8f2c');
    const done = await draw('done');
    assert.equal(done.root, rooted.root);
    assert.equal(done.beacon, 'drand 4711: 8f2c');
    assert.equal(hex(sha(Buffer.from(done.secret, 'hex'))), committed.commitment);
    await phase('open');
  });

  test('can be checked by anybody from its transcript', async () => {
    const file = path.join(base, 'arena.draw');
    const exported = await server.cli(['draw', 'export', 'arena', file]);
    assert.equal(exported.code, 0, exported.stderr);
    transcript = fs.readFileSync(file, 'utf8');
    ({ places } = checkTranscript(transcript));
    assert.equal(places.length, VISITORS - 2);
    assert.notDeepEqual(places.map(({ next }) => next), places.map(({ seq }) => seq), 'somebody has moved');
    const receipt = visitors[3].place.receipt;
    const right = await runCli(['draw', 'verify', file, '--commitment', committed.commitment, '--root', rooted.root, '--receipt', receipt]);
    assert.equal(right.code, 0, right.stderr);
    assert.match(right.stdout, new RegExp(`place 4 \\(visitor ${payload(receipt).visitor}\\) went to ${places.find(({ seq }) => seq === 4).next}\n`));
    const twice = await server.cli(['draw', 'export', 'arena', file]);
    assert.match(twice.stderr, /exists/i);
  });

  test('that was tampered with is found', async () => {
    const file = path.join(base, 'tampered.draw');
    const lines = transcript.split('\n');
    const at = (name) => lines.findIndex((line) => line.startsWith(name));
    const swap = (i) => { const [a, b] = [lines[i].split(' '), lines[i + 1].split(' ')]; return [`${a[0]} ${b[1]} ${a[2]}`, `${b[0]} ${a[1]} ${b[2]}`]; };
    const cases = {
      secret: [at('secret'), [lines[at('secret')].replace(/.$/, (c) => (c === '0' ? '1' : '0'))]],
      beacon: [at('beacon'), ['beacon another']],
      seed: [at('seed'), [lines[at('seed')].replace(/.$/, (c) => (c === '0' ? '1' : '0'))]],
      root: [at('root '), [lines[at('root ')].replace(/.$/, (c) => (c === '0' ? '1' : '0'))]],
      places: [at('places') + 1, swap(at('places') + 1)],
    };
    for (const [name, [line, replacement]] of Object.entries(cases)) {
      fs.writeFileSync(file, lines.toSpliced(line, replacement.length, ...replacement).join('\n'));
      const { code, stderr } = await runCli(['draw', 'verify', file]);
      assert.equal(code, 1, `${name}: ${stderr}`);
      assert.match(stderr, /NOT right/, name);
    }
    fs.writeFileSync(file, transcript);
    for (const option of ['--commitment', '--root']) {
      assert.equal((await runCli(['draw', 'verify', file, option, 'f'.repeat(64)])).code, 1, option);
    }
  });

  test('tells everybody the new place, with a receipt that holds', async () => {
    for (const [i, visitor] of visitors.entries()) {
      if ([0, 5, 7].includes(i)) continue;
      const seq = i === 9 ? VISITORS + 2 : i === VISITORS ? VISITORS + 1 : places.find((place) => place.seq === i + 1).next;
      const push = await visitor.push((message) => message.type === 'place' && message.receipt && payload(message.receipt).drawn);
      assert.equal(push.seq, seq, `visitor ${i}`);
      assert.equal(payload(push.receipt).seq, seq);
      visitor.now = push;
    }
    // Exact places: those who left are counted at the places that they would have got.
    const left = [5, 9].map((i) => places.find((place) => place.seq === i + 1).next);
    const held = places.map(({ next }) => next).filter((next) => !left.includes(next)).sort((a, b) => a - b);
    for (const [i, visitor] of visitors.entries()) {
      if ([0, 5, 7].includes(i)) continue;
      const behind = [VISITORS + 1, VISITORS + 2].indexOf(visitor.now.seq);
      const ahead = behind < 0 ? held.indexOf(visitor.now.seq) : held.length + behind;
      let again;
      await until(() => `visitor ${i} has ${ahead} ahead: ${JSON.stringify(again)}`, async () => {
        again = await visitor.ask({ type: 'resume', receipt: i === 9 || i === VISITORS ? visitor.now.receipt : visitor.place.receipt });
        assert.deepEqual([again.type, again.seq], ['place', visitor.now.seq], JSON.stringify(again));
        return again.ahead === ahead;
      });
    }
  });

  test('gives each place a proof', async () => {
    for (const { seq, visitor, next } of places) {
      const { status, body } = await get(`/draw/proof/${seq}`);
      assert.equal(status, 200);
      assert.equal(body.new_seq, next);
      assert.equal(hex(rootByPath(leafOf('arena', seq, visitor), body)), rooted.root);
      assert.deepEqual((await get(`/draw/proof/drawn/${next}`)).body, body);
    }
    for (const wrong of ['1', '8', '31', '999999999', '0', '-1', 'x', 'drawn/1', 'drawn/']) {
      assert.equal((await get(`/draw/proof/${wrong}`)).status, 404, wrong);
    }
  });

  test('is the order of admission', async () => {
    await set('admit_per_tick=3');
    const admitted = await Promise.all(visitors.filter((_, i) => ![0, 5, 7].includes(i)).map((visitor) => visitor.push('admitted')));
    const byAdmission = [...admitted].sort((a, b) => a.admission - b.admission).map(({ seq }) => seq);
    assert.deepEqual(byAdmission, [...byAdmission].sort((a, b) => a - b));
    assert.equal(new Set(byAdmission).size, VISITORS + 1 - 3);
  });
});
