// What a monitoring system reads: whichever gateway answers tells of all, and counters never go down.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ofEachGateway } from '../support/gateways.mjs';
import { root, startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const VISITORS = 12;
let server, crowd = [];
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '3', '--gateway.silent_ms_max', '8000'], event: 'arena' });
  crowd = await Promise.all(Array.from({ length: VISITORS }, () => visit(server)));
  await Promise.all(crowd.map((one) => one.enter()));
});
after(async () => {
  for (const one of crowd) await one.close().catch(() => {});
  await server?.stop();
});

// { samples: Map of 'name{labels}' to number, kinds: Map of family to type }; throws at what Prometheus would not read.
function parse(text) {
  const samples = new Map(), kinds = new Map();
  assert.ok(text.endsWith('\n'));
  for (const line of text.trim().split('\n')) {
    const type = line.match(/^# TYPE (\w+) (counter|gauge|histogram)$/);
    if (type) {
      assert.ok(!kinds.has(type[1]), `${type[1]} is introduced once`);
      kinds.set(type[1], type[2]);
    } else if (!line.startsWith('#')) {
      const [, key, name, value] = line.match(/^((\w+)(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})?) (\S+)$/) ?? assert.fail(line);
      assert.ok(kinds.has(name) || kinds.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram', line);
      assert.ok(!samples.has(key), `${key} is told once`);
      assert.ok(Number.isFinite(Number(value)), line);
      samples.set(key, Number(value));
    }
  }
  return { samples, kinds };
}

const scrape = async () => parse(await (await fetch(`${server.url}/metrics`)).text());
const sumOf = ({ samples }, name) => [...samples].reduce((sum, [key, value]) => (key.startsWith(`stanchion_${name}{`) ? sum + value : sum), 0);

test('each gateway tells of all of them', async () => {
  await until('all have written', async () => sumOf(await scrape(), 'connections') === VISITORS, { msMax: 20_000 });
  const told = await ofEachGateway(server, async ({ ask }) => parse((await ask('/metrics')).text));
  assert.equal(told.length, 3);
  for (const one of told) {
    assert.equal(sumOf(one, 'connections'), VISITORS);
    assert.equal(sumOf(one, 'joins_total'), VISITORS);
    for (const gateway of [0, 1, 2]) {
      const age = one.samples.get(`stanchion_gateway_age_seconds{gateway="${gateway}"}`);
      assert.ok(age >= 0 && age < 20, `gateway ${gateway}: ${age} s`);
    }
  }
});

test('the alerts of docs/examples ask for what there is', async () => {
  const { samples } = await scrape(), names = new Set([...samples.keys()].map((key) => key.replace(/\{.*/, '')));
  const rules = fs.readFileSync(path.join(root, 'docs/examples/site/alerts.yml'), 'utf8');
  const asked = [...rules.matchAll(/expr: .*?(stanchion_\w+)/g)].map(([, name]) => name);
  assert.equal(asked.length, (rules.match(/alert:/g)).length - 1, 'all but the one that asks for nothing of ours');
  for (const name of asked) assert.ok(names.has(name), name);
});

test('docs/metrics.md has each of them, with its kind and what it is', async () => {
  const document = fs.readFileSync(path.join(root, 'docs/metrics.md'), 'utf8');
  const documented = [...document.matchAll(/^\| `(stanchion_\w+)` \| (\w+) \| (.*) \|$/gm)].map((row) => row.slice(1));
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const told = [...text.matchAll(/^# HELP (\w+) (.*)\n# TYPE \1 (\w+)$/gm)].map(([, name, what, kind]) => [name, kind, what]);
  assert.deepEqual(documented.sort(), told.sort());
});

test('holds and commits are timed', async () => {
  const [buyer, other] = crowd;
  assert.equal((await buyer.ask({ type: 'hold', seats: [20] })).type, 'held');
  assert.equal((await other.ask({ type: 'hold', seats: [21] })).type, 'held');
  const { order } = await buyer.ask({ type: 'checkout' });
  await buyer.ask({ type: 'pay', order, card: '4242424242424242' });
  await buyer.push('confirmed');
  const all = await until('they are counted', async () => {
    const seen = await scrape();
    return sumOf(seen, 'hold_seconds_count') === 2 && sumOf(seen, 'confirm_seconds_count') === 1 && seen;
  }, { msMax: 20_000 });
  for (const name of ['hold_seconds', 'confirm_seconds', 'estimate_error_ratio']) {
    for (const gateway of [0, 1, 2]) {
      const buckets = [...all.samples].filter(([key]) => key.startsWith(`stanchion_${name}_bucket{gateway="${gateway}"`)).map(([, value]) => value);
      assert.ok(buckets.length > 5 && buckets.every((value, i) => i === 0 || value >= buckets[i - 1]), `${name}: ${buckets}`);
      assert.equal(buckets.at(-1), all.samples.get(`stanchion_${name}_count{gateway="${gateway}"}`));
    }
  }
  assert.ok(sumOf(all, 'confirm_seconds_sum') < 60);
});

test('what a gateway has counted is not lost with it', async () => {
  const before = await scrape(), children = server.children();
  for (const name of ['gateway 0', 'gateway 1', 'gateway 2']) process.kill(children[name], 'SIGKILL');
  const after = await until('they are back', async () => {
    const seen = await scrape().catch(() => null);
    return seen && sumOf(seen, 'connections') === 0 && seen;
  }, { msMax: 30_000 });
  for (const [key, value] of before.samples) {
    const family = key.match(/^(\w+?)(?:_bucket|_sum|_count)?(?:\{|$)/)[1];
    if (before.kinds.get(family) !== 'gauge') assert.ok(after.samples.get(key) >= value - 1e-5 * value, `${key}: ${value}, then ${after.samples.get(key)}`);
  }
  assert.equal(sumOf(after, 'joins_total'), VISITORS);
});

test('a gateway that hangs is seen by its age, then ended and started again', async () => {
  const pid = server.children()['gateway 1'];
  process.kill(pid, 'SIGSTOP');
  // Connections that the kernel deals to it are not answered: each try has its own.
  const age = async () => {
    const answer = await fetch(`${server.url}/metrics`, { headers: { Connection: 'close' }, signal: AbortSignal.timeout(1000) }).catch(() => null);
    return answer && parse(await answer.text()).samples.get('stanchion_gateway_age_seconds{gateway="1"}');
  };
  await until('it has not written for 3 s', async () => await age() > 3, { msMax: 60_000 });
  await until('there is another one', () => (server.children()['gateway 1'] ?? pid) !== pid, { msMax: 60_000 });
  assert.match(server.log(), new RegExp(`gateway 1 \\(pid ${pid}\\) has given no sign of life for 8 s: it is ended`));
  await until('it writes', async () => await age() < 3, { msMax: 60_000 });
});

test('nobody is told who comes through a proxy', async () => {
  const status = (headers) => new Promise((resolve, reject) => {
    http.get(`${server.url}/metrics`, { headers, agent: false }, (answer) => { answer.resume().on('end', () => resolve(answer.statusCode)); }).on('error', reject);
  });
  assert.equal(await status({}), 200);
  assert.equal(await status({ 'X-Forwarded-For': '203.0.113.9' }), 404);
  assert.equal(await status({ 'X-Forwarded-For': '127.0.0.1' }), 404, 'whoever it names');
});
