// The organizer's console, walked through as an organizer does: sign in with a password of one's own, steer a sale, look
// into the log; and a second account at the door.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startStanchion } from '../support/stanchion.mjs';
import { DESKTOP, PHONE, assertNoProblems, launch, newPerson } from './browser.mjs';

const OWN_PASSWORD = 'four words of ann';

let server, browser, ann, page;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  browser = await launch();
  ann = await newPerson(browser, DESKTOP);
  page = ann.page;
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const press = (name, scope = page) => scope.getByRole('button', { name, exact: true }).click();
const heading = (name) => page.getByRole('heading', { name, exact: true }).waitFor();
const answerDialog = (name) => press(name, page.getByRole('dialog'));
const setting = async (key) => new RegExp(`^ {2}${key} +(.*)$`, 'm').exec((await server.cli(['event', 'show', 'arena'])).stdout)?.[1];
// Refusals that a test brings about are reported by the browser as errors of loading.
const problemsBut = (...statuses) => ann.problems.splice(0).filter((text) => !statuses.some((status) => text.includes(`status of ${status}`)));

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
  assert.ok(await page.locator('#menu').isHidden(), 'nothing else is open yet');
  await page.getByLabel('Password until now').fill(password);
  await page.getByLabel('New password', { exact: true }).fill(OWN_PASSWORD);
  await page.getByLabel('New password, again').fill(OWN_PASSWORD);
  await press('Use this password');
  await heading('Events');
  await page.reload();
  await heading('Events');
  assert.deepEqual(problemsBut(401, 403), []);
});

test('a sale is steered, and a change can be taken back', async () => {
  const before = await setting('admit_per_tick');
  await page.getByRole('link', { name: 'Arena Night' }).click();
  await page.getByLabel('Let in, people a second').fill('7');
  await press('Apply');
  await page.getByText('Done. It counts from the next tick.').last().waitFor();
  assert.equal(await setting('admit_per_tick'), '7');
  await press('Undo');
  await page.getByText('Undone. It is as it was before.').last().waitFor();
  assert.equal(await setting('admit_per_tick'), before);
  await press('Pause');
  await answerDialog('Leave it');
  await press('Pause');
  await answerDialog('Pause the sale');
  await page.getByRole('button', { name: 'Pause', exact: true, disabled: true }).waitFor();
  assert.equal(await setting('phase'), 'paused');
  await press('Open');
  await answerDialog('Open the sale');
  await page.getByRole('button', { name: 'Open', exact: true, disabled: true }).waitFor();
  assert.deepEqual(problemsBut(404), []);
});

test('the log tells who did what', async () => {
  await page.getByRole('link', { name: 'Log', exact: true }).click();
  await heading('Log');
  for (const what of ['Settings changed', 'Signed in', 'Password changed', 'Account created']) {
    await page.getByText(what).first().waitFor();
  }
  assertNoProblems(ann);
});

test('somebody at the door sees the door, and nothing at all when the account is disabled', async () => {
  await page.getByRole('link', { name: 'Accounts', exact: true }).click();
  await page.getByLabel('Name').fill('gate');
  await page.getByLabel('Role', { exact: true }).selectOption('door');
  await press('Create the account');
  const password = await page.locator('.secret').textContent();
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
  assert.equal(await gate.page.getByRole('link', { name: 'Accounts' }).count(), 0);
  await gate.page.goto(`${server.url}/organizer#/e/arena/live`);
  await gate.page.getByRole('alert').filter({ hasText: 'Your role does not allow this' }).waitFor();
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
