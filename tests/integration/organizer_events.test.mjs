// From files to a published event on the organizer's console.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { organizerOf } from '../support/organizer.mjs';
import { root, startStanchion, until } from '../support/stanchion.mjs';

let server, owner;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'] });
  owner = await organizerOf(server, 'olga', 'owner');
});
after(async () => { await server?.stop(); });

const seats = 'section,row,seat,category\nA,1,1,Front\nA,1,2,Front\nB,1,1,Back\n';
const file = (name, text) => ({ name, text });
const tomorrow = () => String(Date.now() + 86_400_000);
const basics = { id: 'gala', name: 'Gala Night', currency: 'EUR', time_zone: 'Europe/Berlin' };

test('an inventory is looked at before anything is stored', async () => {
  const good = await owner.must(200, 'POST', 'inventory/check', { currency: 'EUR', files: [file('seats.csv', seats), file('prices.csv', 'category,price\nFront,12.50\n')] });
  assert.deepEqual([good.seats_count, good.standing_count, good.currency, good.warnings_count], [3, 0, 'EUR', 0]);
  assert.deepEqual(good.plan.categories.map(({ name, price_minor: price }) => [name, price]), [['Front', 1250], ['Back', -1]]);
  const mapped = await owner.must(200, 'POST', 'inventory/check', { map: { section: 'Sektor' }, files: [file('mine.csv', seats.replace('section', 'Sektor'))] });
  assert.equal(mapped.seats_count, 3);
  const ini = 'name = Gala\ntime_zone = Europe/Berlin\n[settings]\nactive_cap = 70\n';
  const whole = await owner.must(200, 'POST', 'inventory/check', { files: [file('seats.csv', seats), file('event.ini', ini)] });
  assert.deepEqual([whole.name, whole.time_zone, whole.settings], ['Gala', 'Europe/Berlin', { active_cap: '70' }]);
  assert.deepEqual((await owner.must(200, 'GET', 'events')).events, []);
});

test('faults are listed with file, line and column', async () => {
  const bad = await owner.post('inventory/check', { files: [file('seats.csv', `${seats}A,1,2,Front\nA,2\n`), file('event.ini', 'active_cap = many\n')] });
  assert.deepEqual([bad.status, bad.body.error, bad.body.errors_count], [422, 'bad_inventory', bad.body.errors.length]);
  const first = bad.body.errors.find(({ file: name }) => name === 'seats.csv');
  assert.deepEqual([first.line > 1, first.column > 0], [true, true]);
  assert.ok(bad.body.errors.some(({ file: name, line, message }) => name === 'event.ini' && line === 1 && /active_cap/.test(message)), JSON.stringify(bad.body.errors));
  assert.ok(!JSON.stringify(bad.body).includes('/tmp'));
  for (const body of [{}, { files: [] }, { files: [file('../x', '')] }, { files: [file('a/b.csv', '')] }, { files: [{ name: 'x' }] }, { files: [file('a', 'x'), file('a', 'y')] },
    { files: [file('a.csv', seats)], currency: 'euro' }, '[', '{"files":']) {
    const refused = await owner.post('inventory/check', body);
    assert.deepEqual([refused.status, refused.body.error], [400, 'bad_message'], JSON.stringify(body));
  }
  // Other tests may be uploading at this moment; what they do is gone a moment later.
  await until('no directory is left', () => fs.readdirSync(os.tmpdir()).every((name) => !name.startsWith('stanchion-upload-')));
});

test('a draft is made, is seen by organizers only, and cannot be sold without prices', async () => {
  const made = await owner.must(201, 'POST', 'events', { ...basics, files: [file('seats.csv', seats)], settings: { opens_at_ms: tomorrow() } });
  assert.deepEqual([made.event, made.seats_count], ['gala', 3]);
  assert.equal((await owner.post('events', { ...basics, files: [file('seats.csv', seats)] })).status, 409);
  const shown = await owner.must(200, 'GET', 'events/gala');
  assert.deepEqual([shown.id, shown.phase, shown.name, shown.time_zone], ['gala', 'draft', 'Gala Night', 'Europe/Berlin']);
  assert.equal((await fetch(`${server.url}/api/v1/events/gala`)).status, 404);
  const { is_ready: isReady, findings } = await owner.must(200, 'GET', 'events/gala/check');
  assert.deepEqual([isReady, findings.filter(({ level }) => level === 'error').map(({ code, what }) => [code, what])], [false, [['no_price', 'Front'], ['no_price', 'Back']]]);
  const refused = await owner.post('events/gala/publish');
  assert.deepEqual([refused.status, refused.body.error, refused.body.findings.length], [409, 'not_ready', findings.length]);
  assert.match((await owner.post('events/gala', { phase: 'open' })).body.message, /no price for category "Front"/);
  assert.match((await server.cli(['event', 'open', 'gala'])).stderr, /no price for category "Front"/);
});

