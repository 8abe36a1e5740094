// A place in line survives a reload, shows in a second tab, and can be left.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNoProblems, isShown, newPerson, openHouse, placeIs } from './browser.mjs';

let server, browser, url;
before(async () => {
  ({ server, browser, url } = await openHouse({ event: 'arena' }));
  // A line that stands still: nobody is let in.
  await server.set('admit_per_tick=0');
});

const place = async (page) => {
  await isShown(page, 'line');
  await page.locator('#line-number').filter({ hasText: /^\d+$/ }).waitFor();
  return Number(await page.locator('#line-number').textContent());
};

async function join(page) {
  await page.goto(url);
  await page.getByRole('button', { name: 'Get in line' }).click();
  return place(page);
}

test('a reload, a second tab and a browser without its memory keep the place', async () => {
  const others = [await newPerson(browser), await newPerson(browser)];
  for (const other of others) await join(other.page);
  const person = await newPerson(browser);
  const { page } = person;
  const mine = await join(page);
  assert.ok(mine >= 3, `the third in line is told ${mine}`);
  const last = await newPerson(browser);
  await join(last.page);

  await page.reload();
  assert.equal(await place(page), mine, 'after a reload');
  const tab = await person.newTab();
  await tab.goto(url);
  assert.equal(await place(tab), mine, 'in a second tab');
  await page.evaluate(() => localStorage.clear());
  await page.goto(url);
  await page.getByRole('button', { name: 'Get in line' }).click();
  assert.equal(await place(page), mine, 'with nothing but the cookie');
  assertNoProblems(person, last, ...others);
  for (const { context } of [person, last, ...others]) await context.close();
});

test('the bar goes forward only, over a reload, too', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  let ahead = 40, say;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const gateway = socket.connectToServer();
    socket.onMessage((text) => gateway.send(text));
    gateway.onMessage((text) => {
      const message = JSON.parse(text);
      socket.send(JSON.stringify(message.type === 'place' ? { ...message, ahead } : message));
      if (message.type === 'place') say = () => socket.send(JSON.stringify({ ...message, re: undefined, ahead }));
    });
  });
  const bar = async () => {
    await placeIs(page, ahead + 1);
    return Number(await page.locator('#line-progress').getAttribute('value'));
  };
  await join(page);
  const seen = [await bar()];
  for (ahead of [10, 25, 4]) { // whatever a server says
    say();
    seen.push(await bar());
  }
  assert.deepEqual(seen, [0, 750, 750, 900]);
  await page.reload();
  assert.equal(await bar(), 900);
  assertNoProblems(person);
  await person.context.close();
});

test('who leaves is asked first, and gives the place away', async () => {
  const ahead = await newPerson(browser);
  await join(ahead.page);
  const behind = await newPerson(browser);
  const before = await join(behind.page);
  await ahead.page.getByRole('button', { name: 'Leave the line' }).click();
  await ahead.page.getByRole('button', { name: 'Stay in line' }).click();
  await isShown(ahead.page, 'line');
  await ahead.page.getByRole('button', { name: 'Leave the line' }).click();
  await ahead.page.locator('#ask').getByRole('button', { name: 'Leave the line' }).click();
  await isShown(ahead.page, 'sale');
  await behind.page.locator('#line-number').filter({ hasText: new RegExp(`^${before - 1}$`) }).waitFor();
  assertNoProblems(ahead, behind);
  for (const { context } of [ahead, behind]) await context.close();
});

test('the place is kept when every gateway is killed', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  const mine = await join(page);
  const gateways = Object.entries(server.children()).filter(([name]) => name.startsWith('gateway'));
  assert.ok(gateways.length > 0);
  for (const [, pid] of gateways) process.kill(pid, 'SIGKILL');
  await page.locator('#link').filter({ hasText: 'Your place is kept' }).waitFor();
  await page.locator('#link').waitFor({ state: 'hidden' });
  assert.equal(await place(page), mine);
  await person.context.close(); // the console does tell of the refused connections: no check for problems
});

test('a pause and its end are told to those in line', async () => {
  const person = await newPerson(browser);
  const { page } = person;
  await join(page);
  await server.cli(['event', 'pause', server.event]);
  await page.locator('#line-news').filter({ hasText: 'Admission is paused. Everybody keeps their place.' }).waitFor();
  await server.cli(['event', 'open', server.event]);
  await page.locator('#line-news').filter({ hasText: 'Admission is paused. Everybody keeps their place.' }).waitFor({ state: 'hidden' });
  assertNoProblems(person);
  await person.context.close();
});
