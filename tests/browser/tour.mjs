// Every page and state that a visitor may see, one after the other, for those who look at all of them: axe.test.mjs and
// screens.mjs. Pages, seats and the ticket are the server's own. What an event and a line say is put into their place
// here: a state that takes a crowd, a lost Redis or an evening to come about is shown at once. That these states come
// about is the business of the other tests.
import { visit } from '../support/visitor.mjs';
import { GOOD_CARD, newPerson } from './browser.mjs';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const LANGUAGES = { en: { locale: 'en-GB', timezoneId: 'Europe/London' }, ko: { locale: 'ko-KR', timezoneId: 'Asia/Seoul' } };

// What a visitor who bought two seats was told: { confirmed, seats }.
export async function buyTwo(server) {
  const visitor = await visit(server);
  await visitor.enter();
  const { seats } = await visitor.ask({ type: 'hold', best: { count: 2 } });
  const { order } = await visitor.ask({ type: 'checkout' });
  await visitor.ask({ type: 'pay', order, card: GOOD_CARD });
  const confirmed = await visitor.push('confirmed');
  await visitor.close();
  return { confirmed, seats };
}

// `now` and `real` = { event, plan, bought } make the scripted parts.
function messages({ event, plan, bought }) {
  const now = () => Date.now();
  const free = event.categories.map((category) => category.free);
  const [seatA, seatB] = bought.seats;
  const money = { amount_minor: bought.confirmed.amount_minor, currency: event.currency };
  const states = Buffer.alloc(Math.ceil(plan.seats_count / 4));
  for (let seat = 0; seat < plan.seats_count; seat++) {
    const at = (seat * 7919) % 1000;
    const state = at < 330 ? 2 : at < 420 ? 1 : 0;
    if (seat !== seatA && seat !== seatB) states[seat >> 2] |= state << ((seat & 3) * 2);
  }
  return {
    place: (more) => ({ type: 'place', seq: 4711, ahead: 1241, phase: 'open', free, eta_low_ms: 4 * MINUTE_MS,
      eta_high_ms: 7 * MINUTE_MS, receipt: 'r1.eyJ0Ijoic2hvd24ifQ.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', spread_ms: 1000, server_ms: now(), ...more }),
    admitted: () => ({ type: 'admitted', pass: 'p1.x.y', admission: 37, seq: 4711, at_ms: now(), deadline_ms: now() + MINUTE_MS, server_ms: now() }),
    entered: (hold = null) => ({ type: 'entered', deadline_ms: now() + 9 * MINUTE_MS, seats_max: 3, hold, server_ms: now() }),
    map: () => ({ type: 'map', version: 1, states: states.toString('base64'), server_ms: now() }),
    held: (seats = [seatA, seatB]) => ({ type: 'held', seats, total_minor: money.amount_minor, currency: money.currency, deadline_ms: now() + 8 * MINUTE_MS }),
    payment: () => ({ type: 'payment', order: bought.confirmed.order, seats: [seatA, seatB], ...money, tickets: bought.confirmed.tickets, deadline_ms: now() + 6 * MINUTE_MS }),
    frozen: () => ({ type: 'deadline', deadline_ms: now() + 7 * MINUTE_MS, is_frozen: true }),
    confirmed: () => bought.confirmed,
    tickets: (orders) => ({ type: 'tickets', orders }),
    error: (code, more) => ({ type: 'error', code, message: 'words of the server', ...more }),
  };
}

const typesOf = ({ price_minor: price }) => [['Adult', price], ['Under 26 and over 65', price * 0.6], ['Child', 0]].map(([name, price_minor]) => ({ name, price_minor }));

const click = (name) => async (page) => page.locator(name).click();
const inView = (name) => (page) => page.locator(`main > section[data-for="${name}"]:not([hidden])`).waitFor();

