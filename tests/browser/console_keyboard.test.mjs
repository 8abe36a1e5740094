// An organizer in Korean, on a phone, with the keyboard alone (but for choosing a file): creates an event, publishes it, opens,
// pauses, changes the rate, keeps seats and releases them, closes and takes that back, refunds, draws; and a visitor notices.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { organizerOf } from '../support/organizer.mjs';
import { root } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import { GOOD_CARD, PHONE, assertNoProblems, newPerson, openHouse } from './browser.mjs';
import { openConsole } from './console_tour.mjs';

const TABS_MAX = 60;
const SEATS = 'section,row,seat_from,seat_to,category\n1층,가,1,10,앞\n1층,나,1,10,앞\n2층,가,1,6,뒤\n';
const texts = Object.assign({}, ...Object.values(JSON.parse(fs.readFileSync(path.join(root, 'web/words/ko.json'), 'utf8')).parts));
const w = (key, values = {}) => {
  const text = texts[key].other ?? texts[key];
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
};

let server, browser, owner, kim, page, open;
before(async () => {
  ({ server, browser } = await openHouse({ flags: ['--gateways', '1'] }));
  owner = await organizerOf(server, 'kim', 'owner');
  kim = await newPerson(browser, { ...PHONE, locale: 'ko-KR', timezoneId: 'Asia/Seoul' });
  page = kim.page;
  open = await openConsole(page, server, owner.cookie);
  await open('/');
});

const isFocused = (wanted) => wanted.evaluateAll((nodes) => nodes.includes(document.activeElement));

// Tab, until what is wanted has the focus; what cannot be reached so is not there for everybody.
async function tabTo(wanted) {
  await wanted.first().waitFor();
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    if (await isFocused(wanted)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`not reached with Tab: ${wanted}`);
}
const press = async (wanted) => { await tabTo(wanted); await page.keyboard.press('Enter'); };
const button = (key, values) => page.getByRole('button', { name: w(key, values), exact: true });
const link = (key) => page.getByRole('link', { name: w(key), exact: true });
const fill = async (wanted, text) => { await tabTo(wanted); await page.keyboard.press('Control+A'); await page.keyboard.type(text); };
const field = (name) => page.locator(`input[name="${name}"]`);
const inDialog = (key) => page.getByRole('dialog').getByRole('button', { name: w(key), exact: true });
const phaseIs = (phase) => page.locator(`.badge.is-${phase}`).filter({ hasText: w(`phase.${phase}`) }).waitFor();
const saidDone = (key) => page.locator('#done p').filter({ hasText: w(key) }).waitFor();
const tab = (key) => press(page.getByRole('navigation', { name: w('tab.all') }).getByRole('link', { name: w(key), exact: true }));
const turnTo = async (phase, key) => {
  await press(button(key));
  await press(inDialog(`ask.${phase}Yes`));
  await phaseIs(phase);
};
const apply = async (name, text) => {
  await fill(field(name), text);
  await page.locator('.effects li').first().waitFor();
  await page.keyboard.press('Enter');
  await saidDone('steer.done');
};

test('an event is made in six steps and published', async () => {
  await page.getByRole('heading', { name: w('office.none'), exact: true }).waitFor();
  await press(link('office.new'));
  await page.getByRole('heading', { name: w('create.title'), exact: true }).waitFor();
  await fill(field('name'), '겨울 밤');
  await fill(field('id'), 'winter');
  await fill(field('currency'), 'KRW');
  await fill(field('time_zone'), 'Asia/Seoul');
  await page.keyboard.press('Enter');
  await page.locator('input[type="file"]').setInputFiles([{ name: '좌석.csv', mimeType: 'text/csv', buffer: Buffer.from(SEATS) }]);
  await page.getByText(w('files.good', { seats: 26, standing: 0 })).waitFor();
  await press(button('create.draft'));
  await page.getByRole('heading', { name: w('step.prices'), exact: true }).waitFor();
  await fill(page.getByRole('group', { name: '앞', exact: true }).locator('input'), '99000');
  await fill(page.getByRole('group', { name: '뒤', exact: true }).locator('input'), '55,5');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: w('price.bad', { name: '뒤', example: '12500' }) }).waitFor();
  await fill(page.getByRole('group', { name: '뒤', exact: true }).locator('input'), '55000');
  await page.keyboard.press('Enter');
  for (const step of ['limits', 'schedule']) {
    await page.getByRole('heading', { name: w(`step.${step}`), exact: true }).waitFor();
    await press(button('step.saveNext'));
  }
  await page.getByRole('heading', { name: w('step.check'), exact: true }).waitFor();
  await page.getByText(w('finding.no_opening')).waitFor();
  await press(button('check.publish'));
  await press(inDialog('check.publish'));
  await phaseIs('announced');
  assertNoProblems(kim);
});

