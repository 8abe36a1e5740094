// The QR code of a ticket is read by a scanner that knows nothing of how it was made (zbar), from what the screen shows: on
// a phone, in dark mode, on paper. And tickets that were given back have none.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryDirectory, until } from '../support/stanchion.mjs';
import { DESKTOP, GOOD_CARD, PHONE, assertNoProblems, confirmedSeats, enterSale, goToPayment, newPerson, openHouse, payWith } from './browser.mjs';

const run = promisify(execFile);
const QUIET_MODULES = 4;
const pictures = temporaryDirectory();
let server, browser, url, taken = 0;
before(async () => {
  ({ server, browser, url } = await openHouse({ event: 'arena' }));
  await server.set('tick_ms=200', 'seats_per_visitor_max=4');
});

// What the scanner reads on a picture of this part of the page, sorted.
async function scan(target, options = {}) {
  const file = path.join(pictures, `${++taken}.png`);
  await target.screenshot({ path: file, ...options });
  const { stdout } = await run('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', file]).catch((error) => error);
  return stdout.split('\n').filter(Boolean).sort();
}

const codesOf = async (page) => (await page.locator('.ticket code').allTextContents()).sort();

async function buyer(options, count = 2) {
  const person = await newPerson(browser, options);
  const { page } = person;
  person.addresses = [];
  page.on('request', (request) => person.addresses.push(request.url() + (request.postData() ?? '')));
  await enterSale(page, url);
  for (let n = 2; n < count; n++) await page.getByRole('button', { name: 'One person more' }).click();
  await page.locator('#best-go').click();
  await page.locator('#seats-mine li').nth(count - 1).waitFor();
  await goToPayment(page);
  await payWith(page, GOOD_CARD);
  await confirmedSeats(page);
  return person;
}

