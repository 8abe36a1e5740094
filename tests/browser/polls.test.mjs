// The whole visit behind a proxy that lets no WebSocket through: the page goes over to polls by itself. Each test has a proxy
// and an event of its own: they wait side by side.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startProxy } from '../support/no_websocket.mjs';
import { sleep, startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import {
  DECLINED_CARD, GOOD_CARD, PHONE, SLOW_CARD, confirmedSeats, enterSale, freeSeats, goToPayment, isShown, isWithTheBank, joinLine, launch, nameOf,
  newPerson, openSection, payWith, placeIs, placeOf, seatCalled, takeFirstFree, takeTurn, takesItsTime,
} from './browser.mjs';
import { eventsOf } from './events.mjs';

let server, browser;
const proxies = [];
const newEvent = eventsOf(() => server);
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2', '--reconnects_per_s', '10'] });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  for (const proxy of proxies) await proxy.stop();
  await server?.stop();
});

// An event and the proxy before it: { event, proxy, url }.
async function newSale(settings = [], mode = 'refuse') {
  const event = await newEvent(...settings);
  const proxy = await startProxy(server, mode);
  proxies.push(proxy);
  return { event, proxy, url: proxy.url + event.path };
}

const newLine = (mode) => newSale(['admit_per_tick=0'], mode);
const isListening = (proxy) => until('a poll that listens', () => proxy.listening > 0);

// That a socket was refused is in the console; nothing else may be.
function assertNoOtherProblems(...people) {
  for (const { problems } of people) {
    assert.deepEqual(problems.filter((text) => !/WebSocket connection to .* failed/.test(text)), []);
  }
}