// { name, path, event: changes of EVENT, events: of the list, says: {type of request: answer or function}, push: after a
// join, go(page): what the visitor does, until(page): when it is there }
function list(real) {
  const m = messages(real);
  const orders = [real.bought.confirmed];
  const join = (answer) => ({ join: answer, resume: answer });
  const inLine = async (page) => { await click('#join')(page); await inView('line')(page); };
  const line = (name, { event = {}, place = {}, more = {} } = {}) => ({ name: `line-${name}`, event, says: join(() => m.place(place)), ...more,
    go: inLine, until: more.until ?? ((page) => page.locator('#line-number:not(:empty)').waitFor()) });
  const inside = { ...join(() => m.admitted()), enter: () => m.entered(), map: () => m.map(), hold: ({ seats }) => m.held(seats), checkout: () => m.payment(),
    release: () => ({ type: 'released', seats: [], deadline_ms: Date.now() + 8 * MINUTE_MS }) };
  const enter = async (page) => { await click('#join')(page); await click('#enter')(page); await inView('seats')(page); await page.locator('#map-loading').waitFor({ state: 'hidden' }); };
  const take = async (page) => { await enter(page); await click('#best-go')(page); await page.locator('#seats-mine li').first().waitFor(); };
  const pay = async (page) => { await take(page); await click('#checkout')(page); await inView('payment')(page); };
  const payWith = async (page) => { await pay(page); await page.locator('#card').fill(GOOD_CARD); await click('#pay')(page); };
  const seats = (name, go, more = {}) => ({ name: `seats-${name}`, says: { ...inside, ...more }, go, until: inView('seats') });
  let isPaid = false;
  const paying = { pay: () => ({ type: 'paying', order: real.bought.confirmed.order }), tickets: () => m.tickets([]) };
  const ended = (name, push, says = {}) => ({ name: `ended-${name}`, says: { ...inside, ...join(() => m.place()), ...says }, push, go: inLine, until: inView('ended') });
  const opensIn = (ms) => ({ phase: 'announced', opens_at_ms: Date.now() + ms });
  return [
    { name: 'events', path: '/', until: (page) => page.locator('.event-card').first().waitFor() },
    { name: 'events-many', path: '/', events: [{ ...real.event, starts_at_ms: Date.now() + 23 * DAY_MS },
      { ...real.event, id: 'b', name: 'A name that needs more than one line, because it tells everything', phase: 'announced', ...opensIn(3 * DAY_MS), starts_at_ms: Date.now() + 60 * DAY_MS },
      { ...real.event, id: 'c', phase: 'paused' }, { ...real.event, id: 'd', phase: 'sold_out' }], until: (page) => page.locator('.event-card').first().waitFor() },
    { name: 'events-none', path: '/', events: [], until: (page) => page.locator('#hint:not([hidden])').waitFor() },
    { name: 'sale', event: { starts_at_ms: Date.now() + 23 * DAY_MS }, until: inView('sale') },
    { name: 'sale-accent', event: { starts_at_ms: Date.now() + 23 * DAY_MS, accent: '#8a1c7c' }, until: (page) => page.waitForFunction(() => document.documentElement.style.getPropertyValue('--accent')) },
    { name: 'sale-types', event: { categories: real.event.categories.map((each, at) => (at % 3 ? each : { ...each, types: typesOf(each) })) }, until: inView('sale') },
    { name: 'sale-announced', event: { starts_at_ms: Date.now() + 40 * DAY_MS, ...opensIn(3 * DAY_MS + 5_000_000), prequeue_at_ms: Date.now() + 3 * DAY_MS, waiting: 0 }, until: inView('sale') },
    { name: 'sale-soon', event: opensIn(125_000), until: inView('sale') },
    { name: 'sale-draw', event: { ...opensIn(900_000), phase: 'prequeue', draw: { state: 'committed', commitment: 'ab'.repeat(32), places: 0 }, message: 'Doors open at seven. Bags larger than A4 stay outside.' },
      until: (page) => page.locator('#sale-hint:not(:empty)').waitFor() },
    { name: 'sale-paused', event: { phase: 'paused' }, until: (page) => page.locator('#sale-hint:not(:empty)').waitFor() },
    { name: 'sale-sold-out', event: { phase: 'sold_out', categories: real.event.categories.map((each) => ({ ...each, free: 0 })) }, until: (page) => page.locator('#sale-hint:not(:empty)').waitFor() },
    { name: 'sale-closed', event: { phase: 'closed' }, until: (page) => page.locator('#sale-hint:not(:empty)').waitFor() },
    { name: 'sale-refused', says: join(() => m.error('not_open', { phase: 'open' })), go: click('#join'), until: (page) => page.locator('#sale-notice:not(:empty):not([hidden])').waitFor() },
    { name: 'missing', path: '/e/no-such-event', until: inView('missing') },
    { name: 'account', event: { require_account: true }, says: join(() => m.error('sign_in')), go: click('#join'), until: (page) => page.locator('#account[open]').waitFor() },
    line('getting', { more: { says: {}, until: inView('line') } }),
    line('far'),
    line('long-name', { event: { name: 'Donaudampfschifffahrtsgesellschaftsjubiläumskonzert mit dem Rundfunkchor' } }),
    line('next', { place: { ahead: 0, eta_low_ms: 0, eta_high_ms: 20_000 } }),
    line('million', { place: { ahead: 1_234_566, eta_low_ms: 200 * MINUTE_MS, eta_high_ms: 300 * MINUTE_MS, message: 'Two more evenings have been added.' } }),
    line('paused', { event: { phase: 'paused' }, place: { phase: 'paused', eta_low_ms: undefined, eta_high_ms: undefined } }),
    line('prequeue', { event: { ...opensIn(400_000), phase: 'prequeue' }, place: { phase: 'prequeue' } }),
    line('draw', { event: { ...opensIn(400_000), phase: 'prequeue', draw: { state: 'committed', commitment: 'ab'.repeat(32), places: 0 } }, place: { phase: 'prequeue' } }),
    line('recovering', { place: { recovers_at_ms: Date.now() + 300_000 } }),
    line('held-out', { place: { held_out: true, free: real.event.categories.map(() => 0) } }),
    line('sold-out', { place: { phase: 'sold_out', free: real.event.categories.map(() => 0) } }),
    { ...line('reconnecting'), close: 1011, until: (page) => page.locator('#link:not([hidden])').waitFor() },
    { name: 'line-full', says: join(() => m.error('full', { retry_s: 40 })), go: click('#join'), until: (page) => page.locator('#link:not([hidden])').waitFor() },
    { ...line('leave'), go: async (page) => { await inLine(page); await click('#leave-line')(page); }, until: (page) => page.locator('#ask[open]').waitFor() },
    { ...line('elsewhere'), go: async (page) => { await inLine(page); await click('#elsewhere')(page); }, until: (page) => page.locator('#ask .qr').waitFor() },
    { name: 'line-taken-over', path: '/e/arena#r1.eyJ0Ijoic2hvd24ifQ.AAAA', until: (page) => page.locator('#ask[open]').waitFor() },
    { name: 'turn', says: inside, go: click('#join'), until: inView('turn') },
    seats('map', enter),
    seats('chosen', take),
    seats('one-price', async (page) => { await enter(page); await click('.chip >> nth=2')(page); }),
    seats('list', async (page) => { await take(page); await click('#show-list')(page); await page.locator('#list-panel details[open] .seat').first().waitFor(); }),
    seats('taken', async (page) => { await enter(page); await click('#best-go')(page); await page.locator('#seats-problem:not([hidden])').waitFor(); },
      { hold: () => m.error('seat_taken', { seats: [real.bought.seats[0]], instead: [real.bought.seats[0] + 4] }) }),
    seats('none-free', async (page) => { await enter(page); await click('#best-go')(page); await page.locator('#seats-problem:not([hidden])').waitFor(); }, { hold: () => m.error('none_free') }),
    seats('frozen', async (page) => { await take(page); await page.locator('#seats-time', { hasText: /,/ }).waitFor(); }, { hold: ({ seats: wanted }, send) => { setTimeout(() => send(m.frozen()), 50); return m.held(wanted); } }),
    { name: 'payment', says: inside, go: pay, until: inView('payment') },
    { name: 'payment-running', says: { ...inside, ...paying }, go: payWith, until: (page) => page.locator('#pay-running:not([hidden])').waitFor() },
    { name: 'payment-sending', says: { ...inside, ...paying, pay: null }, go: payWith, until: (page) => page.locator('#pay-running:not([hidden])').waitFor() },
    { name: 'payment-unsure', says: { ...inside, ...paying, ...join(() => ({ ...m.admitted(), receipt: m.place().receipt })), pay: null, enter: () => m.entered(isPaid ? m.payment() : null) },
      go: async (page) => { isPaid = false; await payWith(page); isPaid = true; await page.reload(); }, until: (page) => page.locator('#pay-problem:not([hidden])').waitFor() },
    { name: 'payment-unrecorded', says: { ...inside, ...paying, pay: (request, send) => { setTimeout(() => send(m.frozen()), 50); return paying.pay(); } }, go: payWith,
      until: (page) => page.locator('#pay-time', { hasText: /,/ }).waitFor() },
    { name: 'payment-nothing', says: { ...inside, checkout: () => ({ ...m.payment(), amount_minor: 0, tickets: m.payment().tickets.map((ticket) => ({ ...ticket, price_minor: 0 })) }) }, go: pay, until: inView('payment') },
    { name: 'payment-declined', says: { ...inside, ...paying, pay: (request, send) => { setTimeout(() => send({ type: 'declined', order: real.bought.confirmed.order, reason: 'card_declined', deadline_ms: Date.now() + 5 * MINUTE_MS }), 50); return paying.pay(); } },
      go: payWith, until: (page) => page.locator('#pay-problem:not([hidden])').waitFor() },
    ended('lost', { type: 'expired', reason: 'lost' }),
    ended('missed', { type: 'expired', reason: 'no_show' }, { resume: () => m.error('receipt_gone', { reason: 'missed' }) }),
    // Nobody is promised a line that is over.
    { ...ended('missed-closed', [{ type: 'phase', phase: 'closed' }, { type: 'expired', reason: 'no_show' }]),
      until: (page) => page.locator('#ended-body', { hasText: /./, hasNotText: /again|다시/ }).waitFor() },
    ended('time-out', { type: 'expired', reason: 'time_out' }),
    { name: 'ended-unsold', says: { ...inside, ...paying, pay: (request, send) => { setTimeout(() => send({ type: 'unsold', order: real.bought.confirmed.order, reason: 'time_out' }), 50); return paying.pay(); } }, go: payWith, until: inView('ended') },
    { name: 'tickets', event: { starts_at_ms: Date.now() + 23 * DAY_MS }, says: { ...inside, ...paying, pay: (request, send) => { setTimeout(() => send(m.confirmed()), 50); return paying.pay(); } }, go: payWith, until: (page) => page.locator('.ticket .qr').first().waitFor() },
    { name: 'tickets-mine', says: { tickets: () => m.tickets(orders.map((order) => ({ ...order, tickets: order.tickets.map((ticket, at) => (at === 0 ? ticket : { ...ticket, qr: undefined, refunded: true })) }))) },
      go: click('#tickets-link'), until: (page) => page.locator('.ticket').first().waitFor() },
    { name: 'tickets-none', says: { tickets: () => m.tickets([]) }, go: click('#tickets-link'), until: (page) => page.locator('#result-body:not(:empty)').waitFor() },
    { name: 'tickets-later', says: { tickets: () => m.error('ledger_down', { retry_s: 40 }) }, go: click('#tickets-link'), until: (page) => page.locator('#link:not([hidden])').waitFor() },
    { name: 'tickets-link', path: real.link, until: (page) => page.locator('.ticket .qr').first().waitFor() },
    { name: 'tickets-link-wrong', path: '/tickets#t1.half', until: (page) => page.locator('#state', { hasText: '.' }).waitFor() },
    { name: 'draw-check', path: '/draw', until: (page) => page.locator('#start').waitFor() },
    { name: 'plain-sale', path: '/e/arena/line', until: (page) => page.locator('main h1').waitFor() },
    { name: 'plain-line', path: '/e/arena/line', isReal: true, go: async (page) => { await page.locator('button[value=join]').click(); }, until: (page) => page.locator('.place-number, .turn, a.primary').first().waitFor() },
  ];
}

