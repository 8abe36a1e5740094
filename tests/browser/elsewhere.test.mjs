// What a visitor may ask for beside the place: to go on with it on another device, to have the tickets on one, to be told when
// the turn comes; and what the sale page says about the event itself, in the event's own colour.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { organizerOf } from '../support/organizer.mjs';
import { temporaryDirectory, until } from '../support/stanchion.mjs';
import { openConsole } from './console_tour.mjs';
import { LANGUAGES, buyTwo } from './tour.mjs';
import { DESKTOP, PHONE, assertNoProblems, isShown, joinLine, newPerson, openHouse, placeOf } from './browser.mjs';

const run = promisify(execFile);
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server, browser, url;
const set = async (...pairs) => {
  const done = await server.cli(['event', 'set', server.event, ...pairs]);
  assert.equal(done.code, 0, done.stderr);
};
before(async () => {
  ({ server, browser, url } = await openHouse({ event: 'arena', flags: ['--gateways', '2'] }));
  await set('admit_per_tick=0', 'tick_ms=200');
});

// The link in the QR code, as a phone's camera reads it from the screen.
async function linkOnScreen(page) {
  const file = path.join(temporaryDirectory(), 'screen.png');
  await page.locator('#ask .qr').screenshot({ path: file });
  const { stdout } = await run('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', file]);
  return stdout.trim();
}

test('the place goes on on a phone that reads the QR code, and the secret is in no address that is sent', async () => {
  const [front, desk, phone] = [await newPerson(browser), await newPerson(browser, DESKTOP), await newPerson(browser, PHONE)];
  await joinLine(front.page, url);
  const mine = await joinLine(desk.page, url);
  assert.equal(mine, 2);
  await desk.page.getByRole('button', { name: 'Continue on another device' }).click();
  const link = await linkOnScreen(desk.page);
  const [page, receipt] = link.split('#');
  assert.equal(page, url);
  assert.match(receipt, /^r1\.[\w-]+\.[\w-]+$/);
  assert.equal(await desk.page.locator('#ask a').getAttribute('href'), link);

  const addresses = [];
  phone.page.on('request', (request) => addresses.push(`${request.url()} ${JSON.stringify(request.headers())}`));
  await phone.page.goto(`${url}#r1.not.one`);
  await phone.page.getByRole('button', { name: 'Continue here' }).tap();
  await phone.page.getByText('could not be checked').waitFor();
  await phone.page.goto('about:blank');
  await phone.page.goto(link);
  await phone.page.getByText('From now on this browser has the same place').waitFor();
  await phone.page.getByRole('button', { name: 'Continue here' }).tap();
  assert.equal(await placeOf(phone.page), mine);
  assert.equal(phone.page.url(), url, 'the fragment is gone');
  await phone.page.reload();
  assert.equal(await placeOf(phone.page), mine, 'after a reload');
  assert.deepEqual(addresses.filter((each) => each.includes(receipt.split('.')[2])), []);
  assert.ok(!server.log().includes(receipt.split('.')[2]), 'nor in the log');

  // The same visitor on both: who leaves on one has left on the other.
  await phone.page.getByRole('button', { name: 'Leave the line' }).tap();
  await phone.page.locator('#ask').getByRole('button', { name: 'Leave the line' }).tap();
  await isShown(phone.page, 'sale');
  await desk.page.keyboard.press('Escape');
  await isShown(desk.page, 'sale');
  await desk.page.getByText('given up in another tab or on another device').waitFor();
  assert.deepEqual(phone.problems.filter((text) => !/\b400\b/.test(text)), []);
  assertNoProblems(front, desk);
  for (const { context } of [front, desk, phone]) await context.close();
});

test('who does not want the other place keeps the own one', async () => {
  const [ann, bob] = [await newPerson(browser), await newPerson(browser)];
  await joinLine(ann.page, url);
  const receipt = await ann.page.evaluate(() => JSON.parse(localStorage.getItem(Object.keys(localStorage)[0])).receipt);
  const mine = await joinLine(bob.page, url);
  await bob.page.goto('about:blank');
  await bob.page.goto(`${url}#${receipt}`);
  await bob.page.getByRole('button', { name: 'No, thank you' }).click();
  assert.equal(await placeOf(bob.page), mine);
  assertNoProblems(ann, bob);
  for (const { context } of [ann, bob]) await context.close();
});

