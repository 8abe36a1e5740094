// Small events of their own for tests that run beside each other on one server.
//
//   const newEvent = eventsOf(() => server);
//   const event = await newEvent('admit_per_tick=0');       { id, url, set(), get(), is(), path }
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { temporaryDirectory, until } from '../support/stanchion.mjs';

const SEATS = 'section,row,seat,category,price,currency\nA,1,1,Front,10.00,EUR\nA,1,2,Front,10.00,EUR\nB,1,1,Back,5.00,EUR\n';

// serverOf(): the server of the test file. `seats` is the inventory: three seats in two sections unless told otherwise.
export function eventsOf(serverOf, { seats = SEATS } = {}) {
  const file = path.join(temporaryDirectory(), 'small.csv');
  fs.writeFileSync(file, seats);
  let count = 0;

  // Open at once unless a phase is among the settings.
  return async (...settings) => {
    const server = serverOf();
    const id = `small-${++count}`;
    const cli = async (...args) => {
      const done = await server.cli(args);
      assert.equal(done.code, 0, `${done.stderr}${done.stdout}`);
      return done.stdout;
    };
    const event = {
      id,
      path: `/e/${id}`,
      url: `${server.url}/e/${id}`,
      set: (...pairs) => cli('event', 'set', id, ...pairs),
      get: async () => (await fetch(`${server.url}/api/v1/events/${id}`)).json(),
    };
    // What a gateway says of it; another one may say it a moment later.
    event.is = (what, fits) => until(what, async () => fits(await event.get()));
    await cli('event', 'load', file, '--id', id);
    await event.set('tick_ms=100', ...settings);
    if (!settings.some((pair) => pair.startsWith('phase='))) {
      await event.set('phase=open');
      await event.is('the event is open', ({ phase }) => phase === 'open');
    }
    return event;
  };
}
