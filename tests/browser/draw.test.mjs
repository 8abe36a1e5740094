// The page that checks a draw: with a file made here, without a connection, and with the proof of a real place.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';
import { PHONE, assertNoProblems, newPerson, openHouse, placeOf } from './browser.mjs';

const PEOPLE = 9;
let server, browser, transcript, published, waiting;
const people = [];
const folder = temporaryDirectory();

function save(name, text) {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text);
  return file;
}

// In the line, where there is no number before the draw.
async function joinInDraw(page) {
  await page.goto(`${server.url}/e/arena`);
  await page.getByRole('button', { name: 'Get in line' }).click();
  await page.getByRole('button', { name: 'Leave the line' }).waitFor();
}

before(async () => {
  ({ server, browser } = await openHouse({ event: 'arena', open: false }));
  const set = (...pairs) => server.cli(['event', 'set', 'arena', ...pairs]);
  const info = async (rest = '') => (await fetch(`${server.url}/api/v1/events/arena${rest}`)).json();
  await set('tick_ms=100', 'admit_per_tick=0', 'draw=1', 'draw_beacon=heads or tails');
  await until('it is committed to', async () => (await info()).draw?.state === 'committed');
  await set('phase=prequeue');
  await until('the line is open', async () => (await info()).phase === 'prequeue');
  for (let i = 0; i < PEOPLE; i++) {
    const person = await visit(server);
    people.push({ ...await person.ask({ type: 'join' }), person });
  }
  waiting = await newPerson(browser, PHONE);
  await joinInDraw(waiting.page);
  await set('phase=open');
  published = await until('it is drawn', async () => { const draw = await info('/draw'); return draw.state === 'done' && draw; });
  transcript = (await server.cli(['draw', 'export', 'arena', '-'])).stdout;
});

async function open(address = '/draw', options) {
  const person = await newPerson(browser, options);
  await person.page.goto(server.url + address);
  await person.page.getByRole('heading', { name: 'Check a draw' }).waitFor();
  return person;
}

async function check(page, file) {
  await page.locator('#file').setInputFiles(file);
  await page.getByRole('button', { name: 'Check' }).click();
  await page.locator('#verdict:not([hidden])').waitFor();
  return page.locator('#verdict').textContent();
}

const wrongSteps = (page) => page.locator('#steps li').filter({ hasText: 'WRONG' }).locator('span').allTextContents();

test('who waits is shown the new place, and can check it from there', async () => {
  const { page } = waiting;
  const place = await placeOf(page);
  const drawn = transcript.trimEnd().split('\n').slice(-PEOPLE - 1).map((line) => line.split(' '));
  await page.getByRole('link', { name: 'Check the draw and your place in it' }).click();
  await page.waitForFunction(() => document.getElementById('root').value && document.getElementById('receipt').value);
  const { visitor } = JSON.parse(Buffer.from((await page.locator('#receipt').inputValue()).split('.')[1], 'base64url'));
  const [seq, , next] = drawn.find((line) => line[1] === visitor);
  assert.equal(Number(next), place, 'the number on the page is the one of the draw');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText(`Place ${seq} is under the root, and went to place ${next}.`).waitFor();
  assertNoProblems(waiting);
  await waiting.context.close();
});

test('a true draw is found right, without a connection and without being sent', async () => {
  const person = await open('/draw', PHONE);
  const { page, context } = person;
  await page.locator('#commitment').fill(published.commitment);
  await page.locator('#root').fill(published.root);
  await context.setOffline(true);
  assert.equal(await check(page, save('true.draw', transcript)), `The draw of ${PEOPLE + 1} places is right.`);
  assert.deepEqual(await page.locator('#steps strong').allTextContents(), Array(5).fill('right'));
  const [{ receipt, seq }] = people;
  await page.locator('#receipt').fill(receipt);
  await page.getByRole('button', { name: 'Show' }).click();
  const next = transcript.match(new RegExp(`^${seq} \\S+ (\\d+)$`, 'm'))[1];
  await page.getByText(`Place ${seq} went to place ${next}.`).waitFor();
  await page.locator('#receipt').fill(people[1].receipt.replace(/^r1/, 'p1'));
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText('This is not a receipt.').waitFor();
  assertNoProblems(person);
  await context.close();
});

