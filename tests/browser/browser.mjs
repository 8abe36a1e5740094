// What the browser tests share: Debian's Chromium, a page that reports every console error and CSP violation, and the
// steps of a visit as a person takes them. Nothing here reaches into the page's code.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { startStanchion, temporaryDirectory } from '../support/stanchion.mjs';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
// What a window has around the page is a page of its own in this browser, made anew for each person, and a process is kept
// ready for each: a third of all work, for nothing here. The others are what Playwright switches off itself.
const WITHOUT = ['WebUIOmniboxPopup', 'SpareRendererForSitePerProcess', 'AvoidUnnecessaryBeforeUnloadCheckSync', 'BoundaryEventDispatchTracksNodeRemoval',
  'DestroyProfileOnBrowserClose', 'DialMediaRouteProvider', 'GlobalMediaControls', 'HttpsUpgrades', 'LensOverlay', 'MediaRouter', 'OptimizationHints',
  'PaintHolding', 'RenderDocument', 'ThirdPartyStoragePartitioning', 'Translate'];
const ARGUMENTS = [`--disable-features=${WITHOUT}`, '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const STEP_MS_MAX = 45_000; // most steps take a tenth of a second; on a machine that is busy with other things, some take long
const sleepers = new Set();
after(() => sleepers.forEach((child) => child.kill('SIGKILL'))); // of a test that failed: it would not end otherwise

export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
export const DESKTOP = { viewport: { width: 1440, height: 900 } };
export const GOOD_CARD = '4242424242424242';
export const DECLINED_CARD = '4000000000000002';
export const SLOW_CARD = '4000000000000077'; // succeeds after 3 s
export const LATE_CARD = '4000000000000101'; // the success comes by webhook, later than anybody may wait
export const WEBHOOK_CARD = '4000000000000093'; // the success comes by webhook only

export const launch = () => chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });

// What nearly every file begins with: a server (startStanchion says how), the page of its event, and a browser. They end
// with the file's tests, also when the beginning fails half-way.
const houses = [];
export async function openHouse(options) {
  const house = {};
  houses.push(house);
  house.server = await startStanchion(options);
  house.url = `${house.server.url}/e/${house.server.event}`;
  house.browser = await launch();
  return house;
}
after(async () => {
  for (const { server, browser } of houses) {
    await browser?.close();
    await server?.stop();
  }
});

// A person with a browser of their own (own cookies, own storage). `person.problems` must stay empty.
export async function newPerson(browser, options = DESKTOP) {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
  const person = { context, problems: [] };
  await context.addInitScript(() => addEventListener('securitypolicyviolation', (event) => {
    console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
  }));
  person.newTab = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS_MAX);
    page.on('console', (message) => message.type() === 'error' && person.problems.push(message.text()));
    page.on('pageerror', (error) => person.problems.push(error.stack));
    return page;
  };
  person.page = await person.newTab();
  return person;
}

export function assertNoProblems(...people) {
  for (const { problems } of people) assert.deepEqual(problems, []);
}

export const view = (page, name) => page.locator(`main > section[data-for="${name}"]:not([hidden])`);
export const isShown = (page, name) => view(page, name).waitFor();

// A turn that is looked at opens by itself after some seconds. This page's turn does not: for who wants to look at it for longer.
export const takesItsTime = (page) => page.addInitScript(() => Object.defineProperty(Document.prototype, 'hidden', { get: () => true }));

// Resolves when a message that fits has come over a socket of this page. Ask before the page is opened.
export const heard = (page, fits) => new Promise((resolve) => {
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => fits(JSON.parse(payload)) && resolve()));
});

// The number in line, when there is one.
export async function placeOf(page) {
  await isShown(page, 'line');
  await page.locator('#line-number').filter({ hasText: /^[\d,]+$/ }).waitFor();
  return Number((await page.locator('#line-number').textContent()).replaceAll(',', ''));
}

export const placeIs = (page, place) => page.locator('#line-number').filter({ hasText: new RegExp(`^${place}$`) }).waitFor();

export async function joinLine(page, url) {
  await page.goto(url);
  await page.getByRole('button', { name: 'Get in line' }).click();
  return placeOf(page);
}