test('a page of another site cannot make a browser somebody else', async () => {
  const answer = await fetch(`${server.url}/api/v1/events/${server.event}/continue`, {
    method: 'POST', headers: { Origin: 'https://evil.example', 'Content-Type': 'application/json' }, body: '{"receipt":"r1.x.y"}' });
  assert.equal(answer.status, 403);
  for (const body of ['', '{', '{}', '{"receipt":1}', '{"receipt":"p1.x.y"}']) {
    const bad = await fetch(`${server.url}/api/v1/events/${server.event}/continue`, { method: 'POST', body });
    assert.equal(bad.status, 400, body);
    assert.equal(bad.headers.get('set-cookie'), null);
  }
  assert.equal((await fetch(`${server.url}/api/v1/events/none/continue`, { method: 'POST', body: '{}' })).status, 404);
});

test('who asked for it hears and sees that the turn has come; the title says it to who looks elsewhere', async () => {
  const person = await newPerson(browser);
  const { page, context } = person;
  await context.grantPermissions(['notifications'], { origin: server.url });
  await page.addInitScript(() => {
    globalThis.told = [];
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function(...args) { globalThis.told.push('tone'); return start.apply(this, args); };
    const Real = Notification;
    globalThis.Notification = class {
      static permission = 'granted';

      static requestPermission = () => Real.requestPermission();

      constructor(title, { body }) { globalThis.told.push(`${title}: ${body}`); }
    };
  });
  await joinLine(page, url);
  await page.getByRole('button', { name: 'Tell me when it is my turn' }).click();
  await page.getByRole('button', { name: 'We will tell you', pressed: true }).waitFor();
  assert.deepEqual(await page.evaluate(() => globalThis.told), []);
  await page.evaluate(() => { Object.defineProperty(document, 'hidden', { get: () => true }); }); // another tab is looked at
  await set('admit_per_tick=2000');
  await isShown(page, 'turn');
  assert.deepEqual(await page.evaluate(() => globalThis.told), ['tone', 'tone', 'It is your turn: Arena Night']);
  await page.waitForFunction(() => document.title === 'Arena Night');
  await page.waitForFunction(() => document.title === 'Your turn! · Arena Night');
  await set('admit_per_tick=0');
  assertNoProblems(person);
  await context.close();
});

test('when the event is, in its zone and in the visitor\'s, and its colour, readable in light and dark', async () => {
  await set('starts_at=2030-12-14T20:00+09:00', 'accent=#ffe100');
  const person = await newPerson(browser, { ...DESKTOP, timezoneId: 'America/New_York' });
  const { page } = person;
  await page.goto(url);
  await page.locator('#sale-starts').filter({ hasText: /14 December 2030 at 12:00 (CET|GMT\+1)/ }).waitFor();
  await page.locator('#sale-starts-here').filter({ hasText: /14 December 2030 at 06:00/ }).waitFor();
  const accent = () => page.evaluate(() => document.documentElement.style.getPropertyValue('--accent'));
  await page.waitForFunction(() => document.documentElement.style.getPropertyValue('--accent'));
  const inLight = await accent();
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForFunction((before) => document.documentElement.style.getPropertyValue('--accent') !== before, inLight);
  const brightness = (text) => text.match(/\d+/g).map(Number).reduce((sum, value) => sum + value, 0);
  assert.ok(brightness(inLight) < brightness(await accent()), 'yellow is dark on white, and bright on black');
  await set('accent=');
  assertNoProblems(person);
  await person.context.close();
});

