// What the page says while somebody pays: that the payment is on its way until the server has taken it, that nobody knows
// whether it has, that the ledger is away; and never that nothing was sold because nobody could look.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/stanchion.mjs';
import {
  DECLINED_CARD, GOOD_CARD, SLOW_CARD, assertNoProblems, confirmedSeats, enterSale, goToPayment, isDoing, isShown,
  isWithTheBank, newPerson, openHouse, payWith, takeFirstFree,
} from './browser.mjs';

let server, browser, url;
before(async () => { ({ server, browser, url } = await openHouse({ event: 'arena' })); });

// Stands between this page and the gateways, over all its connections. What `loses` or `refuses` names by type does not reach
// the gateway, what `hides` names not the page; a refusal is answered with this code. `asked` and `told` are the types of what
// either side said. cut() breaks the connection.
async function standBetween(page) {
  const between = { loses: null, refuses: {}, hides: null, asked: [], told: [], cut: () => {} };
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const gateway = socket.connectToServer();
    between.cut = () => { socket.close({ code: 1011 }); gateway.close(); };
    socket.onMessage((text) => {
      const { type, id } = JSON.parse(text);
      between.asked.push(type);
      const code = between.refuses[type];
      if (code) socket.send(JSON.stringify({ type: 'error', re: id, code, message: 'words of the server', retry_s: 1 }));
      else if (type !== between.loses) gateway.send(text);
    });
    gateway.onMessage((text) => {
      const { type } = JSON.parse(text);
      between.told.push(type);
      if (type !== between.hides) socket.send(text);
    });
  });
  return between;
}

const times = (between, type) => between.asked.filter((each) => each === type).length;

// Seats chosen, the page of the payment open.
async function readyToPay(section) {
  const person = await newPerson(browser);
  const between = await standBetween(person.page);
  await enterSale(person.page, url);
  const seat = await takeFirstFree(person.page, section);
  await goToPayment(person.page);
  return { person, page: person.page, between, seat };
}

describe('the page says', { concurrency: 2 }, () => {
  test('that the payment is on its way; one that was lost there is sent again when the connection is back', async () => {
    const { person, page, between, seat } = await readyToPay(1);
    between.loses = 'pay';
    await payWith(page, GOOD_CARD);
    await isDoing(page, 'Sending your payment');
    between.loses = null;
    between.cut();
    assert.deepEqual(await confirmedSeats(page), [seat]);
    assert.equal(times(between, 'pay'), 2);
    assertNoProblems(person);
    await person.context.close();
  });

  test('after a reload in that moment, that it is not certain; paying again is one order', async () => {
    const { person, page, between, seat } = await readyToPay(2);
    between.loses = 'pay';
    await payWith(page, GOOD_CARD);
    await isDoing(page, 'Sending your payment');
    await page.reload();
    await page.getByText('It is not certain that your payment has reached us.').filter({ visible: true }).waitFor();
    between.loses = null;
    await payWith(page, GOOD_CARD);
    assert.deepEqual(await confirmedSeats(page), [seat]);
    assertNoProblems(person);
    await person.context.close();
  });

  test('a refusal that nobody heard: that it did not go through, and another try is a payment', async () => {
    const { person, page, between, seat } = await readyToPay(3);
    between.hides = 'declined';
    await payWith(page, DECLINED_CARD);
    await isWithTheBank(page);
    await until('it is refused', () => between.told.includes('declined'));
    between.cut();
    await page.getByRole('alert').filter({ hasText: 'No money was taken' }).waitFor();
    await isShown(page, 'payment');
    await payWith(page, GOOD_CARD);
    assert.deepEqual(await confirmedSeats(page), [seat]);
    assertNoProblems(person);
    await person.context.close();
  });

  test('nothing about an outcome while orders cannot be read, and the tickets as soon as they can', async () => {
    const { person, page, between, seat } = await readyToPay(4);
    between.hides = 'confirmed';
    between.refuses.tickets = 'ledger_down';
    await payWith(page, GOOD_CARD);
    await isWithTheBank(page);
    await until('it is sold', () => between.told.includes('confirmed'));
    between.cut();
    await page.locator('#link').filter({ hasText: 'The system is catching up.' }).waitFor();
    await isShown(page, 'payment');
    const asked = times(between, 'tickets');
    await until('it is asked again', () => times(between, 'tickets') > asked + 1);
    await isShown(page, 'payment');
    delete between.refuses.tickets;
    assert.deepEqual(await confirmedSeats(page), [seat]);
    between.refuses.tickets = 'ledger_down';
    await page.reload();
    await page.getByRole('heading', { name: 'Looking for your tickets' }).waitFor();
    await page.locator('#link').filter({ hasText: 'The system is catching up.' }).waitFor();
    delete between.refuses.tickets;
    await page.locator('.ticket-seat', { hasText: seat }).waitFor();
    assertNoProblems(person);
    await person.context.close();
  });
});

// Alone: time stands still for everybody.
test('the ledger is away while somebody chooses and pays: time stands still, what is not recorded waits, and comes', async () => {
  const [payer, chooser] = [await readyToPay(5), await readyToPay(6)];
  await chooser.page.getByRole('button', { name: 'Give up these seats' }).click();
  await chooser.page.locator('#ask').getByRole('button', { name: 'Give up these seats' }).click();
  await isShown(chooser.page, 'seats');
  const seat = await takeFirstFree(chooser.page, 7);
  await payWith(payer.page, SLOW_CARD);
  await isWithTheBank(payer.page);
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  try {
    await isDoing(payer.page, 'Your order is waiting to be recorded');
    await chooser.page.locator('#seats-time').filter({ hasText: /^\d+:\d\d left, paused$/ }).waitFor();
    await chooser.page.locator('#announcer').filter({ hasText: 'Your seats are kept, and your time stands still.' }).waitFor({ state: 'attached' });
    await chooser.page.getByRole('button', { name: 'Go to payment' }).click();
    await chooser.page.getByRole('alert').filter({ hasText: 'Orders cannot be recorded at the moment. Nothing was taken' }).waitFor();
  } finally {
    process.kill(ledger, 'SIGCONT');
  }
  assert.deepEqual(await confirmedSeats(payer.page), [payer.seat]);
  await chooser.page.locator('#seats-time').filter({ hasText: /left$/ }).waitFor();
  await goToPayment(chooser.page);
  await payWith(chooser.page, GOOD_CARD);
  assert.deepEqual(await confirmedSeats(chooser.page), [seat]);
  for (const { person } of [payer, chooser]) {
    assertNoProblems(person);
    await person.context.close();
  }
});
