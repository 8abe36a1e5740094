// The language: the browser's, or the one that was switched to and is remembered, with JavaScript and without; texts that
// the server sends are told by their code; and a page that is read from right to left.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { DESKTOP, PHONE, assertNoProblems, isShown, newPerson, openHouse, placeIs } from './browser.mjs';

const KOREAN = { locale: 'ko-KR', timezoneId: 'Asia/Seoul' };

let server, browser, url;
before(async () => {
  ({ server, browser, url } = await openHouse({ event: 'arena' }));
  await server.set('admit_per_tick=0', 'tick_ms=200');
});

const languageOf = (page) => page.evaluate(() => document.documentElement.lang);

test('a Korean browser gets Korean, the switch leads to English, and that is remembered', async () => {
  const person = await newPerson(browser, { ...PHONE, ...KOREAN });
  const { page } = person;
  await page.goto(url);
  assert.equal(await languageOf(page), 'ko');
  await page.getByRole('button', { name: '대기열에 서기' }).click();
  await placeIs(page, 1);
  await page.locator('#line-ahead').filter({ hasText: '다음 차례입니다' }).waitFor();
  const own = await page.locator('#line-title, #line-ahead, #line-facts, #line-keep, #leave-line').allInnerTexts();
  assert.doesNotMatch(own.join(' '), /[A-Za-z]{4,}/);
  await page.getByRole('link', { name: 'English' }).click();
  await page.locator('#line-ahead').filter({ hasText: 'You are next' }).waitFor();
  assert.equal(page.url(), url, 'nothing of it stays in the address');
  await page.reload();
  await placeIs(page, 1);
  assert.equal(await languageOf(page), 'en');
  await page.goto(`${server.url}/draw?event=${server.event}`);
  await page.getByRole('heading', { name: 'Check a draw' }).waitFor();
  await page.getByRole('link', { name: '한국어' }).click();
  await page.getByRole('heading', { name: '추첨 확인' }).waitFor();
  assert.equal(new URL(page.url()).search, `?event=${server.event}`, 'the rest of the address stays');
  assert.deepEqual(person.problems.filter((text) => !/\b404\b/.test(text)), []); // this event has no draw
  await person.context.close();
});

test('the page without JavaScript speaks the same languages', async () => {
  const person = await newPerson(browser, { ...DESKTOP, ...KOREAN, javaScriptEnabled: false });
  const { page } = person;
  await page.goto(url);
  await page.waitForURL(`${url}/line`);
  await page.getByRole('button', { name: '대기열에 서기' }).click();
  await page.getByRole('heading', { name: '대기 중입니다' }).waitFor();
  const words = (await page.locator('main').innerText()).replace(/JavaScript|Arena Night/g, '');
  assert.doesNotMatch(words, /[A-Za-z]{4,}/);
  await page.getByRole('link', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'You are in line' }).waitFor();
  assert.equal(page.url(), `${url}/line`);
  assertNoProblems(person);
  await person.context.close();
});

test('what is asked of the server by header and address', async () => {
  const get = (path, headers = {}) => fetch(server.url + path, { headers, redirect: 'manual' });
  const korean = await get('/', { 'Accept-Language': 'de, ko;q=0.9, en;q=0.5' });
  assert.equal(korean.headers.get('content-language'), 'ko');
  assert.match(korean.headers.get('vary'), /Accept-Language.*Cookie/);
  assert.match(await korean.text(), /<html lang="ko" dir="ltr">/);
  const english = await get('/', { 'Accept-Language': 'ko', Cookie: 'stanchion_language=en' });
  assert.equal(english.headers.get('content-language'), 'en', 'what was chosen comes before what the browser says');
  assert.notEqual(english.headers.get('etag'), korean.headers.get('etag'));
  const known = await get('/', { 'Accept-Language': 'ko', 'If-None-Match': korean.headers.get('etag') });
  assert.equal(known.status, 304);
  assert.equal((await get('/', { 'Accept-Language': 'en', 'If-None-Match': korean.headers.get('etag') })).status, 200);
  const chosen = await get('/draw?event=arena&lang=ko');
  assert.equal(chosen.status, 303);
  assert.equal(chosen.headers.get('location'), '/draw?event=arena');
  assert.match(chosen.headers.get('set-cookie'), /^stanchion_language=ko; Path=\/; HttpOnly; SameSite=Lax; Max-Age=31536000$/);
  for (const path of ['/?lang=xx', '/?lang=', '/e/x%0d%0aSet-Cookie:a?lang=ko', '/draw?event=x%0d%0ay&lang=ko', '/healthz?lang=ko']) {
    const answer = await get(path);
    assert.equal(answer.headers.get('set-cookie')?.includes('stanchion_language') ?? false, false, path);
    assert.equal(answer.headers.get('location'), null, path);
  }
});

test('a refusal that the server words in English is told in Korean', async () => {
  const person = await newPerson(browser, { ...PHONE, ...KOREAN });
  const { page } = person;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    socket.onMessage((text) => socket.send(JSON.stringify({ type: 'error', re: JSON.parse(text).id, code: 'bad_message', message: 'English words' })));
  });
  await page.goto(url);
  await page.getByRole('button', { name: '대기열에 서기' }).click();
  await page.getByText('요청이 처리되지 않았습니다(bad_message)').waitFor();
  assert.equal(await page.getByText('English words').count(), 0);
  await person.context.close();
});

test('from right to left nothing is cut off', async () => {
  for (const options of [PHONE, DESKTOP]) {
    const person = await newPerson(browser, options);
    const { page } = person;
    await page.goto(url);
    await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
    await page.getByRole('button', { name: 'Get in line' }).click();
    await isShown(page, 'line');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    const brand = await page.locator('.brand').boundingBox();
    assert.ok(brand.x > options.viewport.width / 2, 'what stands first stands on the right');
    await person.context.close();
  }
});
