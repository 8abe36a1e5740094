// The page of a load test: it draws what the report says, for any width, light and dark, and fetches nothing. Made
// from reports with known figures, one of them as bare as a report can be, with names that try to break out.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { stampede } from '../support/stampede.mjs';
import { temporaryDirectory } from '../support/stanchion.mjs';
import { DESKTOP, PHONE, assertNoProblems, launch, newPerson } from './browser.mjs';

const NASTY = '</script><img src=x onerror="console.error(1)">&amp;<!--';
const SECONDS = 30;
const each = (make) => Array.from({ length: SECONDS }, (_, index) => make(index));
const latencyOf = (us) => ({
  count: 1000, p50_us: us, p90_us: 2 * us, p99_us: 5 * us, 'p99.9_us': 8 * us, 'p99.99_us': 9 * us, max_us: 9 * us,
  buckets: [us, 600, 2 * us, 300, 5 * us, 90, 9 * us, 10],
});
const overTime = (us) => ({ count: each(() => 30), p50_us: each((s) => (s % 7 ? us : null)), p99_us: each((s) => us * (1 + s)), max_us: each(() => 9 * us) });

function crowd() {
  return {
    verdict: 'broken', reason: '',
    checks: [{ check: 'no seat confirmed twice', state: 'FAILED', violations: 1, text: `seat 7 ${NASTY}` }, { check: 'money adds up', state: 'ok', violations: 0, text: 'confirmed 1234567' }],
    thresholds: [{ expect: 'hold.p99 < 20ms', kept: false, value: 25.123 }, { expect: 'joined.last < 120', kept: true, value: 111900, unit: 'ms' },
      { expect: 'memory.max < 16000', kept: true, value: 10989.77, unit: 'MB' }, { expect: 'no.such > 1', kept: false, value: null, unit: '' }],
    run: { url: 'http://127.0.0.1:8080', event: NASTY, mode: 'journey', visitors: 12345, processes: 2, seconds: 30.5, seed: '7', was_interrupted: true },
    counts: { visitors: { bought: 9000, left: 3345 }, errors: { seat_taken: 321, closed: 12 }, admitted: 12000, seats_sold: 18000, joined: 12345 },
    line: { joins_per_s: 411.5 }, latency: { connect: latencyOf(300), hold: latencyOf(2000), 'tick interval': latencyOf(500000) },
    tester: { busiest_max: 0.97, busiest_mean: 0.5, machine_max: 1, late_p99_us: 1500, is_limit: true, why: 'the tester was the limit' },
    environment: { time: '2026-01-02T03:04:05Z', kernel: 'Linux 6', processor: 'P', cores: 2, memory_mb: 24000, commit: 'abc' },
    timeline: {
      at_s: each((s) => s + 1), seconds: each(() => 1), latency: { connect: overTime(300), hold: overTime(2000) },
      counts: Object.fromEntries(['arrived', 'joined', 'admitted', 'holds', 'confirmed', 'seats_sold', 'reconnects', 'pushes', 'errors'].map((name) => [name, each((s) => s * 10)])),
      levels: { connected: each((s) => 50 * s), waiting: each((s) => 1000 - 30 * s), inside: each(() => 80), server_waiting: each(() => null), server_inside: each(() => 80) },
      tester: { cpu: each(() => 0.5), busiest: each(() => 0.4), machine: each(() => null), late_ms: each(() => 1) },
      processes: ['gateway 0', 'gateway 1', 'gateway 2', 'gateway 3', 'redis'].map((name) => ({ name, cpu: each((s) => (s < 3 ? null : 0.25)), memory_kb: each((s) => (s < 3 ? null : 20480)) })),
      memory_used_kb: each((s) => s << 20),
    },
    places: [{ visitor: 0, admitted_s: 12, ahead: [[1, 500], [6, 200], [11, 3]] }, { visitor: 9, admitted_s: null, ahead: [[2, 900], [29, 400]] }],
    estimates: { visitors: 3, within: 1, sooner: 1, later: 1, points: [[5, 9, 7], [10, 12, 8], [1, 2, 9]] },
  };
}

const bare = {
  verdict: 'not_carried_out', reason: 'nobody came', checks: [], thresholds: [], line: { joins_per_s: 0 }, latency: {}, places: [],
  run: { url: 'u', event: 'e', mode: 'bad', visitors: 1, processes: 1, seconds: 0.1, seed: '1', was_interrupted: false },
  counts: { visitors: {}, errors: {} }, tester: { busiest_max: 0, late_p99_us: 0, is_limit: false, why: '' }, estimates: { visitors: 0, points: [] },
};

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