// Runs in the page before anything else. What it fetches about this event, or the list, is what is to be shown; requests that
// Playwright itself would answer are never kept by the browser, and each state would fetch all scripts anew.
function putEvent({ path, event, events }) {
  const { fetch } = globalThis;
  globalThis.fetch = async (what, options) => {
    const { pathname } = new URL(what, location.href);
    if (events && pathname === '/api/v1/events') return Response.json({ events });
    if (event && pathname === path) return Response.json({ ...event, server_ms: Date.now() });
    return fetch(what, options);
  };
}

// Runs in each new tab: nothing is left of the state that the browser was in before.
function beginAnew() {
  if (location.protocol !== 'http:' || sessionStorage.getItem('begun')) return;
  localStorage.clear();
  sessionStorage.setItem('begun', 'yes');
}

async function put(page, state, event) {
  if (state.isReal) return;
  const shown = state.event && { ...event, ...state.event };
  await page.addInitScript(putEvent, { path: `/api/v1/events/${event.id}`, event: shown, events: state.events });
  if (!state.says) return;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const send = (message) => socket.send(JSON.stringify(message));
    socket.onMessage((text) => {
      const request = JSON.parse(text);
      const answer = state.says[request.type];
      if (!answer) return;
      send({ ...answer(request, send), re: request.id });
      if (request.type !== 'join') return;
      if (state.push) setTimeout(() => [state.push].flat().forEach(send), 300);
      if (state.close) setTimeout(() => socket.close({ code: state.close }), 300);
    });
  });
}

