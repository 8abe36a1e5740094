// An event for visitors with an account: the dialog comes when it is needed, the place is the same on every device, and
// signing out takes it from the screen everywhere.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/stanchion.mjs';
import { PHONE, assertNoProblems, isShown, newPerson, openHouse } from './browser.mjs';

const EMAIL = 'ann@example.org';
const PASSWORD = 'correct horse battery';

let server, browser, url;
before(async () => {
  ({ server, browser, url } = await openHouse({ event: 'arena' }));
  await set(false);
});
async function set(isRequired) {
  const { code, stderr } = await server.cli(['event', 'set', server.event, `require_account=${Number(isRequired)}`, 'admit_per_tick=0']);
  assert.equal(code, 0, stderr);
  const told = async () => (await (await fetch(`${server.url}/api/v1/events/${server.event}`)).json()).require_account;
  for (let count = 0; count < 10; count++) await until('every gateway knows', async () => await told() === isRequired);
}

const dialog = (page) => page.getByRole('dialog');
const place = async (page) => {
  await isShown(page, 'line');
  await page.locator('#line-number').filter({ hasText: /^\d+$/ }).waitFor();
  return Number(await page.locator('#line-number').textContent());
};

async function fill(page, email, password) {
  await dialog(page).getByLabel('E-mail address').fill(email);
  await dialog(page).getByLabel('Password').fill(password);
}

async function signIn(page, password = PASSWORD) {
  await page.getByRole('button', { name: 'Get in line' }).click();
  await fill(page, EMAIL, password);
  await dialog(page).getByRole('button', { name: 'Sign in', exact: true }).click();
}

// A refused request is told by the browser's console, too.
const ignoreRefusals = ({ problems }) => problems.splice(0, problems.length,
  ...problems.filter((text) => !/status of (400|401)/.test(text)));

test('an event that takes anybody has no account and loads nothing of it', async () => {
  const person = await newPerson(browser);
  const loaded = [];
  person.page.on('request', (request) => loaded.push(request.url()));
  await person.page.goto(url);
  await person.page.getByRole('button', { name: 'Get in line' }).click();
  await place(person.page);
  assert.ok(loaded.length > 5);
  assert.deepEqual(loaded.filter((address) => /account/.test(address)), []);
  assertNoProblems(person);
  await person.context.close();
});

test('sign up on the phone, sign in on the desk: the same place, until it is signed out', async () => {
  await set(true);
  const phone = await newPerson(browser, PHONE);
  await phone.page.goto(url);
  const join = phone.page.getByRole('button', { name: 'Get in line' });
  await join.tap();
  await dialog(phone.page).getByRole('heading', { name: 'Sign in to get in line' }).waitFor();
  await dialog(phone.page).getByRole('button', { name: 'Not now' }).tap();
  await isShown(phone.page, 'sale');
  await phone.page.locator('#sale-notice').filter({ hasText: 'Please sign in to get in line' }).waitFor();
  await join.tap();
  await dialog(phone.page).getByRole('button', { name: 'I am new here' }).tap();
  await fill(phone.page, ` ${EMAIL.toUpperCase()}`, PASSWORD);
  await dialog(phone.page).getByRole('button', { name: 'Create the account and sign in' }).tap();
  const mine = await place(phone.page);
  await dialog(phone.page).waitFor({ state: 'hidden' });

  const desk = await newPerson(browser);
  await desk.page.goto(url);
  await signIn(desk.page, 'not the password');
  await dialog(desk.page).getByText('The e-mail address or the password is not right.').waitFor();
  await fill(desk.page, EMAIL, PASSWORD);
  await desk.page.keyboard.press('Enter');
  assert.equal(await place(desk.page), mine, 'on the other device');
  const tab = await desk.newTab();
  await tab.goto(url);
  assert.equal(await place(tab), mine, 'in another tab');
  await desk.page.reload();
  assert.equal(await place(desk.page), mine, 'after a reload');

  await desk.page.getByRole('button', { name: 'Account' }).click();
  await dialog(desk.page).getByText(`Signed in as ${EMAIL}.`).waitFor();
  await dialog(desk.page).getByRole('button', { name: 'Sign out' }).click();
  await isShown(desk.page, 'sale');
  await isShown(tab, 'sale');
  await dialog(tab).getByRole('heading', { name: 'Sign in to get in line' }).waitFor();
  assert.equal(await place(phone.page), mine, 'the phone goes on');
  await phone.page.reload();
  assert.equal(await place(phone.page), mine);
  await desk.page.waitForLoadState('networkidle');
  assert.equal(await desk.page.locator('dialog[open]').count(), 0);
  await fill(tab, EMAIL, PASSWORD);
  await tab.keyboard.press('Enter');
  assert.equal(await place(tab), mine, 'signed in again');
  [phone, desk].forEach(ignoreRefusals);
  assertNoProblems(phone, desk);
  for (const { context } of [phone, desk]) await context.close();
});

test('an address that is taken, and what is no address', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  await page.goto(url);
  await page.getByRole('button', { name: 'Get in line' }).click();
  await dialog(page).getByRole('button', { name: 'I am new here' }).click();
  await fill(page, 'ann', PASSWORD);
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#account-email:invalid').count(), 1, 'the browser itself says so');
  await fill(page, EMAIL, 'another long password');
  await page.keyboard.press('Enter');
  await dialog(page).getByText('If you have an account already, sign in with its password.').waitFor();
  await page.keyboard.press('Escape');
  await isShown(page, 'sale');
  ignoreRefusals(person);
  assertNoProblems(person);
  await person.context.close();
});
