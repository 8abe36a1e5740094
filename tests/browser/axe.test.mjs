// axe-core finds nothing on any page in any state, in light and dark, in every language.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';
import { openHouse } from './browser.mjs';
import { LANGUAGES, tour } from './tour.mjs';

const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// A page without scripts can only move by a refresh, and a line that does not move is none: what WCAG 2.2.1 calls essential.
const WITHOUT_SCRIPT = { 'meta-refresh': { enabled: false } };

let server, browser;
before(async () => { ({ server, browser } = await openHouse({ event: 'arena' })); });

const twoFrames = (page) => page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));

async function violations(page, scheme, runOnly, rules) {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await twoFrames(page); // pages draw the event's colour again
  const { violations: found } = await page.evaluate(([only, rules]) => globalThis.axe.run(document, { runOnly: only, rules, resultTypes: ['violations'], preload: false }), [runOnly, rules]);
  return found.map(({ id, nodes }) => `${scheme} ${id}: ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 120)} ${any[0]?.message ?? ''}`).join(' | ')}`);
}

// Runs in the page: what sticks out of it at the sides, and whether the page could be moved sideways.
function whatSticksOut() {
  const isIn = (node) => { // what lies in something that is scrolled or cut off by itself may be anywhere
    for (let up = node.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible' && up !== document.body) return true;
    return false;
  };
  const found = [...document.querySelectorAll('body *')].filter((node) => {
    if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || node.closest('.unseen, .skip, svg')) return false;
    const { left, right, width } = node.getBoundingClientRect();
    return width > 0 && (left < -1 || right > innerWidth + 1) && !isIn(node);
  }).map((node) => node.outerHTML.slice(0, 100));
  const over = document.documentElement.scrollWidth - innerWidth;
  return over > 0 ? [`${over} px too wide`, ...found] : found;
}

// As Arabic or Hebrew would have the page, and as it is.
async function outside(page) {
  const found = [];
  for (const direction of ['rtl', 'ltr']) {
    await page.evaluate((dir) => { document.documentElement.dir = dir; }, direction);
    found.push(...(await page.evaluate(whatSticksOut)).map((each) => `${direction}: ${each}`));
  }
  return found;
}

// What a switch of the colours can change is only the contrast, and that is the same in every language.
for (const language of Object.keys(LANGUAGES)) {
  test(`no violations in ${language}, and nothing is cut off in either direction`, async () => {
    const found = [];
    const isFirst = language === 'en';
    await tour(browser, server, language, async (name, page) => {
      await page.evaluate(source);
      const rules = { ...(name.startsWith('plain-') && WITHOUT_SCRIPT), ...(!isFirst && { 'color-contrast': { enabled: false } }) };
      const here = [...await violations(page, 'light', { type: 'tag', values: TAGS }, rules),
        ...(isFirst ? await violations(page, 'dark', { type: 'rule', values: ['color-contrast'] }) : []), ...await outside(page)];
      found.push(...here.map((each) => `${name}: ${each}`));
    }, { wanted: new RegExp(process.env.TOUR ?? '.') });
    assert.deepEqual(found, []);
  });
}
