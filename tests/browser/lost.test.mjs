// Redis comes back empty while people wait: the page says that the line is put together again, keeps the place, lets
// newcomers come after those who were there, and says why a place that is gone is gone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loseRedis } from '../support/redis.mjs';
import { until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import { PHONE, joinLine, newPerson, newSleeper, openHouse, placeIs, placeOf } from './browser.mjs';

const RECOVERY_MS = 20_000;
const NEWCOMER_MS_MAX = 90_000; // newcomers are spread over half a minute after the window, and the page adds a third of all

let server, browser, url;
const get = async () => (await fetch(`${server.url}/api/v1/events/${server.event}`)).json();
const set = async (...pairs) => assert.equal((await server.cli(['event', 'set', server.event, ...pairs])).code, 0);
before(async () => {
  ({ server, browser, url } = await openHouse({ flags: ['--gateways', '2'], event: 'arena' }));
  await set('admit_per_tick=0', 'tick_ms=200', 'claim_ms=5000', 'claim_away_ms=5000', `recovery_ms=${RECOVERY_MS}`);
});

const cookieOf = async ({ context }) => (await context.cookies())
  .filter(({ name }) => name === 'stanchion_visitor').map(({ name, value }) => `${name}=${value}`)[0];

test('Redis comes back empty', async () => {
  // Two who are gone before it happens, and do not know: one missed the turn, one left from elsewhere.
  const [missed, left] = [await newPerson(browser), await newPerson(browser)];
  await joinLine(missed.page, url);
  await missed.page.goto(server.url);
  await set('admit_per_tick=1');
  await until('the turn has come', async () => (await get()).inside === 1);
  await set('admit_per_tick=0');
  await until('the turn is over', async () => (await get()).inside === 0);
  await joinLine(left.page, url);
  await left.page.goto(server.url);
  const twin = await visit(server, { cookie: await cookieOf(left) });
  assert.equal((await twin.ask({ type: 'leave' })).type, 'left');

  const [ann, bob, asleep] = [await newPerson(browser, PHONE), await newPerson(browser), await newSleeper()];
  await joinLine(ann.page, url);
  const mine = await joinLine(bob.page, url);
  const late = await joinLine(asleep.page, url);
  assert.deepEqual([mine, late], [2, 3]);
  await asleep.freeze();
  const history = path.join(server.dir, 'line', `${server.event}.history`);
  await until('the registrar has written down who left and who came', () => {
    const notes = fs.readFileSync(history, 'utf8');
    return /leave \S+ \d+ waiting/.test(notes) && [2, 3, 4, 5].every((seq) => notes.includes(` join ${seq} `));
  });
  await loseRedis(server, { keptBytes: 0 });

  // All at once, so that everybody is back well within the window.
  const newcomer = await newPerson(browser, PHONE);
  await Promise.all([
    (async () => {
      await bob.page.locator('#line-news').filter({ hasText: /put together again\. Your place is kept; nobody is let in for .* more/ }).waitFor();
      assert.equal(await placeOf(bob.page), mine);
    })(),
    (async () => {
      await newcomer.page.goto(url);
      await newcomer.page.getByRole('button', { name: 'Get in line' }).click();
      await newcomer.page.locator('#link').filter({ hasText: 'those who had a place come first' }).waitFor();
    })(),
    (async () => {
      await asleep.thaw();
      assert.equal(await placeOf(asleep.page), late);
    })(),
    // Within the window it is known how a place ended.
    (async () => {
      await missed.page.goto(url);
      await missed.page.getByRole('heading', { name: 'Your turn was missed' }).waitFor();
    })(),
    (async () => {
      await left.page.goto(url);
      await left.page.getByText('given up in another tab').waitFor();
    })(),
  ]);

  await bob.page.locator('#line-news').waitFor({ state: 'hidden', timeout: RECOVERY_MS + 30_000 });
  await placeIs(bob.page, mine);
  await newcomer.page.getByRole('heading', { name: 'You are in line' }).waitFor({ timeout: NEWCOMER_MS_MAX });
  assert.equal(await placeOf(newcomer.page), late + 1, 'behind everybody who was there');
  for (const [i, page] of [ann.page, bob.page, asleep.page].entries()) {
    await page.reload();
    assert.equal(await placeOf(page), i + 1, 'after a reload');
  }
  for (const { context } of [missed, left, ann, bob, newcomer]) await context.close();
  await asleep.close();
  await twin.close();
});
