// What an organizer does with a draft besides filling it in: ticket types, a rehearsal, deleting it. On a server of its own,
// because a rehearsal is refused while a sale is on.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { organizerOf } from '../support/organizer.mjs';
import { root, until } from '../support/stanchion.mjs';
import { DESKTOP, assertNoProblems, newPerson, openHouse } from './browser.mjs';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SEATS = 'section,row,seat_from,seat_to,category\nStalls,A,1,20,Front\nStalls,B,1,20,Front\nBalcony,A,1,6,Back\n';
const PRICES = 'category,price\nFront,39.50\nBack,20\n';
const VISITORS = 40;
const REHEARSAL_MS = 120_000; // a server is started and a sale goes through: much on a machine that is busy
const SHOTS = process.env.SHOTS; // a folder to look at

let server, browser, owner, ann, page;
before(async () => {
  ({ server, browser } = await openHouse({ flags: ['--gateways', '1', '--rehearsal.visitors', String(VISITORS)] }));
  owner = await organizerOf(server, 'ann', 'owner');
  await owner.must(201, 'POST', 'events', { id: 'gala', name: 'Gala Night', currency: 'EUR', time_zone: 'Europe/Berlin', map: {},
    files: [{ name: 'seats.csv', text: SEATS }, { name: 'prices.csv', text: PRICES }], settings: { admit_per_tick: '20' } });
  await until('there is a rehearser', async () => (await owner.must(200, 'GET', 'events/gala/rehearsal')).visitors_max === VISITORS);
  ann = await newPerson(browser, DESKTOP);
  page = ann.page;
  await signIn(ann);
});

async function signIn({ context, page: of }) {
  const [name, value] = [owner.cookie.slice(0, owner.cookie.indexOf('=')), owner.cookie.slice(owner.cookie.indexOf('=') + 1)];
  await context.addCookies([{ name, value, url: server.url }]);
  await of.goto(`${server.url}/organizer`);
  await of.evaluate(() => localStorage.setItem('stanchion:organizer', '{"isSignedIn":true}'));
}

const open = async (hash, of = page) => {
  await of.goto('about:blank');
  await of.goto(`${server.url}/organizer#${hash}`);
  await of.locator('#view h1').waitFor();
};
const press = (name, scope = page) => scope.getByRole('button', { name, exact: true }).click();
const category = (name) => page.getByRole('group', { name, exact: true });
const type = () => category('Front').getByLabel('Ticket type', { exact: true });
const plan = async () => (await owner.must(200, 'GET', 'events/gala/plan')).categories;
const shoot = (name, of = page) => SHOTS && of.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });

