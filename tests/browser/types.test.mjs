// Ticket types as a person chooses them: on a phone with the browser's own chooser, on a desktop with the keyboard; and
// prices that the organizer changes while somebody chooses.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { TYPED_PRICES, writeHall } from '../support/halls.mjs';
import {
  GOOD_CARD, PHONE, assertNoProblems, confirmedSeats, enterSale, goToPayment, isShown, nameOf, newPerson, openHouse,
  openSection, payWith,
} from './browser.mjs';

let server, browser, url;
before(async () => {
  ({ server, browser, url } = await openHouse({ flags: ['--gateways', '1'], event: writeHall({ ini: '[settings]\ntick_ms = 100\n' }) }));
});

async function take(page, number) {
  const section = await openSection(page, 0);
  const seat = section.locator('button.seat', { hasText: new RegExp(`^${number}$`) }).first();
  const name = await nameOf(seat);
  await seat.click();
  await page.locator('#seats-mine li', { hasText: name }).waitFor();
  return name;
}

const typeOf = (page, name) => page.getByLabel(`Ticket type for ${name}`, { exact: true });
const totalIs = (page, text) => page.locator('#seats-total').filter({ hasText: text }).waitFor();
const lines = (page) => page.locator('.ticket p.soft').allTextContents();

test('on a phone: one seat of each type, and the sum follows at once', async () => {
  const person = await newPerson(browser, PHONE);
  const { page } = person;
  await page.goto(url);
  const prices = page.locator('#sale-prices > li');
  await prices.first().waitFor();
  assert.deepEqual(await prices.first().locator('li').allTextContents(), ['Adult€79.00', 'Reduced€39.50', 'Child€0.00'], 'all prices are known before the line');
  assert.deepEqual(await prices.locator('strong').allTextContents(), ['€20.00']);
  await enterSale(page, url);
  await page.locator('.chip', { hasText: 'from €0.00' }).waitFor();
  const marked = (await openSection(page, 0)).locator('button.seat', { hasText: /^10$/ }).first();
  assert.equal(await marked.getAttribute('title'), 'wheelchair space');
  assert.match(await marked.getAttribute('aria-label'), /, wheelchair space, free$/);
  const first = await take(page, 1);
  const second = await take(page, 2);
  await totalIs(page, '€158.00');
  await typeOf(page, second).selectOption('Reduced');
  await totalIs(page, '€118.50');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than the screen`);
  await goToPayment(page);
  assert.deepEqual(await page.locator('#pay-seats li').allTextContents(), [`${first} Adult€79.00`, `${second} Reduced€39.50`]);
  await page.getByRole('button', { name: 'Pay €118.50' }).waitFor();
  await payWith(page, GOOD_CARD);
  assert.deepEqual(await confirmedSeats(page), [first, second]);
  assert.deepEqual(await lines(page), ['Front · Adult · €79.00', 'Front · Reduced · €39.50']);
  assertNoProblems(person);
  await person.context.close();
});

test('by keyboard, and a choice outlives another seat, a give-back and the way back from payment', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  await enterSale(page, url);
  const name = await take(page, 3);
  await typeOf(page, name).focus();
  await page.keyboard.press('ArrowDown');
  await totalIs(page, '€39.50');
  const other = await take(page, 4);
  await totalIs(page, '€118.50');
  await page.getByRole('button', { name: `Give back ${other}` }).click();
  await totalIs(page, '€39.50');
  assert.equal(await typeOf(page, name).inputValue(), 'Reduced');
  await goToPayment(page);
  await page.getByRole('button', { name: 'Pay €39.50' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Pay €39.50' }).waitFor();
  await payWith(page, GOOD_CARD);
  await confirmedSeats(page);
  assert.deepEqual(await lines(page), ['Front · Reduced · €39.50']);
  assertNoProblems(person);
  await person.context.close();
});

test('what costs nothing is bought with one click: nobody is asked for a card', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  await enterSale(page, url);
  const name = await take(page, 9);
  await typeOf(page, name).selectOption('Child');
  await totalIs(page, '€0.00');
  const free = page.getByRole('button', { name: 'Get tickets, nothing to pay' });
  await free.waitFor();
  await typeOf(page, name).selectOption('Reduced');
  await page.getByRole('button', { name: 'Go to payment' }).waitFor();
  await typeOf(page, name).selectOption('Child');
  await free.click();
  assert.deepEqual(await confirmedSeats(page), [name]);
  assert.deepEqual(await lines(page), ['Front · Child · €0.00']);
  assertNoProblems(person);
  await person.context.close();
});

test('what costs nothing and was checked out only is got without a card, too', async () => {
  const person = await newPerson(browser, PHONE);
  const { page } = person;
  let isFirst = true; // as when a gateway dies between the two halves
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const gateway = socket.connectToServer();
    socket.onMessage((text) => {
      const { confirm, ...rest } = JSON.parse(text);
      gateway.send(JSON.stringify(confirm && !isFirst ? { ...rest, confirm } : rest));
      isFirst &&= rest.type !== 'checkout';
    });
    gateway.onMessage((text) => socket.send(text));
  });
  await enterSale(page, url);
  const name = await take(page, 8);
  await typeOf(page, name).selectOption('Child');
  await page.getByRole('button', { name: 'Get tickets, nothing to pay' }).click();
  await isShown(page, 'payment');
  assert.ok(await page.getByLabel('Card number').isHidden());
  await page.getByRole('button', { name: 'Get tickets, nothing to pay' }).click();
  assert.deepEqual(await confirmedSeats(page), [name]);
  assertNoProblems(person);
  await person.context.close();
});

test('prices change while somebody chooses: the seat stays, the new sum is shown before anything is paid', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  await enterSale(page, url);
  const name = await take(page, 6);
  await typeOf(page, name).selectOption('Reduced');
  await totalIs(page, '€39.50');
  await page.route('**/plan', (route) => route.abort()); // this page hears late of it
  const changed = TYPED_PRICES.replace('Front,Reduced,39.50', 'Front,Reduced,44.00').replace('Front,Child,0,EUR,\n', '');
  const loaded = await server.cli(['event', 'load', writeHall({ prices: changed }), '--id', server.event]);
  assert.equal(loaded.code, 0, loaded.stderr);
  await page.unroute('**/plan');
  await page.getByRole('button', { name: 'Go to payment' }).click();
  await page.getByRole('alert').filter({ hasText: 'Prices were changed' }).waitFor();
  await totalIs(page, '€44.00');
  assert.equal(await typeOf(page, name).inputValue(), 'Reduced');
  await goToPayment(page);
  await page.getByRole('button', { name: 'Pay €44.00' }).waitFor();
  await payWith(page, GOOD_CARD);
  assert.deepEqual(await confirmedSeats(page), [name]);
  await person.context.close(); // the console tells of the fetch that was cut off: no check for problems
});

test('prices change while somebody looks: the page shows them by itself', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  await enterSale(page, url);
  const name = await take(page, 7);
  await totalIs(page, '€79.00');
  const loaded = await server.cli(['event', 'load', writeHall({ prices: TYPED_PRICES.replace('79.00', '81.00') }), '--id', server.event]);
  assert.equal(loaded.code, 0, loaded.stderr);
  await totalIs(page, '€81.00');
  await page.getByRole('button', { name: `Give back ${name}` }).click();
  await page.locator('#seats-none').waitFor();
  assertNoProblems(person);
  await person.context.close();
});
