// The whole visit behind a proxy that lets no WebSocket through: the page goes over to polls by itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startProxy } from '../support/no_websocket.mjs';
import { sleep, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import {
  DECLINED_CARD, GOOD_CARD, PHONE, SLOW_CARD, confirmedSeats, enterSale, freeSeats, goToPayment, isShown, launch, nameOf,
  newPerson, openSection, payWith, seatCalled, takeFirstFree,
} from './browser.mjs';

let server, proxy, browser, url;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2', '--reconnects_per_s', '10'], event: 'arena' });
  proxy = await startProxy(server);
  url = `${proxy.url}/e/${server.event}`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await proxy?.stop();
  await server?.stop();
});

async function set(...settings) {
  const done = await server.cli(['event', 'set', server.event, ...settings]);
  assert.equal(done.code, 0, done.stderr);
}

// That a socket was refused is in the console; nothing else may be.
function assertNoOtherProblems(...people) {
  for (const { problems } of people) {
    assert.deepEqual(problems.filter((text) => !/WebSocket connection to .* failed/.test(text)), []);
  }
}

async function joinLine(person, where = url) {
  await person.page.goto(where);
  await person.page.getByRole('button', { name: 'Get in line' }).click();
  return placeOf(person.page);
}

async function placeOf(page) {
  await isShown(page, 'line');
  await page.locator('#line-number').filter({ hasText: /^\d+$/ }).waitFor();
  return Number(await page.locator('#line-number').textContent());
}

const placeIs = (page, number) => page.locator('#line-number').filter({ hasText: new RegExp(`^${number}$`) }).waitFor();

test('in line, moving up, paused and open again, admitted, a declined card, paid', async () => {
  await set('admit_per_tick=0');
  const [front, person] = [await newPerson(browser), await newPerson(browser, PHONE)];
  const { page } = person;
  await joinLine(front);
  const mine = await joinLine(person);
  assert.ok(mine >= 2);
  await front.page.getByRole('button', { name: 'Leave the line' }).click();
  await front.page.locator('#ask').getByRole('button', { name: 'Leave the line' }).click();
  await isShown(front.page, 'sale');
  await placeIs(page, mine - 1);
  await server.cli(['event', 'pause', server.event]);
  await page.locator('#line-news').filter({ hasText: 'Admission is paused. Everybody keeps their place.' }).waitFor();
  await server.cli(['event', 'open', server.event]);
  await page.locator('#line-news').filter({ hasText: 'Admission is paused. Everybody keeps their place.' }).waitFor({ state: 'hidden' });
  await page.reload();
  await placeIs(page, mine - 1);
  await set('admit_per_tick=50');
  await isShown(page, 'turn');
  await page.getByRole('button', { name: 'Choose seats' }).click();
  await page.locator('#map-loading').waitFor({ state: 'hidden' });
  const seat = await takeFirstFree(page, 3);
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
  const [ann, bob] = [await newPerson(browser), await newPerson(browser)];
  await ann.page.goto(url); // by polls
  await ann.page.getByRole('button', { name: 'Get in line' }).click();
  await isShown(ann.page, 'turn');
  await sleep(2500); // a poll that listens for the turn is under way
  await ann.page.getByRole('button', { name: 'Choose seats' }).click();
  await ann.page.locator('#map-loading').waitFor({ state: 'hidden' });
  await enterSale(bob.page, `${server.url}/e/${server.event}`); // by a socket
  const annList = await openSection(ann.page, 1), bobList = await openSection(bob.page, 1);
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
  const [ann, bob] = [await newPerson(browser), await newPerson(browser)];
  await enterSale(ann.page, url);
  await takeFirstFree(ann.page, 5);
  await goToPayment(ann.page);
  await enterSale(bob.page, `${server.url}/e/${server.event}`);
  await sleep(1500); // the poll that listens is under way
  const polls = proxy.polls.length;
  proxy.listenDelayMs = 7000;
  await takeFirstFree(bob.page, 7); // ends it, and the next one is held up
  await until('the next poll', () => proxy.polls.length > polls);
  await payWith(ann.page, DECLINED_CARD);
  await ann.page.getByText('Waiting for the bank').waitFor();
  await ann.page.getByRole('alert').filter({ hasText: 'No money was taken' }).waitFor();
  proxy.listenDelayMs = 0;
  await payWith(ann.page, GOOD_CARD);
  await confirmedSeats(ann.page);
  assertNoOtherProblems(ann, bob);
  for (const { context } of [ann, bob]) await context.close();
});

