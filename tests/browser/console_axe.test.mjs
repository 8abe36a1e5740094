// axe-core finds nothing in any view of the console in Korean, in light and dark, and nothing sticks out on a phone. (In English,
// in light, each view is checked where console.test.mjs and console_draft.test.mjs come by.)
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { startStanchion } from '../support/stanchion.mjs';
import { launch } from './browser.mjs';
import { consoleTour } from './console_tour.mjs';

const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const VIEWS = 19;

let server, browser;
before(async () => {
  server = await startStanchion({ event: 'arena' });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function violations(page, colorScheme, runOnly) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  const { violations: found } = await page.evaluate((only) => globalThis.axe.run(document, { runOnly: only, resultTypes: ['violations'], preload: false }), runOnly);
  return found.map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes[0].html.slice(0, 160)}`);
}

test('no violations in Korean, in light and dark', async () => {
  const found = [];
  const seen = new Set();
  await consoleTour(browser, server, 'ko', async (name, page) => {
    seen.add(name);
    await page.evaluate(source);
    const here = [...await violations(page, 'light', { type: 'tag', values: TAGS }),
      ...await violations(page, 'dark', { type: 'rule', values: ['color-contrast'] })];
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) here.push('something sticks out');
    if (await page.locator('html').getAttribute('lang') !== 'ko') here.push('not in Korean');
    found.push(...here.map((each) => `${name}: ${each}`));
  });
  assert.deepEqual(found, []);
  assert.ok(seen.size >= VIEWS, [...seen].join());
});