function pageOf(report) {
  const directory = temporaryDirectory(), file = path.join(directory, 'page.html');
  fs.writeFileSync(path.join(directory, 'report.json'), JSON.stringify(report));
  execFileSync(stampede, ['page', path.join(directory, 'report.json'), file]);
  return pathToFileURL(file).href;
}

// Opens it and asserts what is true of every page.
async function opened(url, options) {
  const person = await newPerson(browser, options), asked = [];
  person.page.on('request', (request) => asked.push(request.url()));
  await person.page.goto(url);
  await person.page.locator('footer button').waitFor();
  await person.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  assertNoProblems(person);
  assert.deepEqual(asked, [url]);
  const seen = await person.page.evaluate(() => ({
    overflow: document.documentElement.scrollWidth - innerWidth,
    strange: [...document.querySelectorAll('svg *')].filter((element) => [...element.attributes].some(({ value }) => /NaN|Infinity|undefined/.test(value))).length,
    images: document.querySelectorAll('img').length, paper: getComputedStyle(document.body).backgroundColor,
  }));
  assert.deepEqual([seen.overflow <= 0, seen.strange, seen.images], [true, 0, 0], JSON.stringify(seen));
  return { ...person, seen };
}

test('it shows what the report says, and nothing in it can break out', async () => {
  const url = pageOf({ scenario: 's', title: `T ${NASTY}`, about: 'a', verdict: 'broken', faults: [{ at_s: 4, text: `kill ${NASTY}` }], crowds: { one: crowd(), two: crowd() } });
  const { page } = await opened(url, DESKTOP);
  const text = await page.locator('main').innerText();
  for (const words of [`T ${NASTY}`, 'A promise was broken', 'partial', 'the tester was the limit', '12,345', '18,000', 'seat_taken', '25 ms', '111.9 s', '10,990 MB', 'no such figure', 'confirmed 1,234,567', 'resident, in GB',
    `seat 7 ${NASTY}`, `kill ${NASTY}`, '4 gateways', '33 % of 3 visitors', 'commit abc'])
    assert.ok(text.includes(words), `${words}\n${text}`);
  // Many gateways are one row with what they use together, and each for itself on demand.
  assert.match(await page.locator('tr', { hasText: '4 gateways' }).first().innerText(), /4 gateways\s+27\.0 s\s+100 %\s+80\.0 MB/);
  assert.equal(await page.getByText('gateway 3', { exact: true }).first().isVisible(), false);
  await page.getByText('each gateway', { exact: true }).first().click();
  assert.ok(await page.getByText('gateway 3', { exact: true }).first().isVisible());
  assert.equal(await page.locator('h2', { hasText: 'Latencies' }).count(), 2, 'one for each crowd');
  // The highest label of an axis is not below a curve: 29 GB, 300 arrivals a second.
  for (const [title, top] of [['Memory', '30'], ['Arrivals', '300']])
    assert.ok((await page.locator('figure', { hasText: title }).first().locator('svg text').allTextContents()).includes(top), title);
  assert.ok(await page.locator('figure svg').count() >= 2 * 8);
  assert.ok(await page.locator('.multiples svg').count() === 2 * 3);
  const plot = page.locator('figure', { hasText: 'Arrivals' }).first().locator('.plot');
  await plot.scrollIntoViewIfNeeded();
  await plot.hover();
  assert.match(await plot.locator('.tip').innerText(), /s\s+wanted to come\s+\d/);
});

test('on a phone, in the dark, on paper, and with nothing in it', async () => {
  const whole = pageOf(crowd());
  const [light, phone, dark] = [await opened(whole, DESKTOP), await opened(whole, PHONE), await opened(whole, { ...DESKTOP, colorScheme: 'dark' })];
  assert.equal(light.seen.paper, phone.seen.paper);
  assert.notEqual(light.seen.paper, dark.seen.paper);
  await dark.page.emulateMedia({ media: 'print' });
  assert.equal(await dark.page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
  const { page } = await opened(pageOf(bare), PHONE);
  assert.match(await page.locator('main').innerText(), /Not carried out\s+nobody came/);
});
