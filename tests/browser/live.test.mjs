// What one visitor does to a seat, another one sees at once; and what runs out comes back to everybody.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { sleep } from '../support/stanchion.mjs';
import {
  assertNoProblems, enterSale, freeSeats, goToPayment, isShown, nameOf, newPerson, openHouse, openSection, seatCalled,
  seatsAreReady, takeFirstFree,
} from './browser.mjs';
import { eventsOf } from './events.mjs';

const SELECT_MS = 10_000; // the shortest there is
const STANDSTILL_MS = 7000; // long enough to be told once more that it stands still

let server, browser, url;
const newEvent = eventsOf(() => server);
before(async () => { ({ server, browser, url } = await openHouse({ event: 'arena' })); });

const state = async (seat) => (await seat.getAttribute('aria-label')).split(', ').at(-1);

async function stateBecomes(seat, wanted) {
  const label = new RegExp(`, ${wanted}$`);
  for (let tries = 0; tries < 900; tries++) {
    if (label.test(await seat.getAttribute('aria-label'))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(await state(seat), wanted);
}

describe('others see it', { concurrency: 2 }, () => {
  test('two browsers see what the other one takes and gives back', async () => {
    const [ann, bob] = [await newPerson(browser), await newPerson(browser)];
    await enterSale(ann.page, url);
    await enterSale(bob.page, url);
    const annList = await openSection(ann.page, 1);
    const bobList = await openSection(bob.page, 1);
    const name = await nameOf(freeSeats(annList).first());
    const annSeat = seatCalled(annList, `${name},`);
    const bobSeat = seatCalled(bobList, `${name},`);
    assert.equal(await state(bobSeat), 'free');
    await annSeat.click();
    await stateBecomes(annSeat, 'yours');
    await stateBecomes(bobSeat, 'held by somebody else');
    await bobSeat.click({ force: true });
    await bob.page.getByRole('alert').filter({ hasText: 'held by somebody else' }).waitFor();
    await ann.page.getByRole('button', { name: `Give back ${name}` }).click();
    await stateBecomes(annSeat, 'free');
    await stateBecomes(bobSeat, 'free');
    await bobSeat.click();
    await stateBecomes(bobSeat, 'yours');
    await stateBecomes(annSeat, 'held by somebody else');
    assertNoProblems(ann, bob);
    for (const { context } of [ann, bob]) await context.close();
  });

  test('two browsers want one seat in the same moment: one has it, the other is told', async () => {
    const people = [await newPerson(browser), await newPerson(browser)];
    for (const { page } of people) await enterSale(page, url);
    const lists = [];
    for (const { page } of people) lists.push(await openSection(page, 6));
    const name = await nameOf(freeSeats(lists[0]).first());
    await Promise.all(lists.map((list) => seatCalled(list, `${name},`).evaluate((seat) => seat.click())));
    const mine = ({ page }) => page.locator('#seats-mine li', { hasText: name });
    await Promise.race(people.map((person) => mine(person).waitFor()));
    const [loser, winner] = await mine(people[0]).count() ? [people[1], people[0]] : people;
    await loser.page.getByRole('alert').filter({ hasText: /No longer free|held by somebody else/ }).waitFor();
    assert.deepEqual([await mine(loser).count(), await mine(winner).count()], [0, 1]);
    await stateBecomes(seatCalled(lists[people.indexOf(loser)], `${name},`), 'held by somebody else');
    assertNoProblems(...people);
    for (const { context } of people) await context.close();
  });

  test('a reload in the middle of choosing keeps the seats', async () => {
    const person = await newPerson(browser);
    const { page } = person;
    await enterSale(page, url);
    const list = await openSection(page, 2);
    const name = await nameOf(freeSeats(list).first());
    await seatCalled(list, `${name},`).click();
    await page.locator('#seats-mine li').waitFor();
    await page.reload();
    await page.locator('#seats-mine li', { hasText: name }).waitFor();
    assertNoProblems(person);
    await person.context.close();
  });

  test('another tab shows the same basket, and what becomes of it', async () => {
    const person = await newPerson(browser), { page } = person;
    await enterSale(page, url);
    const other = await person.newTab();
    await other.goto(url);
    await seatsAreReady(other);
    const name = await takeFirstFree(page, 3);
    await other.locator('#seats-mine li', { hasText: name }).waitFor();
    await goToPayment(page);
    await isShown(other, 'payment');
    await other.getByRole('button', { name: 'Give up these seats' }).click();
    await other.locator('#ask').getByRole('button', { name: 'Give up these seats' }).click();
    await isShown(other, 'seats');
    await isShown(page, 'seats');
    await page.locator('#seats-mine li').waitFor({ state: 'detached' });
    assertNoProblems(person);
    await person.context.close();
  });

  test('when the time to choose is over, the seat is free again for others', async () => {
    const event = await newEvent();
    const watcher = await newPerson(browser);
    const since = Date.now();
    await enterSale(watcher.page, event.url);
    await event.set(`select_ms=${Math.max(SELECT_MS, 4 * (Date.now() - since))}`); // a machine that is slow is given more time
    const late = await newPerson(browser);
    await enterSale(late.page, event.url);
    const lateList = await openSection(late.page, 0);
    const watcherList = await openSection(watcher.page, 0);
    const name = await nameOf(freeSeats(lateList).first());
    await seatCalled(lateList, `${name},`).click();
    const seen = seatCalled(watcherList, `${name},`);
    await stateBecomes(seen, 'held by somebody else');
    await isShown(late.page, 'ended');
    await late.page.getByRole('heading', { name: 'Your time is up' }).waitFor();
    await stateBecomes(seen, 'free');
    assertNoProblems(watcher, late);
    for (const { context } of [watcher, late]) await context.close();
  });
});

// Alone: time stands still for everybody.
test('the time that is left stands still while the ledger is away', async () => {
  const person = await newPerson(browser), { page } = person;
  await enterSale(page, url);
  const secondsLeft = async () => {
    const [, minutes, seconds] = /(\d+):(\d+)/.exec(await page.locator('#seats-time').textContent());
    return 60 * Number(minutes) + Number(seconds);
  };
  const time = page.locator('#seats-time');
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  let atMs, left;
  try {
    await time.filter({ hasText: /paused$/ }).waitFor();
    [atMs, left] = [Date.now(), await secondsLeft()];
    await sleep(STANDSTILL_MS);
    assert.ok(Math.abs(await secondsLeft() - left) <= 1, 'it does not run');
  } finally {
    process.kill(ledger, 'SIGCONT');
  }
  await time.filter({ hasText: /left$/ }).waitFor();
  const wouldBe = left - (Date.now() - atMs) / 1000; // had it run on
  assert.ok(await secondsLeft() > wouldBe + 1, 'and what stood still is not lost');
  assertNoProblems(person);
  await person.context.close();
});
