// A real browser with JavaScript turned off: it is led to the plain page, which keeps the place and moves by itself.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from '../support/stanchion.mjs';
import { DESKTOP, PHONE, assertNoProblems, isShown, newPerson, openHouse, takesItsTime } from './browser.mjs';

const REFRESH_MS_MAX = 60_000; // it moves every 10 to 13 s on a machine that has time

let server, browser, url;
before(async () => {
  ({ server, browser, url } = await openHouse({ flags: ['--gateways', '2'], event: 'arena' }));
  await set('admit_per_tick=0', 'tick_ms=200');
});

async function set(...settings) {
  const done = await server.cli(['event', 'set', server.event, ...settings]);
  assert.equal(done.code, 0, done.stderr);
}

const plainPerson = (options) => newPerson(browser, { ...options, javaScriptEnabled: false });
const placeIs = (page, number) => page.locator('.place-number', { hasText: new RegExp(`^${number}$`) }).waitFor({ timeout: REFRESH_MS_MAX });

// What the page says when it is made anew, by a reload instead of by itself.
const untilShown = (page, what) => until('the page says it', async () => {
  await page.reload();
  return what.isVisible();
}, REFRESH_MS_MAX, 200);

async function joinPlain({ page }) {
  await page.goto(url);
  await page.waitForURL(`${url}/line`);
  await page.getByRole('button', { name: 'Get in line' }).click();
  await page.getByRole('heading', { name: 'You are in line' }).waitFor();
  return Number(await page.locator('.place-number').textContent());
}

async function giveUp(page) {
  const yes = page.getByRole('button', { name: 'Yes, give it up' });
  assert.ok(!(await yes.isVisible()), 'nobody gives up a place with one touch');
  await page.getByText(/^Give up your/).click();
  await yes.click();
}

async function assertFits(page, name) {
  const { width } = page.viewportSize();
  for (const box of await Promise.all((await page.locator('main *').all()).map((node) => node.boundingBox()))) {
    if (box) assert.ok(box.x >= 0 && box.x + box.width <= width + 1, `${name}: ${JSON.stringify(box)} in ${width}`);
  }
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/plain-${name}.png` });
}

test('led there, in line, moving up by itself, a turn, and the same place with JavaScript', async () => {
  const [front, person] = [await plainPerson(DESKTOP), await plainPerson(PHONE)];
  const { page } = person;
  await page.goto(url);
  await page.waitForURL(`${url}/line`);
  await assertFits(page, 'sale');
  await joinPlain(front);
  const mine = await joinPlain(person);
  assert.equal(mine, 2);
  await assertFits(page, 'line');
  await assertFits(front.page, 'line-wide');
  await giveUp(front.page);
  await front.page.getByRole('button', { name: 'Get in line' }).waitFor();
  await placeIs(page, 1); // nobody pressed anything here
  await server.cli(['event', 'pause', server.event]);
  await untilShown(page, page.getByText('Admission is paused. Everybody keeps their place.'));
  await assertFits(page, 'paused');
  await server.cli(['event', 'open', server.event]);
  await set('admit_per_tick=50');
  await untilShown(page, page.getByRole('heading', { name: 'It is your turn' }));
  await assertFits(page, 'turn');
  // The same browser with JavaScript turned on.
  const again = await newPerson(browser, { ...PHONE, storageState: await person.context.storageState() });
  await takesItsTime(again.page);
  await again.page.goto(url);
  await again.page.getByRole('button', { name: 'Get in line' }).click();
  await isShown(again.page, 'turn');
  assertNoProblems(front, person, again);
  await giveUp(page);
  await page.getByRole('button', { name: 'Get in line' }).waitFor();
  for (const { context } of [front, person, again]) await context.close();
});

test('a browser with JavaScript is not led there', async () => {
  const person = await newPerson(browser);
  await person.page.goto(url);
  await isShown(person.page, 'sale');
  assert.equal(person.page.url(), url);
  assertNoProblems(person);
  await person.context.close();
});