async function isAccessible({ page, problems }) {
  const reported = problems.length;
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], preload: false }));
  problems.splice(reported, Infinity, ...problems.slice(reported).filter((text) => !text.startsWith('CSP: style-src-elem inline')));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`), []);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
}

const seatOf = ({ section, row, number }) => new RegExp(`(Section |)${section}.*${row}.*${number}`);

test('tickets that were lost with a phone are opened on another one by the organizer\'s link, in both languages', async () => {
  await set('admit_per_tick=2000', 'starts_at=2030-12-14T20:00+09:00');
  const { confirmed } = await buyTwo(server);
  const otto = await organizerOf(server, 'otto', 'operator');
  const [desk, ann, kim] = [await newPerson(browser, PHONE), await newPerson(browser, PHONE), await newPerson(browser, { ...PHONE, ...LANGUAGES.ko })];
  await (await openConsole(desk.page, server, otto.cookie))(`/e/${server.event}/orders/${confirmed.order}`);
  await desk.page.getByRole('button', { name: 'Resend tickets' }).tap();
  const link = await linkOnScreen(desk.page);
  const secret = link.split('#')[1].split('.')[2];
  assert.equal(secret.length, 43);
  assert.equal(await desk.page.locator('#ask a').getAttribute('href'), link);
  await desk.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await desk.page.getByRole('button', { name: 'Copy the link' }).tap();
  await desk.page.locator('#done').getByText('The link was copied.').waitFor();
  assert.equal(await desk.page.evaluate(() => navigator.clipboard.readText()), link);
  await desk.page.getByText('The newest link was made').waitFor();

  const asked = [];
  for (const { page } of [ann, kim]) page.on('request', (request) => asked.push(`${request.url()} ${JSON.stringify(request.headers())}`));
  for (const [person, print, buyer] of [[ann, 'Print', 'Bought without an account'], [kim, '인쇄', '계정 없이 구매']]) {
    await person.page.goto(link);
    await person.page.getByText(buyer).waitFor();
    assert.deepEqual(await person.page.locator('.ticket code').allTextContents(), confirmed.tickets.map(({ code }) => code));
    assert.equal(await person.page.locator('.ticket .qr').count(), 2);
    assert.match(await person.page.locator('.ticket-seat').first().textContent(), seatOf(confirmed.tickets[0]));
    await person.page.getByRole('heading', { name: 'Arena Night' }).waitFor();
    await person.page.locator('#when', { hasText: '2030' }).waitFor();
    await person.page.getByRole('button', { name: print }).waitFor();
    await isAccessible(person);
  }
  await ann.page.reload();
  await ann.page.locator('.ticket .qr').first().waitFor();
  await ann.page.getByRole('link', { name: '한국어' }).tap();
  await ann.page.getByText('계정 없이 구매').waitFor();
  assert.deepEqual(asked.filter((each) => each.includes(secret)), [], 'in no address and in no header');
  assert.ok(asked.some((each) => each.includes('/api/v1/tickets')) && !server.log().includes(secret));
  assertNoProblems(ann, kim, desk);

  // Whoever has the phone opens nothing any more when the organizer has made a new link.
  await desk.page.getByRole('button', { name: 'Resend tickets' }).tap();
  await desk.page.getByText('no longer works then').waitFor();
  await desk.page.getByRole('button', { name: 'Make a new link' }).tap();
  const next = await linkOnScreen(desk.page);
  await isAccessible(desk);
  await desk.page.goto(`${server.url}/organizer#/log`);
  const said = await until('the log has it', async () => (await desk.page.locator('.log .changes').allInnerTexts()).find((text) => text.includes('Links so far')));
  assert.match(said, /^Good until .*20\d\d.*\nLinks so far 2$/);
  await kim.page.reload();
  await kim.page.getByText('이 링크는 더 이상 쓸 수 없습니다').waitFor();
  assert.equal(await kim.page.locator('.ticket').count(), 0);
  await isAccessible(kim);
  await kim.page.evaluate((hash) => { location.hash = hash; }, new URL(next).hash); // pasted over the old one
  await kim.page.locator('.ticket .qr').first().waitFor();
  await otto.must(200, 'POST', `orders/${confirmed.order}/refund`, {});
  await kim.page.reload();
  await kim.page.getByText('모두 환불되어').waitFor();
  assert.deepEqual([await kim.page.locator('.ticket .qr').count(), await kim.page.locator('.ticket.is-refunded').count()], [0, 2]);
  await set('admit_per_tick=0');
  assert.deepEqual(kim.problems.filter((text) => !/\b410\b/.test(text)), []);
  for (const { context } of [desk, ann, kim]) await context.close();
});
