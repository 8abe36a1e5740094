// The time that is left is said aloud at five, two and one minutes and at no other time; what moves stays still for who
// asked for that; and a seat is called by all that it is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNoProblems, enterSale, freeSeats, newPerson, openHouse, openSection } from './browser.mjs';

let server, browser, url;
before(async () => { ({ server, browser, url } = await openHouse({ event: 'arena' })); });

test('five, two and one minutes are said when it is so, once, and nothing each second', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  let say, nowMs = 0, offsetMs = 0;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const gateway = socket.connectToServer();
    say = (message) => socket.send(JSON.stringify(message));
    socket.onMessage((text) => gateway.send(text));
    gateway.onMessage((text) => {
      const { server_ms: serverMs } = JSON.parse(text);
      if (serverMs) [nowMs, offsetMs] = [serverMs, Date.now()];
      socket.send(text);
    });
  });
  await page.addInitScript(() => {
    globalThis.said = [];
    addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
      const text = document.getElementById('announcer').textContent;
      if (/ left\.$/.test(text)) globalThis.said.push([text, document.getElementById('seats-time').textContent]);
    }).observe(document.getElementById('announcer'), { childList: true, characterData: true, subtree: true }));
  });
  await enterSale(page, url);
  const said = () => page.evaluate(() => globalThis.said.map(([text]) => text));
  assert.deepEqual(await said(), [], 'there is time enough');
  const wanted = [[302, 'Five minutes left.'], [122, 'Two minutes left.'], [62, 'One minute left.']];
  for (const [at, [leftS, text]] of wanted.entries()) {
    // The server tells another end of the time, as after a standstill.
    say({ type: 'deadline', deadline_ms: nowMs + (Date.now() - offsetMs) + leftS * 1000, is_frozen: false });
    await page.waitForFunction((each) => globalThis.said.some(([one]) => one === each), text);
    const [, shown] = (await page.evaluate(() => globalThis.said)).at(-1);
    const [minutes, seconds] = shown.match(/\d+/g).map(Number);
    assert.ok(60 * minutes + seconds <= leftS - 2, `said at ${shown}`);
    for (const more of ['one', 'another']) {
      const before = await page.locator('#seats-time').textContent();
      await page.waitForFunction((one) => document.getElementById('seats-time').textContent !== one, before).catch(() => assert.fail(`${more} second`));
    }
    assert.deepEqual(await said(), wanted.slice(0, at + 1).map(([, each]) => each), 'and not each second');
  }
  assertNoProblems(person);
  await person.context.close();
});

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
