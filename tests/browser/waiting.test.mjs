// What happens to a browser that waits: the network goes and comes, the page sleeps, a gateway dies, the clock is wrong.
// The place stays, and what is shown afterwards is what is so. Each test has an event of its own: they wait side by side.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startNetwork } from '../support/proxy.mjs';
import { until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import { assertNoProblems, isShown, joinLine, newPerson, newSleeper, openHouse, placeIs, placeOf, shiftClock } from './browser.mjs';
import { eventsOf } from './events.mjs';

const CLAIM_MS = 5000; // the shortest there is
const HOUR_MS = 3_600_000;
const TRIES = 4; // by then the pause before the next try is seconds long

let server, browser;
const newEvent = eventsOf(() => server);
const newLine = (...settings) => newEvent('admit_per_tick=0', ...settings); // one that stands still: nobody is let in
const gateways = () => Object.entries(server.children()).filter(([name]) => name.startsWith('gateway'));

before(async () => { ({ server, browser } = await openHouse({ flags: ['--gateways', '2'] })); });

// Somebody in line who can leave it, so that those behind move up by one.
async function someoneAhead(event) {
  const visitor = await visit(server, { event: event.id });
  await visitor.ask({ type: 'join' });
  return visitor;
}

async function goAway(visitor) {
  assert.equal((await visitor.ask({ type: 'leave' })).type, 'left');
  await visitor.close();
}

describe('who waits', { concurrency: 3 }, () => {
  test('a network that breaks and comes back: the place is kept, and has moved on', async () => {
    const event = await newLine();
    const network = await startNetwork(server.port);
    const ahead = await someoneAhead(event);
    const person = await newPerson(browser);
    const { page } = person;
    const mine = await joinLine(page, network.url + event.path);
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
    const event = await newLine();
    const network = await startNetwork(server.port);
    const person = await newPerson(browser);
    const { page, context } = person;
    // How often it has tried, and whether it did by the end of the turn in which the browser said "online".
    await page.addInitScript(() => {
      const Real = WebSocket;
      globalThis.tries = 0;
      globalThis.WebSocket = class extends Real {
        constructor(...args) {
          super(...args);
          globalThis.tries++;
        }
      };
      addEventListener('online', () => {
        const before = globalThis.tries;
        setTimeout(() => { globalThis.triedAtOnce = globalThis.tries > before; });
      });
    });
    const mine = await joinLine(page, network.url + event.path);
    await network.cut();
    await page.locator('#link').filter({ hasText: 'Connection lost' }).waitFor();
    await page.waitForFunction((enough) => globalThis.tries >= enough, TRIES);
    await context.setOffline(true);
    await network.mend();
    await context.setOffline(false);
    await page.waitForFunction(() => globalThis.triedAtOnce !== undefined);
    assert.ok(await page.evaluate(() => globalThis.triedAtOnce), 'it waited for its next try');
    await page.locator('#link').waitFor({ state: 'hidden' });
    assert.equal(await placeOf(page), mine);
    await context.close();
    await network.stop();
  });

  test('a connection that died without a word is noticed when the page is looked at again', async () => {
    const event = await newLine();
    const network = await startNetwork(server.port);
    const ahead = await someoneAhead(event);
    const person = await newSleeper();
    const { page } = person;
    const mine = await joinLine(page, network.url + event.path);
    await person.hide();
    network.deaden();
    await goAway(ahead);
    assert.equal(Number(await page.locator('#line-number').textContent()), mine, 'nothing can have come');
    await person.show();
    await placeIs(page, mine - 1);
    assertNoProblems(person);
    await person.close();
    await network.stop();
  });

  test('a network that was changed under an open page is noticed', async () => {
    const event = await newLine();
    const network = await startNetwork(server.port);
    const ahead = await someoneAhead(event);
    const person = await newPerson(browser);
    const { page, context } = person;
    const mine = await joinLine(page, network.url + event.path);
    network.deaden();
    await goAway(ahead);
    await context.setOffline(true);
    await context.setOffline(false);
    await placeIs(page, mine - 1);
    await context.close();
    await network.stop();
  });

  test('a page that was frozen shows the place of now', async () => {
    const event = await newLine();
    const ahead = [await someoneAhead(event), await someoneAhead(event)];
    const person = await newSleeper();
    const { page } = person;
    const mine = await joinLine(page, event.url);
    await page.evaluate(() => {
      globalThis.asleep = [];
      document.addEventListener('freeze', () => asleep.push('freeze'));
      document.addEventListener('resume', () => asleep.push('resume'));
    });
    await person.freeze();
    for (const visitor of ahead) await goAway(visitor);
    await person.thaw();
    await placeIs(page, mine - 2);
    assert.deepEqual(await page.evaluate(() => asleep), ['freeze', 'resume'], 'it was asleep');
    assert.deepEqual(person.problems.filter((text) => !/WebSocket/.test(text)), []); // it is closed by the freeze
    await person.close();
  });

  test('a page that slept through its turn says that the turn was missed, and can begin again', async () => {
    const event = await newLine(`claim_ms=${CLAIM_MS}`, `claim_away_ms=${CLAIM_MS}`);
    const person = await newSleeper();
    const { page } = person;
    await joinLine(page, event.url);
    await person.freeze();
    await event.set('admit_per_tick=2000');
    await event.is('the turn has come', ({ inside }) => inside === 1);
    await event.set('admit_per_tick=0');
    await event.is('the turn is over', ({ inside, waiting }) => inside === 0 && waiting === 0);
    await person.thaw();
    await isShown(page, 'ended');
    await page.getByRole('heading', { name: 'Your turn was missed' }).waitFor();
    await page.getByText('You can get in line again.').waitFor();
    await page.getByRole('button', { name: 'Get in line again' }).click();
    await placeOf(page);
    assert.deepEqual(person.problems.filter((text) => !/WebSocket/.test(text)), []);
    await person.close();
  });

  test('a second tab shows what the first one does', async () => {
    const event = await newLine();
    const person = await newPerson(browser);
    const { page } = person;
    const mine = await joinLine(page, event.url);
    const tab = await person.newTab();
    await tab.goto(event.url);
    assert.equal(await placeOf(tab), mine);
    await page.getByRole('button', { name: 'Leave the line' }).click();
    await page.locator('#ask').getByRole('button', { name: 'Leave the line' }).click();
    await isShown(page, 'sale');
    await page.getByText('You left the line.').waitFor();
    await isShown(tab, 'sale'); // also when nobody looks at it
    await tab.getByText('given up in another tab').waitFor();
    assertNoProblems(person);
    await person.context.close();
  });

  test('a page that was cut off while another tab left the line does not stand in line again', async () => {
    const event = await newLine();
    const network = await startNetwork(server.port);
    const { page, context } = await newPerson(browser);
    await joinLine(page, network.url + event.path);
    await network.cut();
    await page.locator('#link').filter({ hasText: 'Connection lost' }).waitFor();
    await page.evaluate(() => localStorage.clear()); // what a tab leaves behind that gave the place away
    await network.mend();
    await isShown(page, 'sale');
    await page.getByText('given up in another tab').waitFor();
    await context.close();
    await network.stop();
  });

  test('a browser that stores nothing keeps its place as long as the page is open', async () => {
    const event = await newLine();
    const ahead = await someoneAhead(event);
    const network = await startNetwork(server.port);
    const { page, context } = await newPerson(browser);
    await page.addInitScript(() => {
      const refuse = () => { throw new DOMException('refused', 'SecurityError'); };
      Object.defineProperty(globalThis, 'localStorage', { get: refuse });
    });
    const mine = await joinLine(page, network.url + event.path);
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await network.cut();
    await page.locator('#link').filter({ hasText: 'Connection lost' }).waitFor();
    await goAway(ahead);
    await network.mend();
    await placeIs(page, mine - 1);
    await isShown(page, 'line');
    await context.close();
    await network.stop();
  });

  for (const hours of [-7, 5]) {
    test(`a clock that is wrong by ${hours} hours changes nothing that is said about time`, async () => {
      const opensAtMs = Date.now() + HOUR_MS / 2;
      const event = await newEvent('phase=announced', `opens_at_ms=${opensAtMs}`);
      await event.is('the time is known', (each) => each.opens_at_ms === opensAtMs);
      const person = await newPerson(browser);
      const { page, context } = person;
      await context.addInitScript(shiftClock, hours * HOUR_MS);
      await page.goto(event.url);
      const shown = page.locator('#sale-countdown');
      await shown.filter({ hasText: /^\d\d:\d\d$/ }).waitFor();
      const offS = async () => {
        const [minutes, seconds] = (await shown.textContent()).split(':').map(Number);
        return Math.abs(60 * minutes + seconds - (opensAtMs - Date.now()) / 1000);
      };
      await until('the countdown is right', async () => await offS() < 5);
      // ... and one that is set right under the page is noticed.
      await page.evaluate(shiftClock, 0);
      await until('another second is drawn', ((before) => async () => await shown.textContent() !== before)(await shown.textContent()));
      await until('the countdown is right again', async () => await offS() < 5);
      assertNoProblems(person);
      await context.close();
    });
  }
});

// Alone: what it does is felt by everybody.
test('one of two gateways is killed: nobody loses a place, nobody is overtaken', async () => {
  const event = await newLine();
  const people = [];
  for (let i = 0; i < 4; i++) people.push(await newPerson(browser));
  const places = [];
  for (const { page } of people) places.push(await joinLine(page, event.url));
  assert.deepEqual(places, [1, 2, 3, 4]);
  assert.equal(gateways().length, 2);
  const [[name, pid]] = gateways();
  process.kill(pid, 'SIGKILL');
  await until('the gateway is started again', () => (server.children()[name] ?? pid) !== pid);
  await Promise.all(people.map(async ({ page, context }, i) => {
    await page.locator('#link').waitFor({ state: 'hidden' });
    assert.equal(await placeOf(page), places[i]);
    await page.reload();
    assert.equal(await placeOf(page), places[i], 'after a reload');
    await context.close();
  }));
});
