// The seat map under the hand: what lies under the pointer stays there while one drags, turns the wheel or pinches, and is
// bought from there; from right to left the list's arrow keys go where they point.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/stanchion.mjs';
import {
  DESKTOP, GOOD_CARD, PHONE, assertNoProblems, enterSale, newPerson, openHouse, openSection, seatsAreReady, takesItsTime,
} from './browser.mjs';
import { LANGUAGES } from './tour.mjs';

const NEARER = 7; // turns of the wheel: seats are large then

let server, browser, url;
before(async () => { ({ server, browser, url } = await openHouse({ event: 'arena' })); });

// The seat at a point, as the page calls it; '' between seats.
async function seatAt(page, x, y) {
  await page.mouse.move(x, y);
  return page.locator('#map-tip').evaluate((tip) => (tip.hidden ? '' : tip.textContent));
}

// A point near this one with a seat under it, in the state that is wanted.
async function findSeat(page, { x, y }, wanted = /./) {
  for (let down = 0; down < 60; down += 9)
    for (let aside = 0; aside < 60; aside += 9)
      if (wanted.test(await seatAt(page, x + aside, y + down))) return { x: x + aside, y: y + down };
  return assert.fail('there is no seat here');
}

// Where the left stand is while the whole map is shown, as parts of the map's box.
const inStand = ({ x, y, width, height }, across) => ({ x: Math.round(x + width * across), y: Math.round(y + height * 0.55) });

// What the whole map has drawn where its buttons stand: how many points are of another colour than the corner's. And where they are.
const underButtons = (page) => page.evaluate(() => {
  const [map, tools] = ['#map', '.map-tools'].map((name) => document.querySelector(name));
  const [from, box] = [map, tools].map((node) => node.getBoundingClientRect());
  const [pen, ratio] = [map.getContext('2d'), map.width / map.clientWidth];
  const points = (...at) => new Uint32Array(pen.getImageData(...at.map((each) => Math.round(each * ratio))).data.buffer);
  const [back] = points(0, 0, 1, 1);
  const drawn = (all) => all.filter((point) => point !== back).length;
  return { covered: drawn(points(box.left - from.left, box.top - from.top, box.width, box.height)), isLeft: box.left < 180,
    drawn: drawn(points(0, 0, from.width, from.height)) };
});

// Of each of these colours on the map: the best contrast that anything has which stands in a few points between two of it.
const contrastsIn = (page, colors) => page.evaluate((wanted) => {
  const map = document.querySelector('#map');
  const { data } = map.getContext('2d').getImageData(0, 0, map.width, map.height);
  const light = (at) => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => sum + share * ((data[at + i] / 255 + 0.055) / 1.055) ** 2.4, 0.05);
  return wanted.map((color) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
    let [last, best] = [-1, 0];
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] !== r || data[at + 1] !== g || data[at + 2] !== b) continue;
      for (let between = last + 4; last >= 0 && at - last < 24 && between < at; between += 4)
        best = Math.max(best, light(between) / light(at), light(at) / light(between));
      last = at;
    }
    return best;
  });
}, colors);