test('every lie is named', async () => {
  const person = await open();
  const { page } = person;
  const lines = transcript.split('\n');
  const change = (name, edit) => lines.map((line) => (line.startsWith(`${name} `) ? edit(line) : line)).join('\n');
  const flip = (line) => line.replace(/.$/, (c) => (c === '0' ? '1' : '0'));
  const first = lines.findIndex((line) => line.startsWith('places ')) + 1;
  const [a, b] = [lines[first].split(' '), lines[first + 1].split(' ')];
  const swapped = lines.with(first, [a[0], a[1], b[2]].join(' ')).with(first + 1, [b[0], b[1], a[2]].join(' ')).join('\n');
  const names = { commitment: 'The secret was fixed before the line opened', root: 'The places are those that the root fixes', seed: 'The seed comes from secret, root and beacon', order: 'Every place went where the seed sends it' };
  const cases = [
    [change('commitment', flip), [names.commitment]],
    [change('beacon', () => 'beacon tails'), [names.seed]],
    // Somebody else's name may by chance be sent where the true one went: that the order is wrong, too, is not certain.
    [lines.with(first, a.with(1, 'x'.repeat(12)).join(' ')).join('\n'), [names.root]],
    [swapped, [names.order]],
  ];
  for (const [i, [text, expected]] of cases.entries()) {
    assert.equal(await check(page, save(`lie-${i}.draw`, text)), 'This draw is not right.');
    const found = await wrongSteps(page);
    assert.deepEqual(found.filter((step) => expected.includes(step)), expected, `lie ${i}: ${found}`);
  }
  await page.locator('#root').fill('f'.repeat(64));
  assert.equal(await check(page, save('true.draw', transcript)), 'This draw is not right.');
  assert.deepEqual(await wrongSteps(page), ['The file is about what was published']);
  await page.locator('#root').fill('');
  assert.equal(await check(page, save('no.draw', 'hello\n')), 'This file is not the transcript of a draw.');
  assert.equal(await check(page, save('cut.draw', lines.slice(0, -3).join('\n'))), `The file is damaged at line ${lines.length - 3}.`);
  assertNoProblems(person);
  await person.context.close();
});

test('a receipt and its proof are checked without the file', async () => {
  const person = await open('/draw?event=arena');
  const { page } = person;
  await page.waitForFunction(() => document.getElementById('root').value.length === 64);
  assert.equal(await page.locator('#root').inputValue(), published.root);
  for (const { receipt, seq } of people.slice(0, 3)) {
    const { new_seq: next } = await (await fetch(`${server.url}/api/v1/events/arena/draw/proof/${seq}`)).json();
    await page.locator('#receipt').fill(receipt);
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText(`Place ${seq} is under the root, and went to place ${next}.`).waitFor();
  }
  await page.locator('#root').fill('0'.repeat(64));
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText('The proof does not lead from this place to the root.').waitFor();
  assertNoProblems(person);
  await person.context.close();
});

// A large draw, made here: the page works it out in a few seconds.
test('twenty thousand places', async () => {
  const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  const places = Array.from({ length: 20_000 }, (_, i) => ({ seq: i + 1, visitor: `v${String(i).padStart(11, '0')}` }));
  let level = places.map(({ seq, visitor }) => sha(Buffer.of(0), `big ${seq} ${visitor}`));
  while (level.length > 1) level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => (2 * i + 1 < level.length ? sha(Buffer.of(1), level[2 * i], level[2 * i + 1]) : level[2 * i]));
  const secret = Buffer.alloc(32, 7), [root] = level, seed = sha(secret, root);
  const order = places.map((place) => ({ place, rank: createHmac('sha256', seed).update(place.visitor).digest('hex') })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  order.forEach(({ place }, k) => { place.next = k + 1; });
  const head = { event: 'big', committed_at_ms: 1, commitment: sha(secret).toString('hex'), cut: 20_000, rooted_at_ms: 2, root: root.toString('hex'), drawn_at_ms: 3, secret: secret.toString('hex'), beacon: '', seed: seed.toString('hex'), places: 20_000 };
  const file = save('big.draw', ['stanchion-draw 1', ...Object.entries(head).map(([name, value]) => `${name} ${value}`), ...places.map(({ seq, visitor, next }) => `${seq} ${visitor} ${next}`), ''].join('\n'));
  const person = await open();
  assert.equal(await check(person.page, file), 'The draw of 20,000 places is right.');
  assertNoProblems(person);
  await person.context.close();
});
