// The organizer's console, walked through as an organizer does: sign in with a password of one's own, steer a sale, keep and
// release seats, refund, create an event and publish it, look into the log; and a second account at the door.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { askRedis } from '../support/redis.mjs';
import { until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import {
  DESKTOP, GOOD_CARD, PHONE, assertNoProblems, confirmedSeats, enterSale, goToPayment, newPerson, openHouse, payWith,
  takeFirstFree,
} from './browser.mjs';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const OWN_PASSWORD = 'four words of ann';
const SEATS = 'section,row,seat_from,seat_to,category\nStalls,A,1,10,Front\nStalls,B,1,10,Front\nBalcony,A,1,6,Back\n';
const file = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

let server, browser, ann, page, seat;
before(async () => {
  ({ server, browser } = await openHouse({ flags: ['--gateways', '1'], event: 'arena' }));
  ann = await newPerson(browser, DESKTOP);
  page = ann.page;
});

const press = (name, scope = page) => scope.getByRole('button', { name, exact: true }).click();
const heading = (name) => page.getByRole('heading', { name, exact: true }).waitFor();
const answerDialog = (name) => press(name, page.getByRole('dialog'));
const setting = async (key, event = 'arena') => new RegExp(`^ {2}${key} +(.*)$`, 'm').exec((await server.cli(['event', 'show', event])).stdout)?.[1];
// Refusals that a test brings about are reported by the browser as errors of loading.
const problemsBut = (...statuses) => ann.problems.splice(0).filter((text) => !statuses.some((status) => text.includes(`status of ${status}`)));

const price = (category) => page.getByRole('group', { name: category, exact: true }).getByLabel('Price, EUR');

const tab = (name) => page.getByRole('navigation', { name: 'Views of this event' }).getByRole('link', { name }).click();

// axe-core has nothing to say about what is shown now. What it does itself is against the page's policy, and reported.
async function isAccessible(of = ann) {
  const reported = of.problems.length;
  await of.page.evaluate(axe);
  const { violations } = await of.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], preload: false }));
  of.problems.splice(reported, Infinity, ...of.problems.slice(reported).filter((text) => !text.startsWith('CSP: style-src-elem inline')));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`), []);
}

async function signIn(of, name, password) {
  await of.goto(`${server.url}/organizer`);
  await of.getByLabel('Name').fill(name);
  await of.getByLabel('Password').fill(password);
  await press('Sign in', of);
}

async function createAccount(name, role) {
  const made = await server.cli(['account', 'create', name, '--role', role]);
  assert.equal(made.code, 0, made.stderr);
  return made.stdout.trim();
}

test('the first password must be replaced before anything else', async () => {
  const password = await createAccount('ann', 'owner');
  await signIn(page, 'ann', 'not the password');
  await page.getByRole('alert').filter({ hasText: 'do not fit together' }).waitFor();
  await page.getByLabel('Password').fill(password);
  await press('Sign in');
  await heading('Choose your own password');
  await isAccessible();
  assert.ok(await page.locator('#menu').isHidden(), 'nothing else is open yet');
  await page.getByLabel('Password until now').fill(password);
  await page.getByLabel('New password', { exact: true }).fill(OWN_PASSWORD);
  await page.getByLabel('New password, again').fill(OWN_PASSWORD);
  await press('Use this password');
  await heading('Events');
  await page.reload();
  await heading('Events');
  await isAccessible();
  assert.deepEqual(problemsBut(401, 403), []);
});

test('a change says what it will do first, and can be taken back', async () => {
  const before = await setting('admit_per_tick');
  await page.getByRole('link', { name: 'Arena Night' }).click();
  await page.getByText('Live', { exact: true }).last().waitFor();
  await page.getByLabel('Let in, people a second').fill('7');
  await page.getByText('It counts from the next tick').or(page.locator('.effects li')).first().waitFor();
  await isAccessible();
  assert.equal(await setting('admit_per_tick'), before, 'looking ahead changes nothing');
  await page.keyboard.press('Enter');
  await page.getByText('Done. It counts from the next tick.').last().waitFor();
  assert.equal(await setting('admit_per_tick'), '7');
  assert.ok(await page.getByLabel('Let in, people a second').evaluate((field) => field === document.activeElement));
  await page.getByText('In force now: 7 a second').waitFor();
  await press('Undo');
  await page.getByText('Undone. It is as it was before.').last().waitFor();
  assert.equal(await setting('admit_per_tick'), before);
  await page.getByText(`In force now: ${before} a second`).waitFor();
  assert.equal(await page.getByLabel('Let in, people a second').inputValue(), before);
  await page.getByLabel('Inside at most').fill('99999999');
  await page.getByRole('alert').filter({ hasText: 'Inside at most: “99,999,999” does not fit. It can be a number from 0 to 1,000,000.' }).waitFor();
  await press('Leave as it is');
  await press('Pause');
  await answerDialog('Leave it');
  await press('Pause');
  await answerDialog('Pause the sale');
  await page.getByText('Paused', { exact: true }).waitFor();
  assert.equal(await setting('phase'), 'paused');
  assert.deepEqual(problemsBut(400), []);
});

test('figures follow a sale', async () => {
  await press('Open');
  await answerDialog('Open the sale');
  await page.getByText('On sale', { exact: true }).waitFor();
  const visitor = await newPerson(browser);
  await enterSale(visitor.page, `${server.url}/e/arena`);
  seat = await takeFirstFree(visitor.page, 3);
  await goToPayment(visitor.page);
  await payWith(visitor.page, GOOD_CARD);
  await confirmedSeats(visitor.page);
  await page.locator('.tile', { hasText: 'Sold' }).getByText('1', { exact: true }).waitFor();
  await page.locator('.tile', { hasText: 'Revenue' }).getByText('1 order').waitFor();
  assertNoProblems(ann, visitor);
  await visitor.context.close();
});

test('figures that are old are shown as old, and come back', async () => {
  // It may pass quickly: what the page said is noted when it says it.
  await page.evaluate(() => {
    const board = document.querySelector('.board');
    globalThis.saidWhenOld = new Promise((resolve) => {
      new MutationObserver(() => board.classList.contains('is-stale') && resolve(board.querySelector('.freshness').textContent)).observe(board, { attributes: true });
    });
  });
  process.kill(server.children()['gateway 0'], 'SIGKILL');
  assert.match(await page.evaluate(() => globalThis.saidWhenOld), /^No news since [\d:]+: what you see is old/);
  await page.locator('.board:not(.is-stale)').waitFor();
  ann.problems.length = 0; // the browser reports each connection that was refused meanwhile
});

test('an order that could not be written is an alarm until it is looked after', async () => {
  await askRedis(server, 'XADD', 'outbox', '*', 'body', '{"kind":"order"}');
  await page.getByRole('alert').filter({ hasText: '1 order could not be written' }).waitFor();
  await isAccessible();
  assertNoProblems(ann);
});

test('limits and the schedule are changed in the units people use', async () => {
  await tab('Settings');
  await page.getByLabel('Tickets each, at most').fill('4');
  await page.getByLabel('Minutes to pay').fill('8');
  await page.locator('.effects').getByText('It counts from the next tick.').waitFor();
  assert.equal(await setting('pay_ms'), '420000', 'looking ahead changes nothing');
  await press('Save');
  await page.getByText('Done. It counts from the next tick.').last().waitFor();
  assert.deepEqual([await setting('seats_per_visitor_max'), await setting('pay_ms'), await setting('active_cap')], ['4', '480000', '500']);
  await page.getByRole('link', { name: 'Schedule' }).click();
  await page.getByLabel('The event begins').fill('2030-12-01T20:00');
  await isAccessible();
  await press('Save');
  await page.getByText(/^Sunday,? 1 December 2030 at 20:00/).waitFor();
  assert.equal(await setting('starts_at_ms'), '1922382000000');
  assertNoProblems(ann);
});

test('seats are kept for sponsors, and released', async () => {
  await tab('Allotments');
  await heading('Everything is on sale');
  await page.getByLabel('Name').fill('sponsors');
  await page.getByLabel('Section').selectOption('101');
  await page.locator('.effects').waitFor();
  await isAccessible();
  await press('Keep from sale');
  const row = page.getByRole('row', { name: /sponsors/ });
  await row.waitFor();
  await press('Release sponsors', row);
  await page.getByRole('dialog').getByText(/seats go on sale at once/).waitFor();
  await answerDialog('Put on sale');
  await heading('Everything is on sale');
  assertNoProblems(ann);
});

test('single seats and places are kept, and released one by one', async () => {
  await page.getByLabel('Name').fill('press');
  await page.getByLabel('Section').selectOption({ index: 2 });
  await page.getByLabel('Row').selectOption({ index: 1 });
  for (const at of [0, 1, 2]) await page.locator('.lever .seat-boxes input').nth(at).check();
  await page.locator('.lever .effects').waitFor();
  await isAccessible();
  await press('Keep from sale');
  const row = page.getByRole('row', { name: /press/ });
  await row.getByRole('cell', { name: '3', exact: true }).waitFor();
  await page.getByLabel('Name').fill('guests');
  await page.getByLabel('Section').selectOption('Floor');
  await page.getByLabel('Places').fill('12');
  await press('Keep from sale');
  await page.getByRole('row', { name: /guests/ }).getByRole('cell', { name: '12', exact: true }).waitFor();
  await row.getByText('Choose some').click();
  await press('Release the chosen', row);
  await row.getByText('Choose at least one seat.').waitFor();
  await row.locator('.seat-boxes input').nth(1).check();
  await isAccessible();
  await press('Release the chosen', row);
  await page.getByRole('dialog').getByText('Put 1 seat of “press” on sale?').waitFor();
  await answerDialog('Put on sale');
  await row.getByRole('cell', { name: '2', exact: true }).waitFor();
  for (const name of ['press', 'guests']) {
    await press(`Release ${name}`);
    await answerDialog('Put on sale');
    await page.getByRole('row', { name: new RegExp(name) }).waitFor({ state: 'detached' });
  }
  await heading('Everything is on sale');
  assertNoProblems(ann);
});

test('an order is found by its seat and refunded', async () => {
  await tab('Orders');
  const [section, row, number] = seat.split(', ').map((part) => part.split(/\s/).at(-1)); // "Section 102, row F, seat 12"
  await page.getByLabel('Find an order').fill('nobody@example.org');
  await press('Find');
  await heading('Nothing found for “nobody@example.org”');
  await page.getByLabel('Find an order').fill(`${section} ${row} ${number}`);
  await press('Find');
  await page.locator('.results').getByRole('link').click();
  await page.getByRole('heading', { name: /^Order / }).waitFor();
  await page.getByLabel('Reason of a refund').fill('asked for it');
  await press('Refund the chosen tickets');
  await page.getByRole('dialog').getByText('This cannot be undone.').waitFor();
  await isAccessible();
  await page.getByRole('dialog').getByRole('button', { name: /^Give back/ }).click();
  await page.getByText('Given back', { exact: true }).waitFor();
  await page.getByRole('row', { name: /Refund/ }).first().waitFor();
  await isAccessible();
  assertNoProblems(ann);
});

test('an event is created in steps, and a wrong file is told line by line', async () => {
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByRole('link', { name: 'New event' }).first().click();
  await page.getByLabel('Name').fill('Winter Night');
  await page.getByLabel('Currency').fill('EUR');
  await page.getByLabel('Time zone').fill('Europe/Berlin');
  assert.equal(await page.getByLabel('Address').inputValue(), 'winter-night');
  await press('Go on');
  await page.getByLabel('Files of seats and prices').setInputFiles([file('seats.csv', `${SEATS}Stalls,B,10,12,Front\n`)]);
  const wrong = page.getByRole('row', { name: /seats\.csv/ });
  await wrong.waitFor();
  assert.match(await wrong.textContent(), /5:\d.*“10”.*already in line 3/);
  assert.ok(await page.getByRole('button', { name: 'Keep as a draft and go on' }).isDisabled());
  await page.getByLabel('Files of seats and prices').setInputFiles([file('seats.csv', SEATS)]);
  await page.getByText('All is well: 26 seats').waitFor();
  await page.getByRole('img', { name: 'Map of 26 places' }).waitFor();
  await isAccessible();
  await press('Keep as a draft and go on');
  await price('Front').fill('39.5');
  await price('Back').fill('a lot');
  await press('Save and go on');
  await page.getByRole('alert').filter({ hasText: 'The price of Back is not an amount' }).waitFor();
  await price('Back').fill('20');
  await press('Save and go on');
  await page.getByLabel('Tickets each, at most').fill('4');
  await press('Save and go on');
  await page.getByLabel('The sale opens').fill('2020-01-01T10:00');
  await press('Save and go on');
  await heading('Check and publish');
  await page.getByText('The opening is in the past.').waitFor();
  await isAccessible();
  assert.deepEqual(problemsBut(422), []);
});

test('what stands against publishing is mended, and the event is published and opened', async () => {
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: 'Schedule' }).click();
  await page.getByLabel('The sale opens').fill('');
  await press('Save and go on');
  await page.getByText('There is no opening time').waitFor();
  await press('Publish');
  await page.getByRole('dialog').getByText('This cannot be undone.').waitFor();
  await isAccessible();
  await answerDialog('Leave it');
  assert.equal(await setting('phase', 'winter-night'), 'draft');
  await press('Publish');
  await answerDialog('Publish');
  await heading('Winter Night');
  await page.getByText('Announced', { exact: true }).waitFor();
  await page.getByText('Live', { exact: true }).last().waitFor();
  assert.equal(await setting('seats_per_visitor_max', 'winter-night'), '4');
  await press('Open');
  await answerDialog('Open the sale');
  await page.getByText('On sale', { exact: true }).waitFor();
  await page.getByRole('row', { name: /Front/ }).getByText('20', { exact: true }).first().waitFor();
  assertNoProblems(ann);
});

// The picture of the hall: how strong the accent is at each of its points, 255 = all is gone there. The stage is of a lighter colour.
const heat = () => page.locator('canvas.heat').evaluate((canvas) => {
  const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return { width, darkness: Array.from({ length: width * height }, (_, at) => (data[4 * at] < 128 ? data[4 * at + 3] : 0)) };
});
const columnOf = ([at], { width }) => at % width;

async function buySeats(event, seats) {
  const visitor = await visit(server, { event });
  await visitor.enter();
  await visitor.ask({ type: 'hold', seats });
  const { order } = await visitor.ask({ type: 'checkout' });
  await visitor.ask({ type: 'pay', order, card: GOOD_CARD });
  await visitor.push('confirmed');
  await visitor.close();
}

test('the picture of the hall grows dark where seats are sold, and nowhere else', async () => {
  const { sections } = await (await fetch(`${server.url}/api/v1/events/winter-night/plan`)).json();
  const [stalls, balcony] = sections.map(({ rows }) => rows.flatMap((row) => row.seats.map(([, x], at) => ({ seat: row.first + at, x }))));
  assert.deepEqual([stalls.length, balcony.length], [20, 6]);
  assert.ok(Math.min(...balcony.map(({ x }) => x)) > Math.max(...stalls.map(({ x }) => x)), 'the balcony lies on the right');
  const before = await until('the hall is drawn', async () => { const now = await heat(); return now.darkness.some((dark) => dark > 0 && dark < 255) && now; });
  const seats = [...before.darkness.entries()].filter(([, dark]) => dark > 0 && dark < 255);
  assert.equal(new Set(seats.map(([, dark]) => dark)).size, 1, 'nothing is sold: one colour');
  const isBalcony = (entry) => columnOf(entry, before) > edge;
  // Between the two there is a gap where nothing is drawn: the largest one.
  const columns = [...new Set(seats.map((entry) => columnOf(entry, before)))].sort((a, b) => a - b);
  const gaps = columns.slice(1).map((column, at) => column - columns[at]);
  const edge = columns[gaps.indexOf(Math.max(...gaps))];
  await Promise.all([balcony.slice(0, 3), balcony.slice(3)].map((part) => buySeats('winter-night', part.map(({ seat }) => seat))));
  const after = await until('the hall has changed', async () => { const now = await heat(); return seats.filter(isBalcony).every(([at]) => now.darkness[at] === 255) && now; });
  assert.equal(after.width, before.width);
  assert.deepEqual(after.darkness.filter((dark, at) => dark !== before.darkness[at]).length, seats.filter(isBalcony).length, 'no other point has changed');
  assert.ok(seats.filter((entry) => !isBalcony(entry)).length > seats.filter(isBalcony).length, 'the stalls are larger, and as they were');
  await page.getByRole('img', { name: /: 6 of 26 seats are taken/ }).waitFor();
  assertNoProblems(ann);
});

test('the log tells who did what', async () => {
  await page.getByRole('link', { name: 'Log', exact: true }).click();
  await heading('Log');
  for (const what of ['Event published', 'Event created', 'Order refunded', 'Seats released', 'Seats kept from sale', 'Settings changed', 'Signed in', 'Password changed', 'Account created']) {
    await page.getByText(what).first().waitFor();
  }
  const told = await page.locator('.log').innerText();
  for (const change of ['Let in, people a second 50 → 7', 'Minutes to pay 7 → 8', 'Phase On sale → Paused', 'Front – → €39.50', 'sponsors 372 seats', 'The event begins – → ']) {
    assert.ok(told.includes(change), `${change}\n${told}`);
  }
  const words = told.replace(/\bo_[\w-]+/g, ''); // the number of an order may have anything in it
  assert.doesNotMatch(words, /[a-z]_[a-z]|\d,\d+,|true|false/, 'settings and seats are words');
  await isAccessible();
  await page.goto('about:blank');
  await page.goto(`${server.url}/organizer#/password`); // opened by its address, not by the menu
  await heading('New password');
  assertNoProblems(ann);
});

