// What a line has to say besides its number, each seen in the browser when it is so and gone when it is over: what is
// left, the organizer's message, everything held, everything sold, a standby line, a pause, the opening at its instant,
// a draw, an account that is asked for, a page that nobody looks at.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sleep, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import { GOOD_CARD, PHONE, assertNoProblems, heard, isShown, joinLine, newPerson, newSleeper, openHouse, placeOf } from './browser.mjs';
import { eventsOf } from './events.mjs';

const SHORT_MS = 6000; // until something is to happen, on a machine that has nothing else to do

let server, browser;
const newEvent = eventsOf(() => server);
before(async () => {
  ({ server, browser } = await openHouse({ flags: ['--gateways', '2', '--push.interval_ms_max', '1000', '--reconnects_per_s', '10'] }));
});

async function cli(...args) {
  const done = await server.cli(args);
  assert.equal(done.code, 0, `${done.stderr}${done.stdout}`);
  return done.stdout;
}

const newVisitor = (event) => visit(server, { event: event.id });

// Somebody inside who holds these seats, when there are any.
async function insider(event, seats = []) {
  const visitor = await newVisitor(event);
  await visitor.enter();
  if (seats.length > 0) assert.equal((await visitor.ask({ type: 'hold', seats })).type, 'held');
  return visitor;
}

async function buy(visitor) {
  const { order } = await visitor.ask({ type: 'checkout' });
  await visitor.ask({ type: 'pay', order, card: GOOD_CARD });
  await visitor.push('confirmed');
  return order;
}

const stock = (page) => page.locator('#line-stock li .soft').allTextContents();
const stockIs = (page, wanted) => until(async () => `${wanted}, not ${await stock(page)}`,
  async () => String(await stock(page)) === String(wanted));
const news = (page, text) => page.locator('#line-news').filter({ hasText: text });

