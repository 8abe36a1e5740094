// The console's views, one after the other, as tour.mjs shows the visitors': for screens.mjs. Everything in them is the
// server's own: a sale with a line, an order, an allotment, two accounts and a log.
import { organizerOf } from '../support/organizer.mjs';
import { visit } from '../support/visitor.mjs';
import { newPerson } from './browser.mjs';
import { LANGUAGES, buyTwo } from './tour.mjs';

const IN_LINE = 40;
const DRAFT = 'winter-night';
const DRAWN = 'lottery-night';
const SEATS = 'section,row,seat_from,seat_to,category\nStalls,A,1,10,Front\nStalls,B,1,10,Front\nBalcony,A,1,6,Back\n';

// Step two of a new event, with this table of seats.
const chooseFile = (text, shown) => async (page) => {
  await page.locator('input[name="name"]').fill('Summer Night');
  await page.keyboard.press('Enter');
  await page.locator('input[type="file"]').setInputFiles([{ name: 'seats.csv', mimeType: 'text/csv', buffer: Buffer.from(text) }]);
  await page.locator(shown).waitFor();
};


// A sale that has something to show: { cookie, order }.
async function prepare(server) {
  const ann = await organizerOf(server, 'ann', 'owner');
  const { confirmed } = await buyTwo(server);
  await ann.must(200, 'POST', `events/${server.event}/withhold`, { name: 'sponsors', section: '101' });
  await ann.must(200, 'POST', `events/${server.event}`, { set: { admit_per_tick: '0' } });
  await ann.must(201, 'POST', 'accounts', { name: 'north-gate', role: 'door' });
  await ann.must(201, 'POST', 'events', { id: DRAFT, name: 'Winter Night', currency: 'EUR', time_zone: 'Europe/Berlin', files: [{ name: 'seats.csv', text: SEATS }], map: {}, settings: {} });
  await ann.must(201, 'POST', 'events', { id: DRAWN, name: 'Lottery Night', currency: 'EUR', time_zone: 'Europe/Berlin', map: {}, settings: { draw: '1', draw_beacon_wait: '1' },
    files: [{ name: 'seats.csv', text: SEATS }, { name: 'prices.csv', text: 'category,price\nFront,39.50\nBack,20\n' }] });
  await ann.must(200, 'POST', `events/${DRAWN}`, { phase: 'announced' });
  await ann.must(200, 'POST', `orders/${confirmed.order}/resend`);
  const visitors = await Promise.all(Array.from({ length: IN_LINE }, () => visit(server)));
  await Promise.all(visitors.map((visitor) => visitor.ask({ type: 'join' })));
  return { cookie: ann.cookie, order: confirmed.order, visitors };
}