test('names and prices of a draft', async () => {
  await owner.must(200, 'POST', 'events/gala/edit', { name: 'Gala', prices: { Front: 12900, Back: 4500 } });
  const { categories } = await until('the plan with prices', async () => {
    const answer = await owner.get('events/gala/plan');
    return answer.status === 200 && answer.body.categories.every((category) => category.price_minor > 0) && answer.body;
  });
  assert.deepEqual(categories.map((category) => category.price_minor), [12900, 4500]);
  assert.equal((await owner.must(200, 'GET', 'events/gala')).name, 'Gala');
  const { verb, before: was, after: is } = (await owner.must(200, 'GET', 'log?event=gala&limit=1')).entries[0];
  assert.deepEqual([verb, was, is], ['event.edit', { name: 'Gala Night', Front: -1, Back: -1 }, { name: 'Gala', Front: 12900, Back: 4500 }]);
  for (const prices of [{ Side: 5 }, { Front: -2 }, { Front: 1.5 }, [1]]) {
    assert.equal((await owner.post('events/gala/edit', { prices })).body.error, 'bad_request', JSON.stringify(prices));
  }
});

test('another inventory for the draft keeps its settings', async () => {
  const more = `${seats}C,1,1,Back\n`, prices = 'category,price\nFront,10\nBack,5\n';
  const replaced = await owner.must(200, 'POST', 'events/gala/inventory', { files: [file('seats.csv', more), file('prices.csv', prices)] });
  assert.equal(replaced.seats_count, 4);
  const { settings, seats: count } = await owner.must(200, 'GET', 'events/gala');
  assert.deepEqual([count, Number(settings.opens_at_ms) > Date.now()], [4, true]);
  assert.equal((await owner.post('events/nothing/inventory', { files: [file('seats.csv', more)] })).status, 404);
});

test('who has replaced the seats sees the new ones at once', async () => {
  await owner.must(201, 'POST', 'events', { ...basics, id: 'swap', files: [file('seats.csv', seats)], settings: {} });
  for (let i = 1; i <= 8; i++) {
    await owner.must(200, 'POST', 'events/swap/inventory', { files: [file('seats.csv', seats.replaceAll('Front', `Front ${i}`))] });
    const { categories } = await owner.must(200, 'GET', 'events/swap/plan');
    assert.ok(categories.some(({ name }) => name === `Front ${i}`), JSON.stringify(categories));
  }
  await owner.must(200, 'DELETE', 'events/swap');
  assert.equal((await owner.get('events/swap/plan')).status, 404);
});

test('publishing, and after it nothing of a draft can be changed', async () => {
  assert.equal((await owner.must(200, 'GET', 'events/gala/check')).is_ready, true);
  assert.equal((await owner.must(200, 'POST', 'events/gala/publish')).phase, 'announced');
  assert.equal((await owner.must(200, 'GET', 'log?event=gala&limit=1')).entries[0].verb, 'event.publish');
  await until('visitors see it', async () => (await fetch(`${server.url}/api/v1/events/gala`)).status === 200);
  for (const [where, body] of [['publish', {}], ['edit', { name: 'x' }], ['inventory', { files: [file('seats.csv', seats)] }]]) {
    const refused = await owner.post(`events/gala/${where}`, body);
    assert.deepEqual([refused.status, refused.body.error], [409, 'not_draft'], where);
  }
});

test('a large inventory goes through; one that is too large, or of nobody, is refused by its length', async () => {
  const text = fs.readFileSync(path.join(root, 'docs/examples/arena/plan.json'), 'utf8');
  const prices = fs.readFileSync(path.join(root, 'docs/examples/arena/prices.csv'), 'utf8');
  const padding = `${'x'.repeat(2_000_000)}\n`;
  const made = await owner.must(201, 'POST', 'events', { ...basics, id: 'big', files: [file('plan.json', text), file('prices.csv', prices)], settings: { opens_at_ms: tomorrow() }, padding });
  assert.ok(made.seats_count > 10_000);
  assert.equal((await owner.post('events/big/edit', { name: 'x'.repeat(70_000) })).status, 413);
  assert.equal((await fetch(`${server.url}/api/v1/organizer/events`, { method: 'POST', body: 'x'.repeat(70_000), headers: { Origin: server.url } })).status, 413);
});

test('the same on the command line', async () => {
  assert.match((await server.cli(['event', 'check', 'gala'])).stdout, /warning +no_accessible/);
  const refused = await server.cli(['event', 'publish', 'gala']);
  assert.deepEqual([refused.code, /published already/.test(refused.stderr)], [1, true]);
  const published = await server.cli(['event', 'publish', 'big']);
  assert.equal(published.code, 0, published.stderr);
});
