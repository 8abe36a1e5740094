// "The best seats for us" on the seats page: shown on map and list, said aloud, by touch and by keyboard alone, and what
// the page says when it cannot be.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { DESKTOP, PHONE, assertNoProblems, enterSale, isShown, newPerson, openHouse } from './browser.mjs';

const SEATS_MAX = 4;
const TAB_STOPS_MAX = 40;
let server, browser, url;
before(async () => {
  ({ server, browser, url } = await openHouse({ event: 'arena' }));
  await server.set(`seats_per_visitor_max=${SEATS_MAX}`, 'tick_ms=200');
});

async function enter(options) {
  const person = await newPerson(browser, options);
  await enterSale(person.page, url);
  return person;
}

const take = (page) => page.getByRole('button', { name: /^Take / });
const mine = (page) => page.locator('#seats-mine li .grow');
const names = async (page, count) => {
  await mine(page).nth(count - 1).waitFor();
  assert.equal(await mine(page).count(), count);
  return mine(page).allTextContents();
};
const isSaid = (page, text) => page.locator('#announcer').filter({ hasText: text }).waitFor({ state: 'attached' });
const said = (page) => page.locator('#seats-problem');

// "Section 102, row A, seat 1": neighbours differ in nothing but the number, by one.
function assertNeighbours(seats) {
  const parts = seats.map((seat) => /^(.*),\sseat\s(\d+)$/.exec(seat));
  assert.equal(new Set(parts.map(([, row]) => row)).size, 1, seats.join('; '));
  const numbers = parts.map(([, , number]) => Number(number)).sort((a, b) => a - b);
  numbers.slice(1).forEach((number, at) => assert.equal(number, numbers[at] + 1, seats.join('; ')));
}

const together = (seats) => `${seats[0].replace(/, seat\s\S+$/, '')}, seats\u00a0${seats.map((seat) => /\S+$/.exec(seat)[0]
  .replace(/^.*\u00a0/, '')).join(', ')}`;

// How many points of the map's middle have the colour of one's own seats.
const ownPointsInTheMiddle = (page) => page.evaluate(() => {
  const probe = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
  probe.fillRect(0, 0, 1, 1);
  const own = probe.getImageData(0, 0, 1, 1).data;
  const map = document.getElementById('map');
  const half = 120;
  const { data } = map.getContext('2d').getImageData(map.width / 2 - half, map.height / 2 - half, 2 * half, 2 * half);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) count += own[0] === data[at] && own[1] === data[at + 1] && own[2] === data[at + 2];
  return count;
});

async function assertFits(page) {
  const [over, button] = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth,
    document.getElementById('best-go').getBoundingClientRect()]);
  assert.ok(over <= 0, `${over} px too wide`);
  assert.ok(button.height >= 44 && button.left >= 0 && button.right <= await page.evaluate(() => innerWidth), JSON.stringify(button));
}

