// The page of a visitor who is choosing seats when Redis comes back empty: back in line, at its front, and admitted again.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loseRedis } from '../support/redis.mjs';
import { enterSale, isShown, newPerson, openHouse, takeTurn } from './browser.mjs';

let server, browser, url;
before(async () => {
  ({ server, browser, url } = await openHouse({ event: 'arena' }));
  await server.set('tick_ms=200', 'recovery_ms=6000');
});

test('who was choosing seats when Redis lost everything is the next again, without a reload', async () => {
  const { page, context } = await newPerson(browser);
  await enterSale(page, url);
  await loseRedis(server, { keptBytes: 0 });
  await isShown(page, 'line');
  await page.screenshot({ path: process.env.SHOT ?? '/dev/null', type: 'png' });
  await takeTurn(page);
  await context.close();
});