test('somebody at the door sees the door, and nothing at all when the account is disabled', async () => {
  await page.getByRole('link', { name: 'Accounts', exact: true }).click();
  await page.getByLabel('Name').fill('gate');
  await page.getByLabel('Role', { exact: true }).selectOption('door');
  await press('Create the account');
  const password = await page.locator('.secret').textContent();
  await isAccessible();
  const gate = await newPerson(browser, PHONE);
  await signIn(gate.page, 'gate', password);
  await gate.page.getByLabel('Password until now').fill(password);
  await gate.page.getByLabel('New password', { exact: true }).fill('four words of gate');
  await gate.page.getByLabel('New password, again').fill('four words of gate');
  await press('Use this password', gate.page);
  await gate.page.getByRole('link', { name: 'Arena Night' }).click();
  await gate.page.getByLabel('Ticket code').fill('not a ticket');
  await press('Check', gate.page);
  await gate.page.getByText('Not a ticket', { exact: true }).waitFor();
  await isAccessible(gate);
  assert.equal(await gate.page.getByRole('link', { name: 'Accounts' }).count(), 0);
  await gate.page.goto(`${server.url}/organizer#/e/arena/live`);
  await gate.page.getByRole('alert').filter({ hasText: 'Your role does not allow this' }).waitFor();
  const role = page.getByRole('row', { name: /gate/ }).getByRole('combobox');
  await role.selectOption('operator');
  await answerDialog('Leave it');
  await page.waitForFunction((select) => select.value === 'door', await role.elementHandle()); // as it was
  await page.getByRole('row', { name: /gate/ }).getByRole('button', { name: 'Disable' }).click();
  await answerDialog('Disable');
  await gate.page.goto(`${server.url}/organizer#/`);
  await gate.page.reload();
  await gate.page.getByRole('button', { name: 'Sign in' }).waitFor();
  await press('Sign out');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await ann.context.close();
  await gate.context.close();
});
