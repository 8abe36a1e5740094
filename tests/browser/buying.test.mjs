// A person buys a seat: on a phone with a finger, on a desktop with the keyboard alone, and after a declined card.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startNetwork } from '../support/proxy.mjs';
import {
  DECLINED_CARD, GOOD_CARD, LATE_CARD, PHONE, SLOW_CARD, WEBHOOK_CARD, assertNoProblems, confirmedSeats, enterSale,
  goToPayment, isShown, isWithTheBank, newPerson, openHouse, payWith, seatsAreReady, takeFirstFree, takesItsTime, view,
} from './browser.mjs';
import { eventsOf } from './events.mjs';

const TAB_STOPS_MAX = 200;
const TAPS_MAX = 12;
const PAY_MS = 12_000;

let server, browser, url;
const newEvent = eventsOf(() => server);
before(async () => { ({ server, browser, url } = await openHouse({ flags: ['--sandbox.late_ms', '600000'], event: 'arena' })); });

// Counts the seats that the page asks for.
const countHolds = (page) => page.addInitScript(() => {
  const { send } = WebSocket.prototype;
  globalThis.holds = 0;
  WebSocket.prototype.send = function(text) {
    if (JSON.parse(text).type === 'hold') globalThis.holds++;
    return send.call(this, text);
  };
});

// Taps one point of the left stand until it has become large enough to be a seat, and is taken: what a thumb does.
async function tapUntilTaken(page) {
  const box = await page.locator('#map').boundingBox();
  for (let taps = 0; taps < TAPS_MAX; taps++) {
    const aside = Math.floor(taps / 4) * 7;
    const before = await page.evaluate(() => globalThis.holds);
    await page.touchscreen.tap(box.x + box.width * 0.18 + aside, box.y + box.height * 0.55 + aside);
    if (await page.evaluate(() => globalThis.holds) === before) continue; // it came nearer
    await page.locator('#seats-mine li, #seats-problem:not([hidden])').first().waitFor();
    if (await page.locator('#seats-mine li').count() > 0) return;
  }
  assert.fail('no seat was taken by tapping the map');
}