describe('by polls', { concurrency: 4 }, () => {
  test('in line, moving up, paused and open again, admitted, a declined card, paid', async () => {
    const { event, proxy, url } = await newLine();
    const [front, person] = [await newPerson(browser), await newPerson(browser, PHONE)];
    const { page } = person;
    await joinLine(front.page, url);
    assert.equal(await joinLine(page, url), 2);
    await front.page.getByRole('button', { name: 'Leave the line' }).click();
    await front.page.locator('#ask').getByRole('button', { name: 'Leave the line' }).click();
    await isShown(front.page, 'sale');
    await placeIs(page, 1);
    await server.cli(['event', 'pause', event.id]);
    await page.locator('#line-news').filter({ hasText: 'Admission is paused. Everybody keeps their place.' }).waitFor();
    await server.cli(['event', 'open', event.id]);
    await page.locator('#line-news').filter({ hasText: 'Admission is paused. Everybody keeps their place.' }).waitFor({ state: 'hidden' });
    await page.reload();
    await placeIs(page, 1);
    await event.set('admit_per_tick=50');
    await takeTurn(page);
    const seat = await takeFirstFree(page);
    await goToPayment(page);
    await payWith(page, DECLINED_CARD);
    await page.getByRole('alert').filter({ hasText: 'No money was taken' }).waitFor();
    await payWith(page, GOOD_CARD);
    assert.deepEqual(await confirmedSeats(page), [seat]);
    await page.reload();
    await page.locator('.ticket').waitFor();
    assert.ok(proxy.upgrades >= 2 && proxy.polls.length > 5);
    assertNoOtherProblems(front, person);
    for (const { context } of [front, person]) await context.close();
  });

  test('what others do to the seats is seen, over polls and over a socket', async () => {
    const { event, proxy, url } = await newSale();
    const [ann, bob] = [await newPerson(browser), await newPerson(browser)];
    await takesItsTime(ann.page);
    await ann.page.goto(url); // by polls
    await ann.page.getByRole('button', { name: 'Get in line' }).click();
    await isShown(ann.page, 'turn');
    await isListening(proxy); // for the turn: it is claimed meanwhile
    await takeTurn(ann.page);
    await enterSale(bob.page, event.url); // by a socket
    const annList = await openSection(ann.page, 0), bobList = await openSection(bob.page, 0);
    const name = await nameOf(freeSeats(annList).first());
    const becomes = (list, state) => list.locator(`button.seat[aria-label^="${name},"][aria-label$=", ${state}"]`).waitFor();
    await seatCalled(bobList, `${name},`).click();
    await becomes(annList, 'held by somebody else');
    await bob.page.getByRole('button', { name: `Give back ${name}` }).click();
    await becomes(annList, 'free');
    await seatCalled(annList, `${name},`).click();
    await becomes(annList, 'yours');
    await becomes(bobList, 'held by somebody else');
    await ann.page.reload();
    await ann.page.locator('#seats-mine li', { hasText: name }).waitFor();
    assertNoOtherProblems(ann, bob);
    for (const { context } of [ann, bob]) await context.close();
  });

  test('a refusal that is told while nobody listens is found out', async () => {
    const { event, proxy, url } = await newSale();
    const [ann, bob] = [await newPerson(browser), await newPerson(browser)];
    await enterSale(ann.page, url);
    await takeFirstFree(ann.page);
    await goToPayment(ann.page);
    await enterSale(bob.page, event.url);
    await isListening(proxy);
    const polls = proxy.polls.length;
    proxy.listenDelayMs = 7000;
    await takeFirstFree(bob.page, 1); // ends it, and the next one is held up
    await until('the next poll', () => proxy.polls.length > polls);
    await payWith(ann.page, DECLINED_CARD);
    await isWithTheBank(ann.page);
    await ann.page.getByRole('alert').filter({ hasText: 'No money was taken' }).waitFor();
    proxy.listenDelayMs = 0;
    await payWith(ann.page, GOOD_CARD);
    await confirmedSeats(ann.page);
    assertNoOtherProblems(ann, bob);
    for (const { context } of [ann, bob]) await context.close();
  });

  test('a turn that is not taken ends as everywhere', async () => {
    const { url } = await newSale(['claim_ms=14000', 'claim_away_ms=14000']);
    const { page, context } = await newPerson(browser);
    await takesItsTime(page);
    await page.goto(url);
    await page.getByRole('button', { name: 'Get in line' }).click();
    await isShown(page, 'turn');
    await page.getByRole('heading', { name: 'Your turn was missed' }).waitFor();
    await context.close();
  });

  test('the place is kept when the network is away for a while', async () => {
    const { proxy, url } = await newLine();
    const { page, context } = await newPerson(browser);
    const mine = await joinLine(page, url);
    proxy.isDown = true;
    proxy.cut();
    await page.locator('#link').filter({ hasText: 'Your place is kept' }).waitFor();
    proxy.isDown = false;
    await page.locator('#link').waitFor({ state: 'hidden' });
    assert.equal(await placeOf(page), mine);
    await context.close();
  });

  test('waiting costs a request now and then, not many', async () => {
    const { proxy, url } = await newLine();
    const { page, context } = await newPerson(browser);
    await joinLine(page, url);
    await isListening(proxy);
    const before = proxy.polls.length;
    await sleep(4000);
    assert.ok(proxy.polls.length - before <= 1, `${proxy.polls.length - before} polls in 4 s`);
    await context.close();
  });

  for (const mode of ['hang', 'cut']) {
    test(`a proxy that ${{ hang: 'neither opens a socket nor refuses it', cut: 'cuts the line' }[mode]}`, async () => {
      const { url } = await newLine(mode);
      const { page, context } = await newPerson(browser);
      await joinLine(page, url);
      await context.close();
    });
  }

  test('a page that had a socket waits for the gateways, and gives up only when it stays away', async () => {
    const { proxy, url } = await newLine('pass');
    const { page, context } = await newPerson(browser);
    const mine = await joinLine(page, url);
    const upgrades = proxy.upgrades;
    proxy.isDown = true; // as when all gateways are started again
    proxy.cut();
    await until('it has tried', () => proxy.upgrades >= upgrades + 2);
    await page.locator('#link').waitFor({ state: 'visible' });
    proxy.isDown = false;
    await page.locator('#link').waitFor({ state: 'hidden' });
    assert.equal(proxy.polls.length, 0, 'it came back over a socket');
    proxy.mode = 'refuse';
    proxy.cut();
    await until('it polls', () => proxy.polls.length > 0, 120_000); // 17 s of tries, and what a busy machine adds
    await page.locator('#link').waitFor({ state: 'hidden' });
    assert.equal(await placeOf(page), mine);
    await context.close();
  });

  test('stock, message, everything held, everything sold: heard over polls, and then it is quiet', async () => {
    const { event, proxy, url } = await newSale(['active_cap=1']);
    const buyer = await visit(server, { event: event.id });
    await buyer.enter();
    const person = await newPerson(browser, PHONE);
    const { page } = person;
    await joinLine(page, url);
    await buyer.ask({ type: 'hold', seats: [0, 1] });
    await page.locator('#line-stock li', { hasText: 'Front' }).filter({ hasText: 'None left' }).waitFor();
    await event.set('message=Doors at eight');
    await page.getByText('Doors at eight').waitFor();
    await event.set('message=');
    await page.getByText('Doors at eight').waitFor({ state: 'hidden' });
    await buyer.ask({ type: 'hold', seats: [2] });
    await page.locator('#line-news').filter({ hasText: 'in other people’s hands' }).waitFor();
    const { order } = await buyer.ask({ type: 'checkout' });
    await buyer.ask({ type: 'pay', order, card: GOOD_CARD });
    await page.getByRole('heading', { name: 'Everything has been sold' }).waitFor();
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/polls-sold.png` });
    const polls = proxy.polls.length;
    await sleep(3000);
    assert.equal(proxy.polls.length, polls, 'it does not poll on');
    assertNoOtherProblems(person);
    await buyer.close();
    await person.context.close();
  });

  test('the module that polls is fetched again when it could not be fetched', async () => {
    const { url } = await newLine();
    const { page, context } = await newPerson(browser);
    let failures = 0;
    await page.route(/\/poll\.js$/, (route) => { failures++; return route.abort(); });
    await joinLine(page, url);
    assert.ok(failures > 0);
    await context.close();
  });
});

// Alone: what it does is felt by everybody.
test('every gateway is killed while the bank is thinking: the tickets come all the same', async () => {
  const { url } = await newSale();
  const { page, context } = await newPerson(browser);
  await enterSale(page, url);
  const seat = await takeFirstFree(page);
  await goToPayment(page);
  await payWith(page, SLOW_CARD);
  await isWithTheBank(page);
  for (const [name, pid] of Object.entries(server.children())) if (name.startsWith('gateway')) process.kill(pid, 'SIGKILL');
  assert.deepEqual(await confirmedSeats(page), [seat]);
  await context.close(); // the console does tell of the refused requests: no check for problems
});
