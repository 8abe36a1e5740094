// How heavy the pages are and how fast the seat map is, in headless Chromium:
//
//   node tests/support/map_bench.mjs [seats ...]        20000 and 100000 when none are named
//
// Weights are what goes over the wire (gzip), with everything fetched until the view is there. A map is first drawn when
// plan and states are in memory: from the page's point of view the time from "map" being answered to a picture. Panning
// is a drag over 120 frames, everything in sight; zoomed is the same where seats have numbers.
import { launch, newPerson, seatsAreReady } from '../browser/browser.mjs';
import { writeRows } from './halls.mjs';
import { startStanchion } from './stanchion.mjs';
import { visit } from './visitor.mjs';

const FRAMES = 120;
const CROWD = 110;

// In the page: frames of a drag by mouse events of our own, as fast as the browser draws.
const pan = (frames) => new Promise((resolve) => {
  const map = document.getElementById('map');
  const { left, top, width, height } = map.getBoundingClientRect();
  const at = (type, step) => map.dispatchEvent(new PointerEvent(type, { pointerId: 1, bubbles: true, pointerType: 'mouse',
    clientX: left + width / 2 + 60 * Math.sin(step / 10), clientY: top + height / 2 + 60 * Math.cos(step / 10) }));
  map.setPointerCapture = () => {};
  at('pointerdown', 0);
  const times = [];
  const frame = (now) => {
    times.push(now);
    if (times.length > frames) {
      at('pointerup', times.length);
      const gaps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
      return resolve({ perSecond: 1000 * frames / (times.at(-1) - times[0]), p95: gaps[Math.floor(0.95 * gaps.length)] });
    }
    at('pointermove', times.length);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});

async function measure(browser, count) {
  const server = await startStanchion({ event: writeRows(count) });
  const person = await newPerson(browser);
  const { page } = person;
  const bytes = { line: 0, seats: 0, plan: 0 };
  let view = 'line';
  const session = await person.context.newCDPSession(page);
  await session.send('Network.enable');
  const urls = new Map();
  session.on('Network.responseReceived', ({ requestId, response }) => urls.set(requestId, response.url));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId) ?? '';
    bytes[url.endsWith('/plan') ? 'plan' : view] += encodedDataLength;
  });
  await page.addInitScript(() => {
    addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
      const map = document.getElementById('map-loading');
      if (map?.hidden && !globalThis.drawnMs) requestAnimationFrame(() => { globalThis.drawnMs = performance.now(); });
    }).observe(document, { subtree: true, childList: true, attributes: true }));
    const { prototype } = globalThis.Response;
    const json = prototype.json;
    prototype.json = async function() {
      const isPlan = this.url.endsWith('/plan');
      if (isPlan) globalThis.planMs = performance.now();
      const value = await json.call(this);
      if (isPlan) globalThis.parsedMs = performance.now();
      return value;
    };
  });
  await server.cli(['event', 'set', server.event, 'admit_per_tick=0']);
  const ahead = await Promise.all(Array.from({ length: CROWD }, () => visit(server)));
  for (const visitor of ahead) await visitor.ask({ type: 'join' }); // near the turn the page fetches what comes after it
  await page.goto(`${server.url}/e/${server.event}`);
  await page.locator('#join').click();
  await page.locator('#line-number:not(:empty)').waitFor();
  await page.waitForTimeout(1000);
  view = 'seats';
  await server.cli(['event', 'set', server.event, 'admit_per_tick=2000']);
  await page.locator('#enter').click();
  await seatsAreReady(page);
  await page.waitForFunction(() => globalThis.drawnMs);
  const first = await page.evaluate(() => ({ parse: globalThis.parsedMs - globalThis.planMs, drawn: globalThis.drawnMs - globalThis.planMs }));
  const whole = await page.evaluate(pan, FRAMES);
  for (let i = 0; i < 12; i++) await page.locator('#zoom-in').click();
  const near = await page.evaluate(pan, FRAMES);
  await person.context.close();
  for (const visitor of ahead) await visitor.close();
  await server.stop();
  return { count, first, whole, near, bytes };
}

const browser = await launch();
try {
  const counts = process.argv.slice(2).map(Number);
  for (const count of counts.length > 0 ? counts : [20_000, 100_000]) {
    const { first, whole, near, bytes } = await measure(browser, count);
    const kb = (n) => `${(n / 1000).toFixed(1)} KB`;
    console.log(`${count} seats: first drawn ${first.drawn.toFixed(0)} ms after the plan came (${first.parse.toFixed(0)} ms of it reading JSON)`);
    console.log(`  panning, everything in sight: ${whole.perSecond.toFixed(1)} frames/s, 95 of 100 within ${whole.p95.toFixed(1)} ms; near: ${near.perSecond.toFixed(1)} frames/s, ${near.p95.toFixed(1)} ms`);
    console.log(`  on the wire: sale and line ${kb(bytes.line)}, turn and seats ${kb(bytes.seats)} more, the plan ${kb(bytes.plan)}`);
  }
} finally {
  await browser.close();
}