async function assertNothingIsCutOff(page) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than the screen`);
}

describe('somebody buys', { concurrency: 2 }, () => {
  test('a seat on a phone, by touch, from the map', async () => {
    const person = await newPerson(browser, PHONE);
    const { page } = person;
    await takesItsTime(page);
    await countHolds(page);
    await page.goto(url);
    await assertNothingIsCutOff(page);
    await page.getByRole('button', { name: 'Get in line' }).tap();
    await isShown(page, 'turn');
    await page.getByRole('button', { name: 'Choose seats' }).tap();
    await seatsAreReady(page);
    await assertNothingIsCutOff(page);
    await tapUntilTaken(page);
    const seat = await page.locator('#seats-mine li .grow').textContent();
    await page.getByRole('button', { name: 'Go to payment' }).tap();
    await isShown(page, 'payment');
    await assertNothingIsCutOff(page);
    await payWith(page, GOOD_CARD);
    assert.deepEqual(await confirmedSeats(page), [seat]);
    await assertNothingIsCutOff(page);
    assertNoProblems(person);
    await person.context.close();
  });

  // Presses Tab until the focus is on what `isWanted` (run in the page) accepts.
  async function tabTo(page, isWanted, what) {
    for (let stops = 0; stops < TAB_STOPS_MAX; stops++) {
      if (await page.evaluate(isWanted)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`the Tab key does not reach ${what}`);
  }

  const focusIs = (id) => `document.activeElement?.id === '${id}'`;

  test('a seat on a desktop, by keyboard alone', async () => {
    const person = await newPerson(browser);
    const { page } = person;
    await takesItsTime(page);
    await page.goto(url);
    await isShown(page, 'sale');
    await tabTo(page, focusIs('join'), 'Get in line');
    await page.keyboard.press('Enter');
    await isShown(page, 'turn');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'It is your turn');
    await tabTo(page, focusIs('enter'), 'Choose seats');
    await page.keyboard.press('Enter');
    await seatsAreReady(page);
    await tabTo(page, focusIs('show-list'), 'List');
    await page.keyboard.press('Space');
    await tabTo(page, `document.activeElement?.matches('#list-panel summary')`, 'the first section');
    await page.keyboard.press('Enter');
    await tabTo(page, `document.activeElement?.classList.contains('seat')`, 'a seat');
    const first = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    const second = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.notEqual(second, first);
    await page.keyboard.press('Space');
    await page.locator('#seats-mine li').waitFor();
    assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /, yours$/);
    await tabTo(page, focusIs('checkout'), 'Go to payment');
    await page.keyboard.press('Enter');
    await isShown(page, 'payment');
    await tabTo(page, focusIs('card'), 'the card field');
    await page.keyboard.type(GOOD_CARD);
    await page.keyboard.press('Enter');
    const seats = await confirmedSeats(page);
    assert.equal(seats.length, 1);
    assert.ok(second.startsWith(`${seats[0]},`), `${second} is not ${seats[0]}`);
    assertNoProblems(person);
    await person.context.close();
  });

  test('a declined card, then a good one', async () => {
    const person = await newPerson(browser);
    const { page } = person;
    await enterSale(page, url);
    const seat = await takeFirstFree(page, 3);
    await goToPayment(page);
    await payWith(page, DECLINED_CARD);
    await page.getByRole('alert').filter({ hasText: 'No money was taken' }).waitFor();
    assert.ok(await view(page, 'payment').isVisible(), 'the seats are kept');
    await payWith(page, GOOD_CARD);
    assert.deepEqual(await confirmedSeats(page), [seat]);
    await page.reload();
    await page.locator('.ticket').waitFor();
    assert.equal(await page.locator('.ticket-seat').textContent(), seat, 'the tickets are there after a reload');
    await page.getByRole('button', { name: 'Back to the sale' }).click();
    await isShown(page, 'sale');
    await page.getByRole('button', { name: 'My tickets' }).click();
    await page.getByRole('heading', { name: 'My tickets' }).waitFor();
    assert.equal(await page.locator('.ticket-seat').textContent(), seat, 'and whenever they are asked for');
    assertNoProblems(person);
    await person.context.close();
  });

  test('a reload while the bank is thinking still ends with the tickets', async () => {
    const person = await newPerson(browser);
    const { page } = person;
    await enterSale(page, url);
    const seat = await takeFirstFree(page, 7);
    await goToPayment(page);
    await payWith(page, SLOW_CARD);
    await isWithTheBank(page);
    await page.reload();
    assert.deepEqual(await confirmedSeats(page), [seat]);
    assertNoProblems(person);
    await person.context.close();
  });

  test('a payment that is confirmed by message only', async () => {
    const person = await newPerson(browser);
    const { page } = person;
    await enterSale(page, url);
    const seat = await takeFirstFree(page, 9);
    await goToPayment(page);
    await payWith(page, WEBHOOK_CARD);
    assert.deepEqual(await confirmedSeats(page), [seat]);
    assertNoProblems(person);
    await person.context.close();
  });

  test('the network goes while seats are chosen, and while they are paid: everything is there again', async () => {
    const network = await startNetwork(server.port);
    const { page, context } = await newPerson(browser, PHONE);
    const breakAndMend = async () => {
      await network.cut();
      await page.locator('#link').filter({ hasText: 'Connection lost' }).waitFor();
      await network.mend();
      await page.locator('#link').waitFor({ state: 'hidden' });
    };
    await enterSale(page, `${network.url}/e/${server.event}`);
    const seat = await takeFirstFree(page, 2);
    await breakAndMend();
    assert.equal(await page.locator('#seats-mine li .grow').textContent(), seat);
    await goToPayment(page);
    await breakAndMend();
    await isShown(page, 'payment');
    await payWith(page, SLOW_CARD);
    await isWithTheBank(page);
    await breakAndMend();
    assert.deepEqual(await confirmedSeats(page), [seat]);
    await context.close(); // the console does tell of refused connections: no check for problems
    await network.stop();
  });

  test('time runs out while the bank is thinking: the page says so, and that no money was taken', async () => {
    const event = await newEvent();
    const person = await newPerson(browser);
    const { page } = person;
    let say;
    await page.routeWebSocket(/\/ws$/, (socket) => {
      const gateway = socket.connectToServer();
      say = (message) => socket.send(JSON.stringify(message));
      socket.onMessage((text) => gateway.send(text));
      gateway.onMessage((text) => socket.send(text));
    });
    const since = Date.now();
    await enterSale(page, event.url);
    await takeFirstFree(page);
    await event.set(`pay_ms=${Math.max(PAY_MS, 3 * (Date.now() - since))}`); // a machine that is slow is given more time
    await goToPayment(page);
    for (const reason of ['given_up', 'time_out']) say({ type: 'unsold', order: 'o_anotherone', reason, message: '' });
    await payWith(page, LATE_CARD);
    await isWithTheBank(page);
    say({ type: 'unsold', order: 'o_anotherone', reason: 'time_out', message: '' });
    say({ type: 'declined', order: 'o_anotherone', reason: 'card_declined', deadline_ms: 0 });
    await isWithTheBank(page); // what becomes of another order is none of its business
    await page.getByRole('heading', { name: 'Time ran out before the payment went through' }).waitFor();
    await page.getByText('No money was taken').waitFor();
    await event.is('the seat is free again', ({ categories }) => categories[0].free === 2);
    assertNoProblems(person);
    await person.context.close();
  });

  test('standing places are counted, not picked', async () => {
    const person = await newPerson(browser);
    const { page } = person;
    await enterSale(page, url);
    await page.getByRole('button', { name: 'List', exact: true }).click();
    await page.getByRole('button', { name: 'Add: Floor' }).click();
    const dialog = page.locator('#ask');
    await dialog.getByRole('button', { name: 'One more' }).click();
    await dialog.getByRole('button', { name: 'Add' }).click();
    await page.locator('#seats-mine li').nth(1).waitFor();
    await goToPayment(page);
    await payWith(page, GOOD_CARD);
    assert.deepEqual(await confirmedSeats(page), ['Floor', 'Floor'], 'a standing place has no number');
    assertNoProblems(person);
    await person.context.close();
  });

  test('a card number that cannot be one is refused before it is sent', async () => {
    const person = await newPerson(browser);
    const { page } = person;
    await enterSale(page, url);
    await takeFirstFree(page, 5);
    await goToPayment(page);
    await payWith(page, '4242');
    await page.getByRole('alert').filter({ hasText: '12 to 19 digits' }).waitFor();
    await page.getByRole('button', { name: 'Give up these seats' }).click();
    await page.locator('#ask').getByRole('button', { name: 'Give up these seats' }).click();
    await seatsAreReady(page);
    assert.equal(await page.locator('#seats-mine li').count(), 0);
    assertNoProblems(person);
    await person.context.close();
  });
});

// Alone: what it does is felt by everybody.
test('every gateway killed while the bank is thinking: the tickets come nevertheless', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  await enterSale(page, url);
  const seat = await takeFirstFree(page, 11);
  await goToPayment(page);
  await payWith(page, SLOW_CARD);
  await isWithTheBank(page);
  for (const [name, pid] of Object.entries(server.children())) if (name.startsWith('gateway')) process.kill(pid, 'SIGKILL');
  assert.deepEqual(await confirmedSeats(page), [seat]);
  await person.context.close(); // the console does tell of the refused connections: no check for problems
});
