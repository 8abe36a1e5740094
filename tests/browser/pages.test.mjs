// The pages around the sale: the list, an event that is not there, and their headers.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { PHONE, assertNoProblems, isShown, newPerson, openHouse } from './browser.mjs';

let server, browser;
before(async () => { ({ server, browser } = await openHouse({ event: 'arena' })); });

test('the list of events leads to the sale', async () => {
  const person = await newPerson(browser, PHONE);
  const { page } = person;
  await page.goto(server.url);
  await page.getByRole('link', { name: /Arena Night/ }).tap();
  await page.getByRole('heading', { level: 1, name: 'Arena Night' }).waitFor();
  assert.ok(await page.locator('#sale-prices li').count() > 1);
  assertNoProblems(person);
  await person.context.close();
});

test('of many events those on sale come first, and one is found by its name', async () => {
  const person = await newPerson(browser, PHONE);
  const { page } = person;
  const now = Date.now();
  const event = (at) => ({ id: `e${at}`, name: `Evening ${at}`, phase: ['closed', 'announced', 'open'][at % 3], opens_at_ms: now + 60_000 * (100 - at), starts_at_ms: 0,
    server_ms: now, currency: 'EUR', time_zone: 'UTC', categories: [{ name: 'A', price_minor: 1000 }] });
  await page.route('**/api/v1/events', (route) => route.fulfill({ json: { events: Array.from({ length: 60 }, (_, at) => event(at)) } }));
  await page.goto(server.url);
  const names = () => page.locator('#events li:visible h2').allTextContents();
  await page.locator('#events li').nth(59).waitFor();
  const all = await names();
  assert.deepEqual([all[0], all[19], all[20], all[40]], ['Evening 59', 'Evening 2', 'Evening 58', 'Evening 57'], 'open, announced, closed; the soonest first');
  await page.getByLabel('Find an event').fill('evening 33');
  assert.deepEqual(await names(), ['Evening 33']);
  await page.getByLabel('Find an event').fill('nothing');
  await page.getByText('No event is called that.').waitFor();
  assertNoProblems(person);
  await person.context.close();
});

test('an event that does not exist is said so', async () => {
  const person = await newPerson(browser);
  const answer = await person.page.goto(`${server.url}/e/no-such-event`);
  assert.equal(answer.status(), 404);
  await person.page.getByRole('heading', { name: 'There is no such event' }).waitFor();
  assert.deepEqual(person.problems.filter((text) => !/\b404\b/.test(text)), []);
  await person.context.close();
});

test('every page has the strict policy and loads nothing from elsewhere', async () => {
  const person = await newPerson(browser);
  const foreign = [];
  person.page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) foreign.push(request.url());
  });
  for (const path of ['/', `/e/${server.event}`, '/organizer', '/draw', '/tickets']) {
    const answer = await person.page.goto(server.url + path);
    const policy = answer.headers()['content-security-policy'];
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    await person.page.waitForLoadState('networkidle');
    assert.notEqual((await person.page.locator('h1:visible').first().textContent()).trim(), '');
  }
  assert.deepEqual(foreign, []);
  assertNoProblems(person);
  await person.context.close();
});

test('an address from another build is not answered with the wrong file', async () => {
  const answer = await fetch(`${server.url}/a/0000000000000000/event.js`);
  assert.equal(answer.status, 404);
});

test('a sale that is not there any more takes nobody', async () => {
  const person = await newPerson(browser);
  await person.page.goto(`${server.url}/e/${server.event}`);
  await isShown(person.page, 'sale');
  await server.cli(['event', 'close', server.event]);
  await person.page.reload();
  await person.page.getByText('This sale is over').waitFor();
  assert.equal(await person.page.getByRole('button', { name: 'Get in line' }).count(), 0);
  assertNoProblems(person);
  await person.context.close();
});
