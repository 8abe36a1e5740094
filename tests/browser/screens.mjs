// Pictures of each page and state, at three sizes, in light and dark, in each language, to be looked at:
//
//   node tests/browser/screens.mjs [pattern of names] [folder]         all go to build/screens
//   node tests/browser/screens.mjs --readme                            those of the README go to docs/screens
//
// The names are <state>-<width>-<scheme>-<language>.png; index.html shows them side by side.
import fs from 'node:fs';
import path from 'node:path';
import { root, startStanchion } from '../support/stanchion.mjs';
import { launch } from './browser.mjs';
import { consoleTour } from './console_tour.mjs';
import { LANGUAGES, tour } from './tour.mjs';

const SIZES = [{ width: 360, height: 740 }, { width: 768, height: 1024 }, { width: 1440, height: 900 }];
const SCHEMES = ['light', 'dark'];
const README = [['line-far', 0, 'light', 'en'], ['seats-chosen', 2, 'light', 'en'], ['tickets', 0, 'dark', 'ko'], ['sale-announced', 2, 'dark', 'en'],
  ['console-live', 2, 'light', 'en']];

const isReadme = process.argv.includes('--readme');
const [pattern = '.', folder = path.join(root, isReadme ? 'docs/screens' : 'build/screens')] = process.argv.slice(2).filter((each) => !each.startsWith('--'));

async function shoot(name, page, size, scheme, language, file) {
  await page.setViewportSize(SIZES[size]);
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  await page.screenshot({ path: file, fullPage: (size === 0 || name.startsWith('console')) && !name.startsWith('seats') && !isReadme });
}

async function shootAll(name, page, language) {
  for (const size of SIZES.keys())
    for (const scheme of SCHEMES) {
      const file = `${name}-${SIZES[size].width}-${scheme}-${language}.png`;
      await shoot(name, page, size, scheme, language, path.join(folder, file));
      files.push(file);
    }
}

const files = [];
fs.mkdirSync(folder, { recursive: true });
const server = await startStanchion({ event: 'arena' });
const browser = await launch();
try {
  // The console afterwards: for its pictures the sale lets nobody in.
  for (const walk of [tour, consoleTour])
    for (const language of Object.keys(LANGUAGES)) {
      const chosen = README.filter((each) => each[3] === language);
      const wanted = isReadme ? new RegExp(`^(${chosen.map(([name]) => name).join('|')})$`) : new RegExp(pattern);
      await walk(browser, server, language, async (name, page) => {
        if (!isReadme) return shootAll(name, page, language);
        for (const [, size, scheme] of chosen.filter((each) => each[0] === name))
          await shoot(name, page, size, scheme, language, path.join(folder, `${name}.png`));
      }, { wanted });
    }
  if (!isReadme) {
    fs.writeFileSync(path.join(folder, 'index.html'), `<!doctype html><meta charset="utf-8"><title>Screens</title>${files
      .map((file) => `<figure style="display:inline-block"><img src="${file}" style="max-width:420px"><figcaption>${file}</figcaption></figure>`).join('\n')}`);
    console.log(`${files.length} pictures in ${folder}`);
  }
} finally {
  await browser.close();
  await server.stop();
}