describe('tickets', { concurrency: 2 }, () => {
  for (const [name, options] of [['a phone', PHONE], ['a desktop', DESKTOP], ['a phone in dark mode', { ...PHONE, colorScheme: 'dark' }]]) {
    test(`each ticket's code is read from ${name}, and after a reload`, async () => {
      const person = await buyer(options);
      const { page } = person;
      const codes = await codesOf(page);
      assert.equal(codes.length, 2);
      assert.deepEqual(await scan(page, { fullPage: true }), codes);
      for (const ticket of await page.locator('.ticket').all())
        assert.deepEqual(await scan(ticket.getByRole('img', { name: /^QR code of the ticket for Section/ })), [await ticket.locator('code').textContent()]);
      const { height } = await page.locator('.ticket-seat').first().boundingBox();
      assert.ok(height < 60, `the seat's name takes ${height} px: it is squeezed`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${over} px too wide`);
      await page.reload();
      await page.locator('.qr').nth(1).waitFor();
      assert.deepEqual(await scan(page, { fullPage: true }), codes);
      assertNoProblems(person);
      await person.context.close();
    });
  }

  // A module is a whole number of pixels, so no edge is grey; four modules around are white whatever the page's colours are.
  test('the picture is sharp and has its white margin in dark mode', async () => {
    const person = await buyer({ ...DESKTOP, colorScheme: 'dark' });
    const { page } = person;
    const image = page.locator('.qr').first();
    const png = (await image.screenshot()).toString('base64');
    const seen = await page.evaluate(async ({ png, quiet }) => {
      const picture = new Image();
      picture.src = `data:image/png;base64,${png}`;
      await picture.decode();
      const side = Math.min(picture.width, picture.height);
      const pen = Object.assign(document.createElement('canvas'), { width: side, height: side }).getContext('2d');
      pen.drawImage(picture, 0, 0);
      const { data } = pen.getImageData(0, 0, side, side);
      const module = side / (25 + 2 * quiet);
      let greys = 0, marks = 0;
      const corner = 10; // rounded
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) {
          const at = 4 * (y * side + x);
          const isInCorner = (x < corner || x >= side - corner) && (y < corner || y >= side - corner);
          const isEdge = [x, y].some((v) => v < 1 || v >= side - 1);
          if (isInCorner || isEdge) continue;
          const isMargin = [x, y].some((v) => v < quiet * module - 0.5 || v >= side - quiet * module + 0.5);
          if (data[at] > 8 && data[at] < 247) greys++;
          if (isMargin && data[at] < 247) marks++;
        }
      return { greys, marks, side };
    }, { png, quiet: QUIET_MODULES });
    assert.ok(seen.side >= 198, JSON.stringify(seen));
    assert.equal(seen.marks, 0, 'the margin is white');
    assert.equal(seen.greys, 0, 'edges lie on pixels');
    assertNoProblems(person);
    await person.context.close();
  });

  test('printed, the codes are read too', async () => {
    const person = await buyer({ ...DESKTOP, colorScheme: 'dark' });
    const { page } = person;
    const codes = await codesOf(page);
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.getByRole('button', { name: 'Print' }).isHidden());
    const [paper, ink] = await page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]);
    assert.deepEqual([paper, ink], ['rgb(255, 255, 255)', 'rgb(0, 0, 0)'], 'dark mode does not print its colours');
    assert.deepEqual(await scan(page, { fullPage: true }), codes);
    assertNoProblems(person);
    await person.context.close();
  });

  test('a code is in no address, no request and no log', async () => {
    const person = await buyer(DESKTOP);
    const { page } = person;
    const codes = await codesOf(page);
    await page.reload();
    await page.locator('.qr').first().waitFor();
    for (const code of codes) {
      assert.ok(!page.url().includes(code));
      assert.deepEqual(person.addresses.filter((text) => text.includes(code)), []);
      assert.ok(!server.log().includes(code));
      const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
      assert.ok(!stored.includes(code));
    }
    assertNoProblems(person);
    await person.context.close();
  });

  const isCaptured = (order) => until('captured', async () => {
    const shown = JSON.parse((await server.cli(['orders', 'show', order])).stdout);
    return shown.payment?.[0]?.state === 'captured' && shown;
  });
  const orderOn = async (page) => /o_\S+/.exec(await page.locator('.order').textContent())[0];

  test('a page that was away when a ticket was given back shows it when it is there again', async () => {
    const person = await buyer(PHONE);
    const { page } = person;
    const order = await orderOn(page);
    await isCaptured(order);
    await person.context.setOffline(true);
    const refund = await server.cli(['orders', 'refund', order]);
    assert.equal(refund.code, 0, refund.stderr);
    assert.equal(await page.locator('.qr').count(), 2);
    await person.context.setOffline(false);
    await page.locator('.is-refunded').nth(1).waitFor();
    assert.deepEqual(await scan(page, { fullPage: true }), []);
    assertNoProblems(person);
    await person.context.close();
  });

  test('a ticket that is given back loses its code while one looks at it, and stays without after a reload', async () => {
    const person = await buyer(PHONE, 3);
    const { page } = person;
    const [kept] = await page.locator('.ticket code').allTextContents();
    const order = await orderOn(page);
    await page.reload();
    await page.locator('.qr').nth(2).waitFor();
    const shown = await isCaptured(order);
    const [first, ...others] = shown.tickets.map(({ seat }) => seat);
    assert.equal(others.length, 2);
    const refund = await server.cli(['orders', 'refund', order, '--seats', others.join(',')]);
    assert.equal(refund.code, 0, refund.stderr);
    await page.locator('.is-refunded').nth(1).waitFor();
    await page.locator('#announcer').filter({ hasText: 'this ticket opens no door' }).waitFor({ state: 'attached' });
    for (const isReloaded of [false, true]) {
      if (isReloaded) await page.reload();
      await page.locator('.is-refunded').nth(1).waitFor();
      assert.equal(await page.locator('.qr').count(), 1);
      assert.deepEqual(await codesOf(page), [kept]);
      assert.deepEqual(await scan(page, { fullPage: true }), [kept], `seat ${first}`);
      assert.match(await page.locator('.is-refunded').first().textContent(), /Given back/);
    }
    assertNoProblems(person);
    await person.context.close();
  });
});