// A person whose page can be hidden and frozen as a phone does it. Playwright's own browsers keep every page visible, and a
// visible page cannot be frozen: this is a browser of its own, told nothing about visibility.
export async function newSleeper(options = []) {
  const profile = temporaryDirectory();
  const args = [...ARGUMENTS, '--remote-debugging-port=0', `--user-data-dir=${profile}`, ...options, 'about:blank'];
  const child = spawn(EXECUTABLE, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  sleepers.add(child);
  const endpoint = await new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (data) => {
      text += data;
      const found = /DevTools listening on (ws:\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
    child.once('exit', () => reject(new Error(`the browser ended: ${text}`)));
  });
  const browser = await chromium.connectOverCDP(endpoint, { noDefaults: true });
  const context = browser.contexts()[0];
  const person = { context, problems: [], page: context.pages()[0] ?? await context.newPage() };
  person.page.setDefaultTimeout(STEP_MS_MAX);
  person.page.on('console', (message) => message.type() === 'error' && person.problems.push(message.text()));
  person.page.on('pageerror', (error) => person.problems.push(error.stack));
  const other = await context.newPage();
  const session = await context.newCDPSession(person.page);
  const state = (name) => session.send('Page.setWebLifecycleState', { state: name });
  person.hide = () => other.bringToFront();
  person.show = () => person.page.bringToFront();
  person.freeze = async () => { await person.hide(); await state('frozen'); };
  person.thaw = async () => { await state('active'); await person.show(); };
  person.close = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await (await browser.newBrowserCDPSession()).send('Browser.close').catch(() => child.kill());
    if (child.exitCode === null) await ended;
    sleepers.delete(child);
  };
  await person.show();
  return person;
}

// Runs in the page: from now on Date is wrong by this much. performance.now() is not.
export function shiftClock(byMs) {
  const RealDate = globalThis.RealDate ?? Date;
  globalThis.RealDate = RealDate;
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length ? args : [RealDate.now() + byMs]));
    }

    static now() {
      return RealDate.now() + byMs;
    }
  };
}

// From the turn to the open seat map. A turn that is looked at opens by itself after some seconds: on a busy machine that may
// be before the press.
export async function takeTurn(page) {
  await Promise.race([page.getByRole('button', { name: 'Choose seats' }).click().catch(() => isShown(page, 'seats')), isShown(page, 'seats')]);
  await seatsAreReady(page);
}

export async function enterSale(page, url) {
  await page.goto(url);
  await page.getByRole('button', { name: 'Get in line' }).click();
  await takeTurn(page);
}

export async function seatsAreReady(page) {
  await isShown(page, 'seats');
  await page.locator('#map-loading').waitFor({ state: 'hidden' });
}

// Opens the list and the section at this position; gives the section's free seats, seen by what they are called.
export async function openSection(page, at) {
  await page.getByRole('button', { name: 'List', exact: true }).click();
  const section = page.locator('#list-panel details').nth(at);
  if (!(await section.evaluate((node) => node.open))) await section.locator('summary').click();
  return section;
}

export const freeSeats = (section) => section.locator('button.seat[aria-label$=", free"]:not([hidden])');
export const seatCalled = (section, label) => section.locator(`button.seat[aria-label^="${label}"]`);

// "Section 1, row A, seat 1" without what follows it (category, price, remarks, state).
export async function nameOf(seat) {
  const label = await seat.getAttribute('aria-label');
  return label.split(', ').slice(0, 3).join(', ');
}

export async function takeFirstFree(page, at = 0) {
  const section = await openSection(page, at);
  const seat = freeSeats(section).first();
  const name = await nameOf(seat);
  await seatCalled(section, `${name},`).click();
  await page.locator('#seats-mine li', { hasText: name }).waitFor();
  return name;
}

export async function goToPayment(page) {
  await page.getByRole('button', { name: 'Go to payment' }).click();
  await isShown(page, 'payment');
}

export async function payWith(page, card) {
  await page.getByLabel('Card number').fill(card);
  await page.getByRole('button', { name: /^Pay / }).click();
}

// What the payment page says is being done: it waits for the bank only when the server has taken the payment.
export const isDoing = (page, text) => page.locator('#pay-doing:visible').filter({ hasText: text }).waitFor();
export const isWithTheBank = (page) => isDoing(page, 'Waiting for the bank');

// The tickets' seats, when the confirmation has come.
export async function confirmedSeats(page) {
  await page.getByRole('heading', { name: 'Your tickets are confirmed' }).waitFor();
  const codes = await page.locator('.ticket code').allTextContents();
  assert.equal(new Set(codes).size, codes.length);
  codes.forEach((code) => assert.match(code, /^[\w.][\w-]{23}$/));
  return page.locator('.ticket-seat').allTextContents();
}