// Name, address after the #, and what is done there before it is looked at.
const views = ({ event, order }) => [
  ['console-events', '/'], ['console-log', '/log'], ['console-accounts', '/accounts'], ['console-password', '/password'], ['console-new', '/new'],
  ['console-seats', '/new', chooseFile(SEATS, '.preview-map')],
  ['console-seats-wrong', '/new', chooseFile(`${SEATS}Stalls,B,10,12,Front\n`, 'td.figure')],
  ['console-prices', `/e/${DRAFT}/setup/prices`], ['console-check', `/e/${DRAFT}/setup/check`],
  ['console-live', `/e/${event}/live`, async (page) => {
    await page.locator('.tile-figure', { hasText: String(IN_LINE) }).waitFor();
    await page.locator('.plot .curve[d^="M"]').first().waitFor();
  }],
  ['console-draw', `/e/${DRAWN}/live`, (page) => page.locator('.hashes code').waitFor()],
  ['console-rate', `/e/${event}/live`, async (page) => {
    await page.locator('input[name="rate"]').fill('5');
    await page.locator('.effects').waitFor();
  }],
  ['console-close', `/e/${event}/live`, async (page) => {
    await page.locator('.phases button').last().click();
    await page.locator('dialog .effects').waitFor();
  }],
  ['console-orders-none', `/e/${DRAFT}/orders`], ['console-allotments-none', `/e/${DRAFT}/seats`], ['console-no-page', '/nowhere'],
  ['console-undo', `/e/${event}/live`, async (page) => {
    await page.locator('input[name="cap"]').fill('400');
    await page.keyboard.press('Enter');
    await page.locator('#done button').first().waitFor();
    await page.locator('#done button').first().click();
  }],
  ['console-keep', `/e/${event}/seats`, async (page) => {
    await page.locator('input[name="name"]').fill('press');
    await page.locator('select[name="section"]').selectOption('102');
    await page.locator('.effects').waitFor();
  }],
  ['console-refund', `/e/${event}/orders/${order}`, async (page) => {
    await page.locator('.plain-form input[type="checkbox"]').first().check();
    await page.locator('input[name="reason"]').fill('asked for it');
    await page.locator('.plain-form button.primary').click();
    await page.locator('dialog .effects').waitFor();
  }],
  ['console-resend', `/e/${event}/orders/${order}`, async (page) => {
    await page.locator('.resend button').click();
    await page.locator('#ask-yes').click();
    await page.locator('#ask .qr').waitFor();
  }],
  // As on a server with a mail server: letters in every state.
  ['console-letters', `/e/${event}/orders/${order}`, async (page) => {
    const orders = /organizer\/orders\/[^/]+$/;
    await page.route(orders, async (route) => {
      const answer = await route.fetch();
      const { shown } = await answer.json();
      const mails = ['due', 'failed', 'sent', 'outdated'].map((state, at) => ({ to: `a.rather.long.name.of.somebody${at}@mail.example.org`, state, attempts: 3, reason: 'RCPT failed: 550', at_ms: shown.committed_ms }));
      await route.fulfill({ response: answer, json: { shown: { ...shown, can_mail: true, mails } } });
    });
    await page.reload();
    await page.locator('.resend input[type="email"]').waitFor();
    await page.unroute(orders);
  }],
  ['console-allotments', `/e/${event}/seats`], ['console-orders', `/e/${event}/orders`], ['console-order', `/e/${event}/orders/${order}`],
  ['console-door', `/e/${event}/doors`, async (page) => {
    await page.locator('input[name="code"]').fill('not a ticket');
    await page.keyboard.press('Enter');
    await page.locator('.verdict').waitFor();
  }],
  ['console-limits', `/e/${event}/setup/limits`, async (page) => {
    await page.locator('input[name="active_cap"]').fill('20');
    await page.locator('.effects').waitFor();
  }], ['console-schedule', `/e/${event}/setup/schedule`],
];

// Signs a page in with somebody's cookie; gives what opens a view of the console by its address after the #.
export async function openConsole(page, server, cookie) {
  const [name, value] = [cookie.slice(0, cookie.indexOf('=')), cookie.slice(cookie.indexOf('=') + 1)];
  await page.context().addCookies([{ name, value, url: server.url }]);
  await page.goto(`${server.url}/organizer`);
  await page.evaluate(() => localStorage.setItem('stanchion:organizer', '{"isSignedIn":true}'));
  return async (hash) => {
    await page.goto('about:blank');
    await page.goto(`${server.url}/organizer#${hash}`);
    await page.locator('#menu').waitFor();
    await page.locator('#view h1').waitFor();
  };
}

let prepared = null; // once for a server, whatever the languages

// onState(name, page) for each view, and for the sign-in before them.
export async function consoleTour(browser, server, language, onState, { wanted = /./ } = {}) {
  prepared ??= await prepare(server);
  const { cookie, order } = prepared;
  const person = await newPerson(browser, { ...LANGUAGES[language], viewport: { width: 360, height: 740 } });
  const { page, context } = person;
  await page.goto(`${server.url}/organizer`);
  await page.locator('input[name="password"]').waitFor();
  if (wanted.test('console-sign-in')) await onState('console-sign-in', page);
  const open = await openConsole(page, server, cookie);
  for (const [view, hash, go] of views({ event: server.event, order }).filter(([each]) => wanted.test(each))) {
    await open(hash);
    await go?.(page);
    await onState(view, page);
  }
  await context.close();
}
