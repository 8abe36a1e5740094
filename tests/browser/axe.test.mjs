// axe-core finds nothing on any page in any state, in light and dark, in every language.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { startStanchion } from '../support/stanchion.mjs';
import { launch } from './browser.mjs';
import { LANGUAGES, tour } from './tour.mjs';

const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// A page without scripts can only move by a refresh, and a line that does not move is none: what WCAG 2.2.1 calls essential.
const WITHOUT_SCRIPT = { 'meta-refresh': { enabled: false } };

let server, browser;
before(async () => {
  server = await startStanchion({ event: 'arena' });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function violations(page, scheme, runOnly, rules = {}) {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); })); // pages draw the event's colour again
  const { violations: found } = await page.evaluate(([only, rules]) => globalThis.axe.run(document, { runOnly: only, rules, resultTypes: ['violations'] }), [runOnly, rules]);
  return found.map(({ id, nodes }) => `${scheme} ${id}: ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 120)} ${any[0]?.message ?? ''}`).join(' | ')}`);
}

// What a switch of the colours can change is only the contrast, and that is the same in every language.
for (const language of Object.keys(LANGUAGES)) {
  test(`no violations in ${language}`, async () => {
    const found = [];
    await tour(browser, server, language, async (name, page) => {
      await page.evaluate(source);
      const rules = name.startsWith('plain-') ? WITHOUT_SCRIPT : {};
      const here = [...await violations(page, 'light', { type: 'tag', values: TAGS }, rules),
        ...(language === 'en' ? await violations(page, 'dark', { type: 'rule', values: ['color-contrast'] }) : [])];
      found.push(...here.map((each) => `${name}: ${each}`));
    }, { wanted: new RegExp(process.env.TOUR ?? '.') });
    assert.deepEqual(found, []);
  });
}
