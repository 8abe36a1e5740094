// axe-core finds nothing in any view of the console in Korean, in light and dark, and nothing sticks out on a phone. (In English,
// in light, each view is checked where console.test.mjs and console_draft.test.mjs come by.) And what the server refuses is told
// in Korean, too.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';
import { organizerOf } from '../support/organizer.mjs';
import { newPerson, openHouse } from './browser.mjs';
import { consoleTour, openConsole } from './console_tour.mjs';
import { LANGUAGES } from './tour.mjs';

const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const VIEWS = 26;

let server, browser;
before(async () => { ({ server, browser } = await openHouse({ event: 'arena' })); });

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

const file = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
const WRONG = ['section,row,seat_from,seat_to,category', '1층,가,1,10,앞', '1층,가,10,12,앞', '1층,,1,5,앞', '1층,나,열,5,앞', '1층,다,1,5', '2층,가,3,1,뒤'].join('\n');
const PRICES = 'category,price\n앞,"39,50"\n뒤,-1\n';
const INI = '[settings]\nactive_cap = many\npay_msec = 1\nopens_at = 2030-03-31 02:30\n';

test('what the server refuses is told in Korean, with what it is about', async () => {
  const kim = await organizerOf(server, 'kim', 'owner');
  const person = await newPerson(browser, LANGUAGES.ko);
  const { page } = person;
  const open = await openConsole(page, server, kim.cookie);
  await open('/new');
  await page.locator('input[name="name"]').fill('Event');
  await page.locator('input[name="time_zone"]').fill('Europe/Berlin');
  await page.keyboard.press('Enter');
  const files = page.locator('input[type="file"]');
  await files.setInputFiles([file('좌석 배치.csv', WRONG), file('prices.csv', PRICES), file('event.ini', INI)]);
  await page.getByRole('alert').filter({ hasText: '오류' }).waitFor();
  const rows = await page.locator('tbody tr').allInnerTexts();
  const told = rows.join('\n');
  for (const words of ['좌석 배치.csv', '구역 “1층” 열 “가”의 좌석 “10”은(는) 이미 2번째 줄에 있습니다', '열이 없습니다', '범위가 아닙니다', '칸이 4개인데 머리글은 5개입니다',
    '쉼표나 천 단위 구분', '0보다 작습니다', 'active_cap: “many”은(는) 맞지 않습니다', '“pay_msec”(이)라는 설정은 없습니다', '앞당겨져']) assert.ok(told.includes(words), `${words}\n${told}`);
  for (const row of rows) assert.match(row, /[가-힣]{2,}.*[.]$/, row);
  await open(`/e/${server.event}/live`);
  await page.locator('input[name="cap"]').fill('99999999');
  await page.getByRole('alert').filter({ hasText: '최대 동시 입장: “99,999,999”은(는) 맞지 않습니다. 0에서 1,000,000까지의 수여야 합니다.' }).waitFor();
  await open(`/e/${server.event}/setup/schedule`);
  await page.locator('input[name="closes_at"]').fill('2020-01-01T10:00');
  await page.locator('input[name="opens_at"]').fill('2020-01-01T11:00');
  await page.locator('button[type="submit"]').click();
  await page.getByRole('alert').filter({ hasText: '판매가 시작되기 전에 마감됩니다' }).waitFor();
  await person.context.close();
});