test('it is steered: opened, slowed, paused, told; and closing is taken back', async () => {
  await turnTo('open', 'steer.open');
  await apply('rate', '0');
  await page.getByText(w('steer.inForce', { n: '0' }), { exact: true }).waitFor();
  const visitor = await visit(server, { event: 'winter' });
  const joined = await visitor.ask({ type: 'join' });
  assert.equal(joined.type, 'place');
  await page.locator('.tile', { hasText: w('live.waiting') }).locator('.tile-figure').filter({ hasText: /^1$/ }).waitFor();
  await turnTo('paused', 'steer.pause');
  await visitor.push(({ phase }) => phase === 'paused');
  await apply('message', '곧 시작합니다');
  await visitor.push((push) => JSON.stringify(push).includes('곧 시작합니다'));
  await press(button('steer.close'));
  await page.getByRole('dialog').locator('.effects').waitFor();
  await press(inDialog('ask.closedYes'));
  await phaseIs('closed');
  await visitor.push(({ phase }) => phase === 'closed');
  const told = visitor.pushes.length;
  await press(button('office.undo'));
  await phaseIs('paused');
  const again = await visitor.push(({ type, phase }) => type === 'place' && phase === 'paused', { after: told });
  assert.equal(again.seq, joined.seq, 'the place was kept');
  await turnTo('open', 'steer.open');
  await apply('rate', '10');
  const { pass } = await visitor.push('admitted');
  assert.equal((await visitor.ask({ type: 'enter', pass })).type, 'entered');
  await visitor.ask({ type: 'hold', best: { count: 1 } });
  const { order } = await visitor.ask({ type: 'checkout' });
  await visitor.ask({ type: 'pay', order, card: GOOD_CARD });
  await visitor.push('confirmed');
  await page.locator('.tile', { hasText: w('live.revenue') }).getByText(/₩99,000/).waitFor();
  await visitor.close();
  assertNoProblems(kim);
});

test('seats are kept and released, and an order is refunded', async () => {
  await tab('tab.seats');
  await fill(field('name'), '협찬');
  await tabTo(page.locator('select[name="section"]'));
  await page.keyboard.press('End');
  await page.locator('.effects').waitFor();
  await press(button('stock.keepNow'));
  await press(button('stock.releaseOf', { name: '협찬' }));
  await press(inDialog('stock.releaseYes'));
  await page.getByRole('heading', { name: w('stock.none'), exact: true }).waitFor();
  await tab('tab.orders');
  await press(page.locator('.results').getByRole('link'));
  await fill(field('reason'), '요청');
  await press(button('order.refundChosen'));
  await page.getByRole('dialog').getByText(w('effect.final')).waitFor();
  await press(page.getByRole('dialog').getByRole('button', { name: /₩99,000/ }));
  await page.getByText(w('order.isRefunded'), { exact: true }).first().waitFor();
  await press(link('office.log'));
  for (const verb of ['order_refund', 'stock_release', 'stock_withhold', 'event_publish']) await page.getByText(w(`verb.${verb}`)).first().waitFor();
  const told = await page.locator('.entry-row').filter({ hasText: '겨울 밤' }).allInnerTexts();
  assert.ok(told.length >= 12, `${told.length}`);
  assert.doesNotMatch(told.join('\n').replace(/kim|KRW|Asia\/Seoul|o_[\w-]+/g, ''), /[A-Za-z]{3,}/);
  assertNoProblems(kim);
});

test('a draw: the commitment, the line, the root, the beacon, the order', async () => {
  await owner.must(201, 'POST', 'events', { id: 'drawn', name: '추첨 공연', currency: 'KRW', time_zone: 'Asia/Seoul', map: {},
    files: [{ name: 'seats.csv', text: SEATS }], settings: { draw: '1', draw_beacon_wait: '1', tick_ms: '200' } });
  await owner.must(200, 'POST', 'events/drawn/edit', { prices: { 앞: 99000, 뒤: 55000 } });
  await owner.must(200, 'POST', 'events/drawn', { phase: 'announced' });
  const lottery = page.locator('section', { has: page.getByRole('heading', { name: w('lottery.title'), exact: true }) }).last();
  const says = (key, values) => lottery.getByText(w(key, values), { exact: true }).waitFor();
  await open('/e/drawn/live');
  await says('lottery.committed');
  await page.locator('.part.is-good', { hasText: w('part.gateways') }).waitFor(); // nobody is there, and nothing is wrong
  const commitment = await lottery.locator('code').first().innerText();
  assert.match(commitment, /^[0-9a-f]{64}$/);
  await owner.must(200, 'POST', 'events/drawn', { phase: 'prequeue' });
  await phaseIs('prequeue');
  const visitors = await Promise.all([1, 2, 3].map(() => visit(server, { event: 'drawn' })));
  const places = await Promise.all(visitors.map((visitor) => visitor.ask({ type: 'join' })));
  assert.ok(places.every(({ type }) => type === 'place'), JSON.stringify(places));
  await press(button('steer.open'));
  await press(inDialog('ask.openYes'));
  await says('lottery.waits', { n: 3 });
  await fill(field('draw_beacon'), 'drand 4711: 8f2c');
  await page.keyboard.press('Enter');
  await says('lottery.done', { n: 3 });
  await lottery.getByText('drand 4711: 8f2c').waitFor();
  assert.equal(await lottery.locator('code').first().innerText(), commitment);
  await phaseIs('open');
  await Promise.all(visitors.map((visitor) => visitor.push('admitted')));
  await Promise.all(visitors.map((visitor) => visitor.close()));
  assertNoProblems(kim);
});
