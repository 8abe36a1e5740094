// What happens to a browser that waits: the network goes and comes, the page sleeps, a gateway dies, the clock is wrong.
// The place stays, and what is shown afterwards is what is so.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startNetwork } from '../support/proxy.mjs';
import { sleep, startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import {
  assertNoProblems, isShown, joinLine, launch, newPerson, newSleeper, placeIs, placeOf, shiftClock,
} from './browser.mjs';

const CLAIM_MS = 5000; // the shortest there is
const HOUR_MS = 3_600_000;

let server, browser, url;
const set = async (...settings) => {
  const answer = await server.cli(['event', 'set', server.event, ...settings]);
  assert.equal(answer.code, 0, answer.stderr);
};
const gateways = () => Object.entries(server.children()).filter(([name]) => name.startsWith('gateway'));

before(async () => {
  server = await startStanchion({ event: 'arena', flags: ['--gateways', '2'] });
  url = `${server.url}/e/${server.event}`;
  await set('admit_per_tick=0'); // a line that stands still: nobody is let in
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// Somebody in line who can leave it, so that those behind move up by one.
async function someoneAhead() {
  const visitor = await visit(server);
  await visitor.ask({ type: 'join' });
  return visitor;
}

async function goAway(visitor) {
  assert.equal((await visitor.ask({ type: 'leave' })).type, 'left');
  await visitor.close();
}

test('a network that breaks and comes back: the place is kept, and has moved on', async () => {
  const network = await startNetwork(server.port);
  const ahead = await someoneAhead();
  const person = await newPerson(browser);
  const { page } = person;
  const mine = await joinLine(page, `${network.url}/e/${server.event}`);
  await network.cut();
  await page.locator('#link').filter({ hasText: 'Connection lost' }).filter({ hasText: 'Your place is kept' }).waitFor();
  await isShown(page, 'line');
  assert.equal(await placeOf(page), mine, 'what was known stays on the page');
  await goAway(ahead);
  await network.mend();
  await page.locator('#link').waitFor({ state: 'hidden' });
  await placeIs(page, mine - 1);
  await person.context.close(); // the console does tell of refused connections: no check for problems
  await network.stop();
});

test('the browser says offline, then online: it comes back at once', async () => {
  const network = await startNetwork(server.port);
  const person = await newPerson(browser);
  const { page, context } = person;
  const mine = await joinLine(page, `${network.url}/e/${server.event}`);
  await context.setOffline(true);
  await network.cut();
  await page.locator('#link').filter({ hasText: 'Connection lost' }).waitFor();
  // Long enough for the back-off to have grown: only the event brings it back this soon.
  await page.waitForTimeout(6000);
  await network.mend();
  const since = Date.now();
  await context.setOffline(false);
  await page.locator('#link').waitFor({ state: 'hidden' });
  assert.ok(Date.now() - since < 2500, `it took ${Date.now() - since} ms`);
  assert.equal(await placeOf(page), mine);
  await context.close();
  await network.stop();
});

test('a connection that died without a word is noticed when the page is looked at again', async () => {
  const network = await startNetwork(server.port);
  const ahead = await someoneAhead();
  const person = await newSleeper();
  const { page } = person;
  const mine = await joinLine(page, `${network.url}/e/${server.event}`);
  await person.hide();
  network.deaden();
  await goAway(ahead);
  await page.waitForTimeout(2500);
  assert.equal(Number(await page.locator('#line-number').textContent()), mine, 'nothing can have come');
  await person.show();
  await placeIs(page, mine - 1);
  assertNoProblems(person);
  await person.close();
  await network.stop();
});

test('a network that was changed under an open page is noticed', async () => {
  const network = await startNetwork(server.port);
  const ahead = await someoneAhead();
  const person = await newPerson(browser);
  const { page, context } = person;
  const mine = await joinLine(page, `${network.url}/e/${server.event}`);
  network.deaden();
  await goAway(ahead);
  await context.setOffline(true);
  await context.setOffline(false);
  await placeIs(page, mine - 1);
  await context.close();
  await network.stop();
});

test('a page that was frozen shows the place of now', async () => {
  const ahead = [await someoneAhead(), await someoneAhead()];
  const person = await newSleeper();
  const { page } = person;
  const mine = await joinLine(page, url);
  await page.evaluate(() => {
    globalThis.asleep = [];
    document.addEventListener('freeze', () => asleep.push('freeze'));
    document.addEventListener('resume', () => asleep.push('resume'));
  });
  await person.freeze();
  for (const visitor of ahead) await goAway(visitor);
  await sleep(2500);
  await person.thaw();
  await placeIs(page, mine - 2);
  assert.deepEqual(await page.evaluate(() => asleep), ['freeze', 'resume'], 'it was asleep');
  assert.deepEqual(person.problems.filter((text) => !/WebSocket/.test(text)), []); // it is closed by the freeze
  await person.close();
});

test('a page that slept through its turn says that the turn was missed, and can begin again', async () => {
  const person = await newSleeper();
  const { page } = person;
  await joinLine(page, url);
  await person.freeze();
  await set(`claim_ms=${CLAIM_MS}`, `claim_away_ms=${CLAIM_MS}`, 'admit_per_tick=2000');
  await sleep(CLAIM_MS + 3500);
  await set('claim_ms=60000', 'claim_away_ms=300000', 'admit_per_tick=0');
  await person.thaw();
  await isShown(page, 'ended');
  await page.getByRole('heading', { name: 'Your turn was missed' }).waitFor();
  await page.getByRole('button', { name: 'Get in line again' }).click();
  await placeOf(page);
  assert.deepEqual(person.problems.filter((text) => !/WebSocket/.test(text)), []);
  await person.close();
});

test('one of two gateways is killed: nobody loses a place, nobody is overtaken', async () => {
  const people = [];
  for (let i = 0; i < 4; i++) people.push(await newPerson(browser));
  const places = [];
  for (const { page } of people) places.push(await joinLine(page, url));
  assert.deepEqual(places, [...places].sort((a, b) => a - b));
  assert.equal(gateways().length, 2);
  const [[name, pid]] = gateways();
  process.kill(pid, 'SIGKILL');
  await until('the gateway is started again', () => (server.children()[name] ?? pid) !== pid);
  for (const [i, { page }] of people.entries()) {
    await page.locator('#link').waitFor({ state: 'hidden' });
    assert.equal(await placeOf(page), places[i]);
    await page.reload();
    assert.equal(await placeOf(page), places[i], 'after a reload');
  }
  for (const { context } of people) await context.close();
});

test('a second tab shows what the first one does', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  const mine = await joinLine(page, url);
  const tab = await person.newTab();
  await tab.goto(url);
  assert.equal(await placeOf(tab), mine);
  await page.getByRole('button', { name: 'Leave the line' }).click();
  await page.locator('#ask').getByRole('button', { name: 'Leave the line' }).click();
  await isShown(page, 'sale');
  await tab.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))); // as when it is looked at
  await isShown(tab, 'sale');
  await tab.getByText('You left the line.').waitFor();
  assertNoProblems(person);
  await person.context.close();
});

for (const hours of [-7, 5]) {
  test(`a clock that is wrong by ${hours} hours changes nothing that is said about time`, async () => {
    const person = await newPerson(browser);
    const { page, context } = person;
    await context.addInitScript(shiftClock, hours * HOUR_MS);
    await page.goto(url);
    await set('phase=announced', `opens_at_ms=${Date.now() + 95_000}`);
    await page.reload();
    await page.locator('#sale-countdown').filter({ hasText: /^1:[0-3]\d$/ }).waitFor();
    const left = async () => (await page.locator('#sale-countdown').textContent()).split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
    const seconds = await left();
    // ... and one that is set right under the page is noticed.
    await page.evaluate(shiftClock, 0);
    await page.waitForTimeout(2500);
    const later = await left();
    assert.ok(later >= seconds - 5 && later <= seconds, `${seconds} s, then ${later} s`);
    await set('opens_at_ms=0', 'phase=open');
    assertNoProblems(person);
    await context.close();
  });
}
