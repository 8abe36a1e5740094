// The history of a line: chained and signed as docs/history.md says (checked here by node:crypto), unbroken over kills
// and restarts, and every tampering with it found by the command line.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { askRedis } from '../support/redis.mjs';
import { runCli, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const FLAGS = ['--gateways', '1'];

// [{ nr, text, hash }] of a history, after checking its chain.
function chainOf(history) {
  const [first, ...lines] = history.trimEnd().split('\n');
  let hash = sha(first);
  return lines.map((line, i) => {
    const [, nr, text, told] = line.match(/^(\d+) (.*) ([0-9a-f]{64})$/);
    assert.equal(Number(nr), i + 1);
    hash = sha(hash, `${nr} ${text}`);
    assert.equal(hash.toString('hex'), told, `line ${nr}`);
    return { nr: i + 1, text, hash: told };
  });
}

// Makes a chain that is right in itself, of any texts.
function forge(event, texts) {
  const first = `stanchion-history 1 ${event}`;
  let hash = sha(first);
  return [first, ...texts.map((text, i) => {
    hash = sha(hash, `${i + 1} ${text}`);
    return `${i + 1} ${text} ${hash.toString('hex')}`;
  }), ''].join('\n');
}

let server, base, dir;
const visitors = [];
const start = async () => { server = await startStanchion({ flags: FLAGS, dir, waitFor: 'health' }); server.event = 'arena'; };
const run = async (...args) => {
  const result = await server.cli(args);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
};
const exported = () => run('line', 'export', 'arena', '-');
const withNote = (pattern) => until(`the history has ${pattern}`, async () => {
  const history = await exported();
  return pattern.test(history) && history;
});
const publishedHead = async () => (await fetch(`${server.url}/api/v1/events/arena/line/head`)).json();
const check = (file, ...options) => runCli(['line', 'verify', file, ...options]);

before(async () => {
  base = temporaryDirectory();
  dir = path.join(base, 'data');
  await start();
  await run('event', 'load', 'docs/examples/arena', '--id', 'arena');
  await run('event', 'set', 'arena', 'tick_ms=100', 'admit_per_tick=1', 'phase=open', 'message=Doors at "eight" o\'clock');
});
after(async () => server?.stop());

describe('the history of a line', () => {
  let history, head, file;

  test('has joins, admissions, departures and the organizer\'s actions', async () => {
    for (let i = 0; i < 6; i++) {
      const visitor = await visit(server);
      visitor.place = await visitor.ask({ type: 'join' });
      visitors.push(visitor);
    }
    await visitors[5].ask({ type: 'leave' });
    await visitors[4].push('admitted');
    history = await withNote(/ leave \S+ 6 waiting[^]* tick [^\n]* in \d+ \d+ [^\n]*\S{12} 5 [^\n]*out/);
    const texts = chainOf(history).map(({ text }) => text);
    assert.ok(texts.some((text) => text.endsWith('set cli message: "" -> "Doors at \\"eight\\" o\'clock"')), texts.join('\n'));
    assert.ok(texts.some((text) => / set cli phase: "announced" -> "open"$/.test(text)));
    const joined = texts.flatMap((text) => text.match(/ join \d+ (.*)$/)?.[1].split(' ') ?? []);
    assert.equal(joined.length, 6);
    assert.ok(texts.some((text) => / tick \d+ open \d+ in \d+ \d+ \S{12} \d+ /.test(text)));
  });

  test('goes on without a gap when the registrar is killed', async () => {
    const pid = server.children().registrar;
    process.kill(pid, 'SIGKILL');
    for (let i = 0; i < 5; i++) {
      const visitor = await visit(server);
      await visitor.ask({ type: 'join' });
      visitors.push(visitor);
    }
    await until('it is started again', () => ![undefined, pid].includes(server.children().registrar));
    history = await withNote(/ tick [^\n]* in \d+ \d+ [^\n]*\S{12} 11 [^\n]*out/);
    const sources = chainOf(history).map(({ text }) => text.split(' ')[0]).filter((source) => source !== '-').map((source) => Number(source.split('-')[1]));
    assert.deepEqual(sources, sources.map((_, i) => i));
    assert.doesNotMatch(history, / gap /);
  });

  // Its place is kept, the note is not: that is said, not hidden.
  test('says what it lacks when notes are lost before they could be taken', async () => {
    const { registrar } = server.children();
    await until('all that was is synced', async () => await askRedis(server, 'XLEN', 'ev:arena:history') === 0);
    process.kill(registrar, 'SIGSTOP');
    for (let i = 0; i < 3; i++) await (await visit(server)).ask({ type: 'join' });
    assert.ok(await askRedis(server, 'XTRIM', 'ev:arena:history', 'MAXLEN', 1) >= 2);
    process.kill(registrar, 'SIGCONT');
    const gapped = await withNote(/ gap \d+-\d+ \d+-\d+/);
    chainOf(gapped);
    const [, from, to] = gapped.match(/ gap \d+-(\d+) \d+-(\d+)/);
    assert.match(gapped, new RegExp(`-${from - 1} [^]* gap [^]*-${Number(to) + 1} `));
    const other = path.join(base, 'gap.history');
    fs.writeFileSync(other, gapped);
    assert.match((await check(other)).stdout, /notes are missing at 1 place/);
  });

  test('goes on when the whole server is stopped and started', async () => {
    visitors.splice(0).forEach((visitor) => visitor.socket.terminate());
    const before = await exported();
    assert.equal((await server.stop()).code, 0);
    await start();
    await run('event', 'set', 'arena', 'admit_per_tick=2');
    history = await withNote(/set cli admit_per_tick: "1" -> "2"/);
    assert.ok(history.startsWith(before));
    assert.equal(history.match(/ gap /g).length, 1, 'none is new');
    chainOf(history);
  });

  test('is pinned by a signed head when the sale ends', async () => {
    await run('event', 'close', 'arena');
    history = await withNote(/ tick \d+ closed /);
    const nr = chainOf(history).find(({ text }) => / tick \d+ closed /.test(text)).nr;
    head = await until('a head covers the end', async () => {
      const published = await publishedHead();
      return Number(published.head?.split(' ')[3]) >= nr && published;
    });
    const [, , event, at, hash, , signature] = head.head.split(' ');
    assert.equal(event, 'arena');
    assert.equal(hash, chainOf(history)[at - 1].hash);
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(head.key, 'hex').toString('base64url') }, format: 'jwk' });
    assert.ok(verify(null, head.head.slice(0, -signature.length - 1), key, Buffer.from(signature, 'hex')));
    assert.equal(fs.statSync(path.join(dir, 'line/head.key')).mode & 0o777, 0o600);
    file = path.join(base, 'arena.history');
    fs.writeFileSync(file, history);
    const { code, stdout, stderr } = await check(file, '--head', head.head, '--key', head.key);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /is whole: \d+ lines, as signed by the head\n\d+ joined, \d+ admitted, /);
    assert.match(stdout, /notes are missing at 1 place/);
  });

  test('that was tampered with is found', async () => {
    const lines = history.trimEnd().split('\n');
    const texts = chainOf(history).map(({ text }) => text);
    const at = lines.findIndex((line) => line.includes(' join 3 '));
    const swapped = lines.with(at, lines[at + 1]).with(at + 1, lines[at]);
    const changes = {
      changed: lines.with(at, lines[at].replace(' join 3 ', ' join 4 ')),
      removed: lines.toSpliced(at, 1),
      inserted: lines.toSpliced(at, 0, lines[at]),
      'in another order': swapped,
      'cut off': lines.slice(0, -1),
      'made anew without one note': forge('arena', texts.toSpliced(at - 1, 1)).trimEnd().split('\n'),
      'of another event': forge('other', texts).trimEnd().split('\n'),
    };
    const other = path.join(base, 'tampered.history');
    for (const [name, tampered] of Object.entries(changes)) {
      fs.writeFileSync(other, `${tampered.join('\n')}\n`);
      const options = ['--head', head.head, '--key', head.key];
      const { code, stderr } = await check(other, ...options);
      const isPastHead = name === 'cut off' && Number(head.head.split(' ')[3]) < lines.length - 1;
      if (!isPastHead) assert.equal(code, 1, `${name}: ${stderr}`);
      if (['changed', 'removed', 'inserted', 'in another order'].includes(name)) assert.equal((await check(other)).code, 1, name);
    }
    fs.writeFileSync(other, history.slice(0, -10));
    assert.equal((await check(other)).code, 1, 'within a line');
    const wrong = { key: ['--head', head.head, '--key', 'ab'.repeat(32)], head: ['--head', head.head.replace(/arena \d+ /, 'arena 1 '), '--key', head.key], 'half a head': ['--head', head.head.slice(0, 80)] };
    for (const [name, options] of Object.entries(wrong)) assert.equal((await check(file, ...options)).code, 1, name);
  });

  test('tells when somebody was overtaken', async () => {
    const other = path.join(base, 'overtaken.history');
    const notes = ['5-0 1000 join 1 a b c', '5-1 1001 tick 1 open 0 in 1 9000 b 2 out', '5-2 1002 tick 2 open 2 in 2 9000 a 1 out'];
    fs.writeFileSync(other, forge('arena', notes));
    const { code, stderr } = await check(other);
    assert.equal(code, 1);
    assert.match(stderr, /place 2 was admitted while 1 waited/);
    fs.writeFileSync(other, forge('arena', [notes[0], ...['a', 'b'].map((id, i) => `5-${i + 1} 1001 tick ${i + 1} open ${i + 1} in [["${id}",${i + 1},1,9000]] out []`)]));
    assert.equal((await check(other)).code, 0);
  });

  test('a damaged file is put aside, and a new history begins', async () => {
    await server.stop();
    const own = path.join(dir, 'line/arena.history');
    fs.writeFileSync(own, fs.readFileSync(own, 'utf8').replace(' join 3 ', ' join 4 '));
    await start();
    const anew = await withNote(/ gap damaged /);
    chainOf(anew);
    assert.ok(fs.readdirSync(path.join(dir, 'line')).some((name) => name.startsWith('arena.history.damaged-')));
    assert.match(server.log(), /does not verify after line/);
    const torn = fs.readFileSync(own, 'utf8');
    await server.stop();
    fs.appendFileSync(own, '99 half a li');
    await start();
    chainOf(await until('the half written line is cut off', async () => {
      const now = await exported();
      return now.startsWith(torn) && now;
    }));
  });
});
