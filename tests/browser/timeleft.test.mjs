// The time that is left is said aloud at five, two and one minutes and at no other time; what moves stays still for who
// asked for that; and a seat is called by all that it is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startStanchion } from '../support/stanchion.mjs';
import { assertNoProblems, enterSale, freeSeats, launch, newPerson, openSection } from './browser.mjs';

let server, browser, url;
before(async () => {
  server = await startStanchion({ event: 'arena' });
  url = `${server.url}/e/${server.event}`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// Somebody inside whose time ends so many seconds after entering, as the page is told; all that is said aloud is kept.
async function enterWith(leftS) {
  const person = await newPerson(browser);
  const { page } = person;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const gateway = socket.connectToServer();
    socket.onMessage((text) => gateway.send(text));
    gateway.onMessage((text) => {
      const message = JSON.parse(text);
      if (message.type === 'entered') message.deadline_ms = message.server_ms + leftS * 1000;
      socket.send(JSON.stringify(message));
    });
  });
  await page.addInitScript(() => {
    globalThis.said = [];
    addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
      const text = document.getElementById('announcer').textContent;
      if (text) globalThis.said.push(text);
    }).observe(document.getElementById('announcer'), { childList: true, characterData: true, subtree: true }));
  });
  await enterSale(page, url);
  return person;
}

for (const [leftS, wanted] of [[303, 'Five minutes left.'], [123, 'Two minutes left.'], [63, 'One minute left.']]) {
  test(`${wanted} is said once, when it is so`, async () => {
    const person = await enterWith(leftS);
    const { page } = person;
    const times = () => page.evaluate(() => globalThis.said.filter((text) => / left\.$/.test(text)));
    await page.waitForFunction((text) => globalThis.said.includes(text), wanted);
    const [minutes, seconds] = (await page.locator('#seats-time').textContent()).match(/\d+/g).map(Number);
    assert.ok(60 * minutes + seconds <= leftS - 3, 'not before');
    await page.waitForFunction((before) => document.getElementById('seats-time').textContent !== before, await page.locator('#seats-time').textContent());
    assert.deepEqual(await times(), [wanted], 'and not each second');
    assertNoProblems(person);
    await person.context.close();
  });
}

test('a seat is called by section, row, number, category, price and state; nothing moves for who asked for that', async () => {
  const person = await newPerson(browser, { viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  const { page } = person;
  await page.goto(url);
  await page.getByRole('button', { name: 'Get in line' }).click();
  const moving = () => page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === 'running').length);
  assert.equal(await moving(), 0);
  await page.locator('main > section[data-for="seats"]:not([hidden])').waitFor();
  await page.locator('#map-loading').waitFor({ state: 'hidden' });
  const section = await openSection(page, 1);
  const label = await freeSeats(section).first().getAttribute('aria-label');
  assert.match(label, /^Section\s\S+, row\s\S+, seat\s\S+, [\w ]+, €[\d.]+(, [\w ]+)*, free$/);
  assert.equal(await section.locator('button.seat[tabindex="0"]').count(), 1, 'one stop of the Tab key');
  assert.equal(await moving(), 0);
  assertNoProblems(person);
  await person.context.close();
});
