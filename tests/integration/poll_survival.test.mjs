// Redis comes back empty, and those who have no socket come back too: polls with their receipts, pages without
// JavaScript with the one in their cookie. The old order is kept.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { everyGatewayKnows } from '../support/gateways.mjs';
import { PlainBrowser } from '../support/plain_browser.mjs';
import { Poller } from '../support/poller.mjs';
import { endRecovery, loseRedis } from '../support/redis.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';

const PAIRS = 12;
const RECOVERY_MS = 120_000; // ended when all have been seen to be back
const page = '/e/arena/line';

let server;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena', open: false });
  await server.set('phase=open', 'tick_ms=200', 'admit_per_tick=0', `recovery_ms=${RECOVERY_MS}`);
});
after(async () => { await server?.stop(); });

// Their places, in the order in which they came: by receipt, by page, by receipt, ...
async function placesOf(people) {
  const places = [];
  for (const one of people) {
    if (one instanceof Poller) {
      const { body } = await one.poll([{ type: 'resume', receipt: one.receipt }]).catch(() => ({ body: {} }));
      places.push(body.messages?.[0].type === 'place' ? body.messages[0].ahead + 1 : null);
    } else {
      await one.go(page).catch(() => { one.page = ''; });
      places.push(one.number || null);
    }
  }
  return places;
}

test('polls and pages get their old places back', async () => {
  const people = [];
  for (let i = 0; i < PAIRS; i++) {
    const [poller, browser] = [new Poller(server), new PlainBrowser(server)];
    assert.equal((await poller.join()).type, 'place');
    await browser.go(page);
    await browser.press('join');
    people.push(poller, browser);
  }
  const wanted = people.map((_, i) => i + 1);
  assert.deepEqual(await placesOf(people), wanted);
  const careless = new PlainBrowser(server); // was in line, but has lost its cookies' receipt
  await careless.go(page);
  await careless.press('join');
  careless.cookies.delete('stanchion_receipt');
  const waiting = people[0].poll([{ type: 'resume', receipt: people[0].receipt }], 20_000).catch(() => ({}));

  await loseRedis(server, { keptBytes: 0 });
  let places = [], hasSaid = false;
  await until('the line recovers', async () => {
    places = await placesOf(people);
    hasSaid ||= people[1].says.includes('put together again');
    return places.every(Boolean);
  });
  assert.deepEqual(places, wanted, 'in the window the old numbers are told');
  assert.ok(hasSaid, people[1].says);
  await careless.press('join');
  assert.equal(careless.status, 503);
  assert.match(careless.says, /put together again/, 'no new place in the window');
  await waiting;
  await endRecovery(server);
  await everyGatewayKnows(server, 'it is over', (event) => event?.recovers_at_ms === 0);
  assert.doesNotMatch((await people[1].go(page)).says, /put together again/);
  assert.deepEqual(await placesOf(people), wanted);
  await careless.go(page);
  await careless.press('join');
  assert.ok(careless.number > wanted.length, careless.says);
});