test('a turn that is not taken ends as everywhere', async () => {
  await set('claim_ms=14000', 'claim_away_ms=14000');
  const person = await newPerson(browser);
  await person.page.goto(url);
  await person.page.getByRole('button', { name: 'Get in line' }).click();
  await isShown(person.page, 'turn');
  await person.page.evaluate(() => { Object.defineProperty(document, 'hidden', { get: () => true }); }); // nobody looks
  await person.page.getByRole('heading', { name: 'Your turn was missed' }).waitFor();
  await set('claim_ms=60000', 'claim_away_ms=300000');
  await person.context.close();
});

test('every gateway is killed while the bank is thinking: the tickets come all the same', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  await enterSale(page, url);
  const seat = await takeFirstFree(page, 9);
  await goToPayment(page);
  await payWith(page, SLOW_CARD);
  await page.getByText('Waiting for the bank').waitFor();
  for (const [name, pid] of Object.entries(server.children())) if (name.startsWith('gateway')) process.kill(pid, 'SIGKILL');
  assert.deepEqual(await confirmedSeats(page), [seat]);
  await person.context.close(); // the console does tell of the refused requests: no check for problems
});

test('the place is kept when the network is away for a while', async () => {
  await set('admit_per_tick=0');
  const person = await newPerson(browser);
  const mine = await joinLine(person);
  proxy.isDown = true;
  proxy.cut();
  await person.page.locator('#link').filter({ hasText: 'Your place is kept' }).waitFor();
  proxy.isDown = false;
  await person.page.locator('#link').waitFor({ state: 'hidden' });
  assert.equal(await placeOf(person.page), mine);
  await person.context.close();
});

test('waiting costs a request now and then, not many', async () => {
  const person = await newPerson(browser);
  await joinLine(person);
  await sleep(1500);
  const before = proxy.polls.length;
  await sleep(4000);
  assert.ok(proxy.polls.length - before <= 1, `${proxy.polls.length - before} polls in 4 s`);
  await person.context.close();
});

test('a proxy that neither opens a socket nor refuses it, and one that cuts the line', async () => {
  for (const mode of ['hang', 'cut']) {
    proxy.mode = mode;
    const person = await newPerson(browser);
    await joinLine(person);
    await person.context.close();
  }
  proxy.mode = 'refuse';
});

test('a page that had a socket waits for the gateways, and gives up only when it stays away', async () => {
  await set('admit_per_tick=0');
  proxy.mode = 'pass';
  const person = await newPerson(browser);
  const mine = await joinLine(person);
  const polls = proxy.polls.length;
  const upgrades = proxy.upgrades;
  proxy.isDown = true; // as when all gateways are started again
  proxy.cut();
  await until('it has tried', () => proxy.upgrades >= upgrades + 2);
  proxy.isDown = false;
  await person.page.locator('#link').waitFor({ state: 'hidden' });
  assert.equal(proxy.polls.length, polls, 'it came back over a socket');
  proxy.mode = 'refuse';
  proxy.cut();
  await until('it polls', () => proxy.polls.length > polls + 1);
  await person.page.locator('#link').waitFor({ state: 'hidden' });
  assert.equal(await placeOf(person.page), mine);
  await person.context.close();
});

test('stock, message, everything held, everything sold: heard over polls, and then it is quiet', async () => {
  const file = path.join(temporaryDirectory(), 'small.csv');
  fs.writeFileSync(file, 'section,row,seat,category,price,currency\nA,1,1,Front,10.00,EUR\nB,1,1,Back,5.00,EUR\n');
  const cli = async (...args) => {
    const done = await server.cli(args);
    assert.equal(done.code, 0, done.stderr);
  };
  await cli('event', 'load', file, '--id', 'small');
  await cli('event', 'set', 'small', 'tick_ms=100', 'active_cap=1', 'phase=open');
  await until('it is open', async () => (await (await fetch(`${server.url}/api/v1/events/small`)).json()).phase === 'open');
  const buyer = await visit(server, { event: 'small' });
  await buyer.enter();
  const person = await newPerson(browser, PHONE);
  const { page } = person;
  await joinLine(person, `${proxy.url}/e/small`);
  await buyer.ask({ type: 'hold', seats: [0] });
  await page.locator('#line-stock li', { hasText: 'Front' }).filter({ hasText: 'None left' }).waitFor();
  await cli('event', 'set', 'small', 'message=Doors at eight');
  await page.getByText('Doors at eight').waitFor();
  await cli('event', 'set', 'small', 'message=');
  await page.getByText('Doors at eight').waitFor({ state: 'hidden' });
  await buyer.ask({ type: 'hold', seats: [0, 1] });
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
  await set('admit_per_tick=0');
  proxy.mode = 'refuse';
  const person = await newPerson(browser);
  let failures = 0;
  await person.page.route(/\/poll\.js$/, (route) => { failures++; return route.abort(); });
  await joinLine(person);
  assert.ok(failures > 0);
  await person.context.close();
});