// Calls onState(name, page) in each state that `wanted` (a pattern of names) fits, one tab each, in `parallel` browsers' worth of
// cookies and caches at once.
export async function tour(browser, server, language, onState, { wanted = /./, options = {}, parallel = 3 } = {}) {
  const bought = await buyTwo(server);
  const { stdout: link } = await server.cli(['order', 'resend', bought.confirmed.order]);
  const get = async (rest) => (await fetch(`${server.url}/api/v1/events/${server.event}${rest}`)).json();
  const event = await get('');
  const real = { event: { ...event, waiting: 8412 }, plan: await get('/plan'), bought, link: link.match(/\/tickets#\S+/)[0] };
  const names = list(real).map(({ name }) => name).filter((name) => wanted.test(name));
  const visitState = async (person, name) => {
    const state = list(real).find((each) => each.name === name); // made anew: there are moments in it
    state.event ??= state.path ? undefined : {};
    await person.context.clearCookies();
    const page = await person.newTab();
    await page.addInitScript(() => { Math.random = () => 0.5; });
    await page.addInitScript(beginAnew);
    await put(page, state, real.event);
    try {
      await page.goto(server.url + (state.path ?? `/e/${server.event}`));
      await state.go?.(page);
      await state.until(page);
      await onState(state.name, page);
    } catch (error) {
      error.message = `${state.name}: ${error.message}`;
      throw error;
    }
    await page.close();
  };
  const take = async () => {
    const person = await newPerson(browser, { ...LANGUAGES[language], viewport: { width: 360, height: 740 }, ...options });
    for (let name; (name = names.shift());) await visitState(person, name);
    await person.context.close();
  };
  await Promise.all(Array.from({ length: Math.min(parallel, names.length) }, take));
}