describe('the map', { concurrency: 2 }, () => {
  test('dragged and zoomed with the mouse, the seat stays under the pointer', async () => {
    const person = await newPerson(browser, DESKTOP);
    const { page } = person;
    await enterSale(page, url);
    const stand = inStand(await page.locator('#map').boundingBox(), 0.34);
    await page.mouse.move(stand.x, stand.y);
    for (let i = 0; i < NEARER; i++) await page.mouse.wheel(0, -60);
    const { x, y } = await findSeat(page, stand);
    const seat = await seatAt(page, x, y);
    assert.match(seat, /^Section\s\S+, row\s\S+, seat\s\S+ · .* · (free|sold|held by somebody else)$/);
    await page.mouse.down();
    await page.mouse.move(x + 30, y + 10);
    await page.mouse.move(x + 70, y + 40);
    await page.mouse.up();
    assert.equal(await seatAt(page, x + 70, y + 40), seat, 'it came along');
    assert.notEqual(await seatAt(page, x, y), seat);
    assert.equal(await page.locator('#seats-mine li').count(), 0, 'a drag takes no seat');
    const beside = await seatAt(page, x + 190, y + 40);
    await page.mouse.move(x + 70, y + 40);
    await page.mouse.wheel(0, -180);
    await until('it is nearer', async () => await seatAt(page, x + 190, y + 40) !== beside);
    assert.equal(await seatAt(page, x + 70, y + 40), seat, 'what is under the pointer stays there');
    const { categories } = await (await fetch(`${server.url}/api/v1/events/${server.event}/plan`)).json();
    let contrasts = [];
    await until(() => `numbers can be read on their colours: ${contrasts}`, async () => {
      contrasts = (await contrastsIn(page, categories.map(({ color }) => color))).filter((contrast) => contrast > 0);
      return contrasts.length > 1 && Math.min(...contrasts) > 4.2;
    });
    // A window that is made narrower: what was in the middle stays there.
    const middle = async () => {
      const { x: left, y: top, width, height } = await page.locator('#map').boundingBox();
      return [left + width / 2, top + height / 2];
    };
    const [before] = [await middle()];
    await page.setViewportSize({ width: 1240, height: 900 });
    const after = await until('the map is drawn anew', async () => { const now = await middle(); return now[0] !== before[0] && now; });
    await until('what was in the middle is there', async () => await seatAt(page, x + 70 + after[0] - before[0], y + 40 + after[1] - before[1]) === seat);
    await page.mouse.wheel(0, 2000);
    await page.mouse.wheel(0, 2000);
    await page.getByRole('button', { name: 'Show everything' }).click();
    // A tablet: upright the map has all of its width, on its side the basket stands beside it.
    const isAsWide = (width) => until(`a map ${width} wide`, async () => (await page.locator('#map').boundingBox()).width === width);
    await page.setViewportSize({ width: 768, height: 1024 });
    await isAsWide(768);
    await page.setViewportSize({ width: 1024, height: 768 });
    await isAsWide(1024 - 352);
    assertNoProblems(person);
    await person.context.close();
  });

  test('a seat is bought with the mouse, from the map, in Korean, without an English word', async () => {
    const person = await newPerson(browser, { ...DESKTOP, ...LANGUAGES.ko });
    const { page } = person;
    const { name, categories } = await (await fetch(`${server.url}/api/v1/events/${server.event}`)).json();
    const names = new RegExp([name, ...categories.map((each) => each.name)].sort((a, b) => b.length - a.length).join('|'), 'g');
    const isKorean = async () => assert.doesNotMatch((await page.locator('main').innerText()).replace(names, ''), /[A-Za-z]{3,}/);
    await takesItsTime(page);
    await page.goto(url);
    const join = page.getByRole('button', { name: '대기열에 서기' });
    await join.waitFor();
    await isKorean();
    await join.click();
    const choose = page.getByRole('button', { name: '좌석 선택하기' });
    await choose.waitFor();
    await isKorean();
    await choose.click();
    await seatsAreReady(page);
    await isKorean();
    const stand = inStand(await page.locator('#map').boundingBox(), 0.66);
    await page.mouse.move(stand.x, stand.y);
    for (let i = 0; i < NEARER; i++) await page.mouse.wheel(0, -60);
    const { x, y } = await findSeat(page, stand, /선택 가능$/);
    const [seat] = (await seatAt(page, x, y)).split(' · ');
    await page.mouse.click(x, y);
    await page.locator('#seats-mine li', { hasText: seat }).waitFor();
    await isKorean();
    await page.getByRole('button', { name: '결제하기' }).click();
    const card = page.getByLabel('카드 번호');
    await card.waitFor();
    await isKorean();
    await card.fill(GOOD_CARD);
    await page.getByRole('button', { name: / 결제하기$/ }).click();
    await page.getByRole('heading', { name: '티켓 구매가 완료되었습니다' }).waitFor();
    assert.equal(await page.locator('.ticket-seat').textContent(), seat);
    assert.equal(await page.locator('.ticket .eyebrow').textContent(), name, 'a ticket says what it is for');
    assertNoProblems(person);
    await person.context.close();
  });

  test('pinched on a phone, seats come near enough to be taken with the first tap', async () => {
    const person = await newPerson(browser, PHONE);
    const { page, context } = person;
    await page.addInitScript(() => {
      const { send } = WebSocket.prototype;
      globalThis.holds = 0;
      WebSocket.prototype.send = function(text) {
        if (JSON.parse(text).type === 'hold') globalThis.holds++;
        return send.call(this, text);
      };
    });
    await enterSale(page, url);
    const whole = await until('the hall is drawn', async () => { const now = await underButtons(page); return now.drawn > 20_000 && now; });
    assert.equal(whole.covered, 0, 'no seat is under the buttons');
    const session = await context.newCDPSession(page);
    const { x, y } = inStand(await page.locator('#map').boundingBox(), 0.18);
    const fingers = (type, apart) => session.send('Input.dispatchTouchEvent', { type,
      touchPoints: type === 'touchEnd' ? [] : [{ x: x - apart, y, id: 0 }, { x: x + apart, y, id: 1 }] });
    await fingers('touchStart', 8);
    for (let apart = 10; apart <= 80; apart += 10) await fingers('touchMove', apart);
    await fingers('touchEnd');
    if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
    assert.equal(await page.evaluate(() => globalThis.holds), 0, 'two fingers take no seat');
    // The point itself may lie between two rows.
    for (let aside = 0; aside < 40 && await page.evaluate(() => globalThis.holds) === 0; aside += 8) await page.touchscreen.tap(x + aside, y);
    await page.locator('#seats-mine li').waitFor();
    // The buttons stand on the other side then.
    await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
    await page.getByRole('button', { name: 'Show everything' }).click();
    await until('the whole map beside them', async () => { const now = await underButtons(page); return now.isLeft && now.covered === 0 && now.drawn > 10_000; });
    assertNoProblems(person);
    await context.close();
  });

  test('from right to left, arrow keys go where they point', async () => {
    const person = await newPerson(browser, DESKTOP);
    const { page } = person;
    await enterSale(page, url);
    await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
    const section = await openSection(page, 1);
    const seats = section.locator('.list-row').first().locator('.seat');
    await seats.nth(1).focus();
    const boxes = [await seats.nth(0).boundingBox(), await seats.nth(1).boundingBox()];
    assert.ok(boxes[0].x > boxes[1].x, 'the first seat stands on the right');
    await page.keyboard.press('ArrowRight');
    assert.ok(await seats.nth(0).evaluate((seat) => seat === document.activeElement));
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    assert.ok(await seats.nth(2).evaluate((seat) => seat === document.activeElement));
    assertNoProblems(person);
    await person.context.close();
  });
});