describe('a line', { concurrency: 3 }, () => {
  test('what is left is live, and everything held is not everything sold', async () => {
    const event = await newEvent('active_cap=1');
    const buyer = await insider(event);
    const person = await newPerson(browser, PHONE);
    const { page } = person;
    await joinLine(page, event.url);
    await stockIs(page, ['2 left', '1 left']);
    await buyer.ask({ type: 'hold', seats: [0] });
    await stockIs(page, ['1 left', '1 left']);
    await buyer.ask({ type: 'hold', seats: [1, 2] });
    await stockIs(page, ['None left', 'None left']);
    await news(page, 'All seats are in other people’s hands right now.').waitFor();
    const other = await newPerson(browser);
    await other.page.goto(event.url);
    await other.page.locator('#sale-hint').filter({ hasText: 'in other people’s hands' }).waitFor();
    await buyer.ask({ type: 'release', seats: [2] });
    await stockIs(page, ['None left', '1 left']);
    await page.locator('#line-news').waitFor({ state: 'hidden' });
    assertNoProblems(person, other);
    await buyer.close();
    for (const { context } of [person, other]) await context.close();
  });

  test('the organizer\'s message reaches who waits, and goes when it is taken back', async () => {
    const event = await newEvent('admit_per_tick=0');
    const person = await newPerson(browser);
    const { page } = person;
    await joinLine(page, event.url);
    assert.ok(await page.locator('#message').isHidden());
    await event.set('message=Doors open at <b>seven</b>.');
    await page.getByText('Doors open at <b>seven</b>.', { exact: true }).waitFor();
    await page.reload();
    await placeOf(page);
    await page.getByText('Doors open at <b>seven</b>.', { exact: true }).waitFor();
    await event.set('message=');
    await page.locator('#message').waitFor({ state: 'hidden' });
    assertNoProblems(person);
    await person.context.close();
  });

  test('when all is sold the page says goodbye and stays away, and the place is there when seats come back', async () => {
    const event = await newEvent('active_cap=1');
    const buyer = await insider(event, [0, 1, 2]);
    const ahead = await newVisitor(event);
    await ahead.ask({ type: 'join' });
    const person = await newPerson(browser, PHONE);
    const { page } = person;
    let sockets = 0;
    page.on('websocket', () => { sockets++; });
    const mine = await joinLine(page, event.url);
    assert.equal(mine, 2);
    const order = await buy(buyer);
    await news(page, 'Everything has been sold.').waitFor();
    await page.getByRole('heading', { name: 'Everything has been sold' }).waitFor();
    assert.equal(sockets, 1);
    await sleep(3000);
    assert.equal(sockets, 1, 'it does not connect again by itself');
    assert.equal(await page.getByRole('button', { name: /line|place/ }).count(), 0);
    await event.set('admit_per_tick=0'); // so that there is time to look
    await until('the money is there', async () => JSON.parse(await cli('orders', 'show', order)).payment[0].state === 'captured');
    await cli('orders', 'refund', order);
    await page.getByRole('heading', { name: 'Seats have come back' }).waitFor();
    await page.getByRole('button', { name: 'Back to my place' }).click();
    assert.equal(await placeOf(page), mine);
    assertNoProblems(person);
    for (const visitor of [buyer, ahead]) await visitor.close();
    await person.context.close();
  });

  test('a standby line is kept when all is sold, and takes more', async () => {
    const event = await newEvent('active_cap=1', 'standby=1');
    const buyer = await insider(event, [0, 1, 2]);
    const person = await newPerson(browser);
    const { page } = person;
    await joinLine(page, event.url);
    await buy(buyer);
    await news(page, 'This is a standby line').waitFor();
    await sleep(3000);
    assert.equal(await placeOf(page), 1, 'nobody was sent away');
    const late = await newPerson(browser, PHONE);
    await late.page.goto(event.url);
    await late.page.getByText('You can get in the standby line').waitFor();
    await late.page.getByRole('button', { name: 'Get in line' }).click();
    assert.equal(await placeOf(late.page), 2);
    assertNoProblems(person, late);
    await buyer.close();
    for (const { context } of [person, late]) await context.close();
  });

  test('a paused line has no estimate, it says that it is paused', async () => {
    const event = await newEvent('active_cap=1');
    const buyer = await insider(event);
    const person = await newPerson(browser);
    const { page } = person;
    await joinLine(page, event.url);
    await event.set('phase=paused');
    await news(page, 'Admission is paused. Everybody keeps their place.').waitFor();
    await page.locator('#announcer').filter({ hasText: /^Admission is paused\. .*Paused$/ }).waitFor({ state: 'attached' });
    const estimateIs = (text) => page.locator('#line-estimate').filter({ hasText: text }).waitFor();
    await estimateIs(/^Paused$/);
    await page.reload();
    await news(page, 'Admission is paused.').waitFor(); // known from the event; the estimate comes with the place
    await estimateIs(/^Paused$/);
    await event.set('phase=open');
    await page.locator('#line-news').waitFor({ state: 'hidden' });
    assert.notEqual(await page.locator('#line-estimate').textContent(), 'Paused');
    assertNoProblems(person);
    await buyer.close();
    await person.context.close();
  });

  test('the sale opens at its instant: for who waits, and for who only looks', async () => {
    const event = await newEvent('phase=announced');
    const [early, looker] = [await newPerson(browser), await newPerson(browser, PHONE)];
    // When the button can be seen and when the turn has come, on the clock of this machine.
    for (const { page } of [early, looker]) {
      await page.addInitScript(() => {
        globalThis.seen = {};
        new MutationObserver(() => {
          const view = document.body?.dataset.view;
          const button = document.getElementById('join');
          if (view === 'sale' && button.checkVisibility()) globalThis.seen.button ??= Date.now();
          if (view === 'turn') globalThis.seen.turn ??= Date.now();
        }).observe(document, { subtree: true, childList: true, attributes: true });
      });
    }
    const open = async () => {
      for (const { page } of [early, looker]) await page.goto(event.url);
      await looker.page.locator('#sale-state:visible').waitFor();
    };
    const since = Date.now();
    await open();
    const stepMs = SHORT_MS + 4 * (Date.now() - since); // a machine that is slow is given more time
    const lineAtMs = Math.ceil(Date.now() / 1000) * 1000 + stepMs;
    const opensAtMs = lineAtMs + stepMs;
    await event.set(`prequeue_at_ms=${lineAtMs}`, `opens_at_ms=${opensAtMs}`);
    await event.is('the times are known', ({ opens_at_ms: at }) => at === opensAtMs);
    await open();
    await looker.page.getByText('You can get in line in').waitFor();
    await early.page.getByRole('button', { name: 'Get in line' }).click();
    assert.equal(await placeOf(early.page), 1);
    await news(early.page, /^Admission starts in \d+ (seconds?|minutes?)\./).waitFor();
    const [button, turn] = await Promise.all([looker.page, early.page].map((page, at) =>
      page.waitForFunction((what) => globalThis.seen[what], ['button', 'turn'][at]).then((value) => value.jsonValue())));
    // Neither comes early; and both come by themselves, well before the page would have asked how things are.
    assert.ok(button >= lineAtMs && button < lineAtMs + stepMs, `the button came ${button - lineAtMs} ms after the line opened`);
    assert.ok(turn >= opensAtMs && turn < opensAtMs + stepMs, `the turn came ${turn - opensAtMs} ms after the opening`);
    assertNoProblems(early, looker);
    for (const { context } of [early, looker]) await context.close();
  });

  test('a draw: no number before it, another place and another receipt after it', async () => {
    const event = await newEvent('phase=announced', 'draw=1', 'admit_per_tick=0');
    await until('the draw is announced', async () => (await event.get()).draw?.commitment);
    const people = [await newPerson(browser, PHONE), await newPerson(browser), await newPerson(browser)];
    await event.set('phase=prequeue', `opens_at_ms=${Date.now() + 50 * 60_000}`);
    await event.is('the line is there', ({ phase, opens_at_ms: at }) => phase === 'prequeue' && at > 0);
    await people[0].page.goto(event.url);
    await people[0].page.getByText('The order is drawn at random').waitFor();
    const link = people[0].page.getByRole('link', { name: /how to check it/ }).first();
    assert.equal(await link.getAttribute('href'), `/draw?event=${event.id}`);
    const receiptOf = (page) => page.evaluate(() => JSON.parse(localStorage.getItem(Object.keys(localStorage)[0])).receipt);
    const before = [];
    for (const { page } of people) {
      await page.goto(event.url);
      await page.getByRole('button', { name: 'Get in line' }).click();
      await page.getByRole('heading', { name: 'You are in the draw' }).waitFor();
      assert.match(await page.locator('#line-number').textContent(), /^(50:00|4\d:\d\d)$/, 'a countdown, not a place');
      before.push(await receiptOf(page));
    }
    const seqOf = (receipt) => JSON.parse(Buffer.from(receipt.split('.')[1], 'base64url')).seq;
    assert.deepEqual(before.map(seqOf), [1, 2, 3]);
    await event.set('phase=open');
    for (const { page } of people) await page.getByRole('heading', { name: 'You are in line' }).waitFor();
    const places = [];
    for (const [i, { page }] of people.entries()) {
      await page.locator('#line-news').waitFor({ state: 'hidden' });
      places.push(await placeOf(page));
      const receipt = await receiptOf(page);
      assert.notEqual(receipt, before[i], 'the new receipt is kept');
      assert.equal(seqOf(receipt), places[i]);
      await page.reload();
      assert.equal(await placeOf(page), places[i], 'after a reload');
    }
    assert.deepEqual([...places].sort(), [1, 2, 3]);
    const late = await newPerson(browser);
    assert.equal(await joinLine(late.page, event.url), 4);
    assertNoProblems(...people, late);
    for (const { context } of [...people, late]) await context.close();
  });

  test('who signs out here is not asked to sign in again', async () => {
    const event = await newEvent('require_account=1', 'admit_per_tick=0');
    const person = await newPerson(browser, PHONE);
    const { page } = person;
    await page.goto(event.url);
    await page.getByText('This event takes visitors who are signed in.').first().waitFor();
    await page.getByRole('button', { name: 'Get in line' }).click();
    await page.getByRole('button', { name: 'I am new here' }).click();
    await page.getByLabel('E-mail address').fill('eve@example.org');
    await page.getByLabel('Password').fill('correct horse');
    await page.getByRole('button', { name: 'Create the account and sign in' }).click();
    await placeOf(page);
    await page.getByRole('button', { name: 'Account' }).click();
    await page.getByText('Signed in as eve@example.org').waitFor();
    const reloaded = page.waitForEvent('load');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await reloaded;
    await isShown(page, 'sale');
    await sleep(500);
    assert.equal(await page.locator('dialog[open]').count(), 0);
    assert.deepEqual(person.problems.filter((text) => !/\b401\b/.test(text)), []);
    await person.context.close();
  });

  test('a turn that comes while nobody looks is kept for longer', async () => {
    const event = await newEvent('admit_per_tick=0', 'claim_ms=30000', 'claim_away_ms=600000');
    const [seen, hidden] = [await newPerson(browser), await newSleeper()];
    const isAway = heard(hidden.page, ({ type, is_away: away }) => type === 'away' && away);
    await joinLine(seen.page, event.url);
    await joinLine(hidden.page, event.url);
    await hidden.hide();
    await isAway;
    await event.set('admit_per_tick=10');
    await seen.page.getByText(/Your turn is kept for \d\d seconds/).waitFor();
    await hidden.page.locator('#turn-body').filter({ hasText: 'Your turn is kept for about 10 minutes.' }).waitFor({ state: 'attached' });
    await hidden.page.evaluate(() => new Promise((resolve) => { // its title changes each second
      let seconds = 0;
      new MutationObserver(() => ++seconds > 6 && resolve()).observe(document.querySelector('title'), { childList: true });
    }));
    assert.equal(await hidden.page.locator('body').getAttribute('data-view'), 'turn', 'it does not begin while nobody looks');
    await hidden.show();
    await isShown(hidden.page, 'seats');
    assertNoProblems(seen, hidden);
    await seen.context.close();
    await hidden.close();
  });
});

// Alone: what it does is felt by everybody.
test('a broken connection comes back within the time that the server wants returns spread over, not at once', async () => {
  const event = await newEvent('admit_per_tick=0');
  const crowd = await Promise.all(Array.from({ length: 40 }, () => newVisitor(event)));
  for (const visitor of crowd) await visitor.ask({ type: 'join' });
  const person = await newPerson(browser);
  const { page } = person;
  await page.addInitScript(() => { Math.random = () => 0.99; }); // the last of all
  await joinLine(page, event.url);
  for (const [name, pid] of Object.entries(server.children())) if (name.startsWith('gateway')) process.kill(pid, 'SIGKILL');
  const since = Date.now();
  await page.locator('#link').filter({ hasText: 'Your place is kept' }).waitFor();
  await page.locator('#link').waitFor({ state: 'hidden' });
  const waited = Date.now() - since;
  assert.ok(waited > 3000, `${waited} ms for 41 visitors at 10 a second`);
  assert.equal(await placeOf(page), 41);
  await person.context.close();
});