// axe-core has nothing to say, in light and in dark. What it does itself is against the page's policy, and reported.
async function isAccessible(of = ann, name = '') {
  const reported = of.problems.length;
  await of.page.evaluate(axe);
  for (const colorScheme of ['dark', 'light']) {
    await of.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await of.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
    const { violations } = await of.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], preload: false }));
    assert.deepEqual(violations.map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes[0].html.slice(0, 200)}`), []);
    if (name) await shoot(`${name}-${colorScheme}`, of.page);
  }
  of.problems.splice(reported, Infinity, ...of.problems.slice(reported).filter((text) => !text.startsWith('CSP: style-src-elem inline')));
}

test('a category gets ticket types, and loses them again', async () => {
  await open('/e/gala/setup/prices');
  const front = category('Front');
  await press('Add a ticket type', front);
  await type().fill('Adult');
  assert.equal(await front.getByLabel('Price, EUR').inputValue(), '39.50', 'the price goes on as that of the first type');
  await press('Add a ticket type', front);
  await type().nth(1).fill('Adult');
  await front.getByLabel('Price, EUR').nth(1).fill('19.75');
  await press('Save and go on');
  await page.getByRole('alert').filter({ hasText: 'Front has two ticket types called Adult' }).waitFor();
  await type().nth(1).fill('Reduced');
  await isAccessible(ann, 'types');
  await press('Save and go on');
  await page.getByRole('heading', { name: 'Limits', exact: true }).waitFor();
  assert.deepEqual((await plan()).map(({ price_minor: price, types }) => [price, types]),
    [[3950, [{ name: 'Adult', price_minor: 3950 }, { name: 'Reduced', price_minor: 1975 }]], [2000, undefined]]);
  await open('/e/gala/setup/prices');
  await press('Remove Adult', front);
  await press('Save and go on');
  await page.getByRole('heading', { name: 'Limits', exact: true }).waitFor();
  assert.deepEqual((await plan())[0].types, [{ name: 'Reduced', price_minor: 1975 }]);
  await open('/e/gala/setup/prices');
  await press('Remove Reduced', front);
  await front.getByLabel('Price, EUR').fill('41');
  await press('Save and go on');
  await page.getByRole('heading', { name: 'Limits', exact: true }).waitFor();
  assert.deepEqual((await plan()).map(({ price_minor: price, types }) => [price, types]), [[4100, undefined], [2000, undefined]]);
  assertNoProblems(ann);
});

test('one button rehearses the draft, and says how it went', async () => {
  await open('/e/gala/setup/check');
  const card = page.getByRole('region', { name: 'Rehearsal' });
  await card.getByText(`${VISITORS} virtual visitors come to a copy`).waitFor();
  await isAccessible(ann, 'rehearse');
  await press(`Rehearse with ${VISITORS} visitors`, card);
  await card.getByText(`${VISITORS} visitors are on their way.`).waitFor({ timeout: REHEARSAL_MS });
  await card.getByRole('progressbar', { name: 'Time of the rehearsal' }).waitFor();
  await isAccessible(ann, 'rehearsing');
  await page.reload(); // it goes on without the page
  await card.getByText('Every promise was kept.').waitFor({ timeout: REHEARSAL_MS });
  await card.getByRole('row', { name: /A place in line/ }).waitFor();
  await card.getByText(/^\d+ checks$/).click();
  await card.getByText('No seat was confirmed twice').waitFor();
  assert.equal(await card.getByText('Broken', { exact: true }).count(), 0);
  await isAccessible(ann, 'rehearsed');
  const [download] = await Promise.all([page.waitForEvent('download'), card.getByRole('link', { name: 'Save the report' }).click()]);
  assert.equal(download.suggestedFilename(), 'gala-rehearsal.html');
  assert.match(fs.readFileSync(await download.path(), 'utf8'), /<html/);
  assertNoProblems(ann);
});

test('the result reads in Korean on a phone, too', async () => {
  const kim = await newPerson(browser, { locale: 'ko-KR', viewport: { width: 360, height: 740 } });
  await signIn(kim);
  await open('/e/gala/setup/check', kim.page);
  await kim.page.getByText('모든 약속이 지켜졌습니다.').waitFor();
  await kim.page.locator('.rehearsal summary').click();
  await isAccessible(kim, 'rehearsed-ko');
  const wide = await kim.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.ok(!wide, 'nothing sticks out');
  assertNoProblems(kim);
  await kim.context.close();
});

test('a rehearsal is ended by a button, and a refusal says why', async () => {
  await open('/e/gala/setup/check');
  const card = page.getByRole('region', { name: 'Rehearsal' });
  await press(`Rehearse again with ${VISITORS} visitors`, card);
  await press('End the rehearsal', card);
  await card.getByText('The rehearsal was ended. Nothing of it is left.').waitFor({ timeout: REHEARSAL_MS });
  await owner.must(201, 'POST', 'events', { id: 'other', name: 'Other', currency: 'EUR', time_zone: 'UTC', map: {},
    files: [{ name: 'seats.csv', text: SEATS }, { name: 'prices.csv', text: PRICES }], settings: {} });
  await owner.must(200, 'POST', 'events/other', { phase: 'open' });
  await press(`Rehearse again with ${VISITORS} visitors`, card);
  await card.getByRole('alert').filter({ hasText: 'A sale is on' }).waitFor();
  await isAccessible(ann, 'rehearse-refused');
  ann.problems.length = 0; // the browser reports the refusal
});

test('a draft is deleted after one question', async () => {
  await press('Delete this draft');
  await press('Leave it', page.getByRole('dialog'));
  await press('Delete this draft');
  await page.getByRole('dialog').getByText('Delete the draft “Gala Night” with its 46 seats?').waitFor();
  await isAccessible(ann, 'delete');
  await press('Delete it', page.getByRole('dialog'));
  await page.getByRole('heading', { name: 'Events', exact: true }).waitFor();
  await page.getByText('The draft “Gala Night” is deleted.').last().waitFor();
  assert.equal(await page.getByRole('link', { name: 'Gala Night' }).count(), 0);
  assert.equal((await owner.get('events/gala')).status, 404);
  assertNoProblems(ann);
});

test('a seating plan of pretix replaces the seats after one question, whatever its file is called', async () => {
  await owner.must(201, 'POST', 'events', { id: 'hall', name: 'Hall', currency: 'EUR', time_zone: 'UTC', map: {}, files: [{ name: 'seats.csv', text: SEATS }], settings: {} });
  const example = (name) => fs.readFileSync(path.join(root, 'docs/examples/arena', name));
  const prices = { name: 'prices.csv', mimeType: 'text/csv', buffer: example('prices.csv') };
  const files = page.getByLabel('Files of seats and prices');
  await open('/e/hall/setup/seats');
  await files.setInputFiles([{ name: 'Große Halle.json', mimeType: 'application/json', buffer: Buffer.from('{"name": "Hall",\n "zones": [}') }, prices]);
  const wrong = page.getByRole('row', { name: /Große Halle\.json/ });
  await wrong.getByText('This is not JSON from here on').waitFor();
  assert.match(await wrong.textContent(), /2:\d+/);
  await files.setInputFiles([{ name: 'Große Halle.json', mimeType: 'application/json', buffer: example('plan.json') }]);
  await page.getByText('All is well: 11,754 seats and 1,500 standing places.').waitFor();
  await page.getByRole('img', { name: /^Map of / }).waitFor();
  await isAccessible(ann, 'pretix');
  await press('Replace the seats');
  await page.getByRole('dialog').getByText('Replace the 46 places of the draft and their prices?').waitFor();
  await press('Replace the seats', page.getByRole('dialog'));
  await page.getByRole('heading', { name: 'Prices', exact: true }).waitFor();
  assert.equal(await page.getByRole('group', { name: 'Premium', exact: true }).getByLabel('Price, EUR').inputValue(), '149.00');
  const { entries: [entry] } = await owner.must(200, 'GET', 'log?event=hall&limit=1');
  assert.deepEqual([entry.verb, entry.before.seats, entry.after.seats], ['event.load', 46, 13254]);
  ann.problems.length = 0; // the browser reports the refusal
});