describe('the best seats', { concurrency: 2 }, () => {
  test('two people on a phone: two seats side by side, in the middle of the map and chosen in the list', async () => {
    const person = await enter(PHONE);
    const { page } = person;
    await assertFits(page);
    assert.equal(await ownPointsInTheMiddle(page), 0);
    await take(page).tap();
    const seats = await names(page, 2);
    assertNeighbours(seats);
    await isSaid(page, `Chosen for you: ${together(seats)}.`);
    await page.waitForFunction(() => document.getElementById('checkout').disabled === false);
    await until('the seats are to be seen on the map', async () => await ownPointsInTheMiddle(page) > 200);
    await page.getByRole('button', { name: 'List', exact: true }).tap();
    for (const seat of seats) {
      const button = page.locator(`#list-panel button.seat[aria-label^="${seat},"]`);
      assert.equal(await button.getAttribute('aria-pressed'), 'true');
      assert.match(await button.getAttribute('aria-label'), /, yours$/);
      const [top, bottom] = await page.locator('#list-panel').evaluate((node) => [node.getBoundingClientRect().top, node.getBoundingClientRect().bottom]);
      const box = await button.boundingBox();
      assert.ok(box.y >= top && box.y + box.height <= bottom, 'the section is unfolded, the seats are in sight');
    }
    await assertFits(page);
    assertNoProblems(person);
    await person.context.close();
  });

  async function tabTo(page, isThere, what) {
    for (let stops = 0; stops < TAB_STOPS_MAX; stops++) {
      if (await page.evaluate(isThere)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`the Tab key does not reach ${what}`);
  }
  const isNamed = (name) => `document.activeElement?.getAttribute('aria-label') === '${name}'`;

  test('three people by keyboard alone, before anything else on the page but the way of showing seats', async () => {
    const person = await enter(DESKTOP);
    const { page } = person;
    await page.locator('#show-list').focus();
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(isNamed('One person less')));
    await tabTo(page, isNamed('One person more'), 'the number of people');
    await page.keyboard.press('Enter');
    assert.equal(await page.getByRole('group', { name: 'How many people' }).getByRole('status').textContent(), '3 people');
    await tabTo(page, `document.activeElement?.id === 'best-go'`, 'the button');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Take the best 3 seats');
    await page.keyboard.press('Enter');
    const seats = await names(page, 3);
    assertNeighbours(seats);
    await isSaid(page, `Chosen for you: ${together(seats)}.`);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'best-go', 'the focus stays');
    assert.equal(await page.locator('#best-people output').textContent(), '1 person', 'one more is possible');
    await page.keyboard.press('Enter');
    await names(page, SEATS_MAX);
    await page.keyboard.press('Enter');
    await said(page).getByText(`You can have ${SEATS_MAX} seats at most.`).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'best-go');
    await names(page, SEATS_MAX);
    assertNoProblems(person);
    await person.context.close();
  });

  test('the number of people stays between one and what may be had', async () => {
    const person = await enter(DESKTOP);
    const { page } = person;
    const shown = page.locator('#best-people output');
    for (const [name, times, end] of [['One person more', 6, `${SEATS_MAX} people`], ['One person less', 6, '1 person']]) {
      const button = page.getByRole('button', { name });
      for (let i = 0; i < times; i++) await button.click({ force: true });
      assert.equal(await shown.textContent(), end);
      assert.equal(await button.getAttribute('aria-disabled'), 'true');
    }
    assertNoProblems(person);
    await person.context.close();
  });

  test('a price, then places for wheelchairs, then standing places', async () => {
    const person = await enter(DESKTOP);
    const { page } = person;
    const chip = (name) => page.locator('#seats-filter').getByRole('button', { name });
    await page.getByRole('button', { name: 'One person less' }).click();
    await chip(/^Upper tier rear/).click();
    assert.equal(await take(page).textContent(), 'Take the best seat in Upper tier rear');
    await take(page).click();
    await names(page, 1);
    assert.match(await page.locator('#seats-total').textContent(), /49\.00/);
    await chip(/^Wheelchair/).click();
    await page.locator('#best-more summary').click();
    await page.getByRole('button', { name: 'One wheelchair place more' }).click();
    await take(page).click();
    const seats = await names(page, 2);
    await page.getByRole('button', { name: 'List', exact: true }).click();
    const labels = await Promise.all(seats.map((seat) => page.locator(`.seat[aria-label^="${seat},"]`).count()
      .then((count) => (count ? page.locator(`.seat[aria-label^="${seat},"]`).getAttribute('aria-label') : ''))));
    assert.equal(labels.filter((label) => /wheelchair space/.test(label)).length, 1, labels.join('; '));
    await chip(/^Floor standing/).click();
    assert.equal(await take(page).textContent(), 'Take 1 place in Floor standing');
    await take(page).click();
    await names(page, 3);
    assertNoProblems(person);
    await person.context.close();
  });

  test('nothing of that kind: said calmly, and another choice works', async () => {
    const person = await enter(PHONE);
    const { page } = person;
    await page.locator('#seats-filter').getByRole('button', { name: /^Premium/ }).tap();
    await page.locator('#best-more summary').tap();
    await page.getByRole('button', { name: 'One wheelchair place more' }).tap();
    await take(page).tap();
    await page.getByRole('alert').filter({ hasText: 'Not so many seats of this kind are free' }).waitFor();
    assert.equal(await said(page).getAttribute('class'), 'calm');
    assert.equal(await mine(page).count(), 0);
    await assertFits(page);
    await page.getByRole('button', { name: 'One wheelchair place less' }).tap();
    await take(page).tap();
    assertNeighbours(await names(page, 2));
    assert.ok(await said(page).isHidden());
    assertNoProblems(person);
    await person.context.close();
  });

  // A page that hears nothing of what others take, over an otherwise real connection; `answer(message)` may answer itself.
  async function enterDeaf(answer = () => null) {
    const person = await newPerson(browser, DESKTOP);
    await person.page.routeWebSocket(/\/ws$/, (socket) => {
      const gateway = socket.connectToServer();
      socket.onMessage((text) => {
        const own = answer(JSON.parse(text));
        if (own) socket.send(JSON.stringify(own));
        else gateway.send(text);
      });
      gateway.onMessage((text) => JSON.parse(text).type !== 'seats' && socket.send(text));
    });
    await enterSale(person.page, url);
    return person;
  }

  test('somebody was faster: other seats are offered and taken with one press', async () => {
    const slow = await enterDeaf();
    const quick = await enter(DESKTOP);
    await take(quick.page).click();
    const [seat] = await names(quick.page, 2);
    const { page } = slow;
    await page.getByRole('button', { name: 'List', exact: true }).click();
    const heading = page.locator('summary .grow', { hasText: new RegExp(`section\\s${/Section\s(\S+),/.exec(seat)[1]}$`) });
    const section = page.locator('#list-panel details').filter({ has: heading });
    await section.locator('summary').click();
    await page.locator(`#list-panel button.seat[aria-label^="${seat},"]`).click();
    await page.getByRole('alert').filter({ hasText: `No longer free: ${seat}` }).waitFor();
    assert.equal(await said(page).getAttribute('class'), 'calm');
    const offer = page.getByRole('button', { name: /^Take instead: / });
    let offered;
    await until('what was offered is taken', async () => { // the people of the other tests may be faster once more
      const text = await offer.textContent();
      offered = text.replace('Take instead: ', '');
      assert.notEqual(offered, seat);
      await offer.focus();
      await page.keyboard.press('Enter');
      return until('an answer', async () => await mine(page).count() > 0 || (await offer.allTextContents()).some((other) => other !== text))
        .then(() => mine(page).count());
    });
    assert.deepEqual(await names(page, 1), [offered]);
    await isSaid(page, `Chosen for you: ${offered}.`);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'checkout');
    assert.ok(await said(page).isHidden());
    assertNoProblems(slow, quick);
    await slow.context.close();
    await quick.context.close();
  });

  test('busy is not an error of the visitor: the same press works a moment later', async () => {
    let refusals = 1;
    const person = await enterDeaf(({ type, id }) => (type === 'hold' && refusals-- > 0
      ? { type: 'error', re: id, code: 'busy', message: 'Please try again.', retry_s: 1 } : null));
    const { page } = person;
    await take(page).click();
    await page.getByRole('alert').filter({ hasText: 'Many people are choosing' }).waitFor();
    assert.equal(await said(page).getAttribute('class'), 'calm');
    await take(page).click();
    assertNeighbours(await names(page, 2));
    await isShown(page, 'seats');
    assertNoProblems(person);
    await person.context.close();
  });

  test('no three side by side: the page says that they are in two rows', async () => {
    const file = path.join(temporaryDirectory(), 'small.csv');
    fs.writeFileSync(file, 'section,row,seat_from,seat_to,category,price,currency\nA,1,1,2,G,15.00,EUR\nA,2,1,2,G,15.00,EUR\n');
    const small = await startStanchion({ event: file });
    const person = await newPerson(browser, PHONE);
    try {
      const { page } = person;
      await enterSale(page, `${small.url}/e/${small.event}`);
      assert.ok(await page.locator('#best-more').isHidden(), 'no wheelchair places in this house');
      await page.getByRole('button', { name: 'One person more' }).tap();
      await take(page).tap();
      const seats = await names(page, 3);
      await page.getByRole('alert').filter({ hasText: 'There were no 3 seats side by side' }).waitFor();
      assert.equal(await said(page).getAttribute('class'), 'calm');
      assert.equal(new Set(seats.map((seat) => /row\s(\d)/.exec(seat)[1])).size, 2);
      await assertFits(page);
      assertNoProblems(person);
    } finally {
      await person.context.close();
      await small.stop();
    }
  });
});
