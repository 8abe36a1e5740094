// The organizer's page: sign in, watch every sale live, open, pause or close it, change how fast people come in.
import { ask } from './ask.js';
import { $, announce, el, setText, show } from './dom.js';
import { count, timeHere } from './format.js';
import { openStore } from './store.js';
import { fillTexts, need, t } from './text.js';
import './text-office.js';

await need('list');

const POLL_MS = 2000;
const api = '/api/v1/organizer';
const figures = ['waiting', 'inside', 'sold', 'free'];
const settings = [['admit_per_tick', 'office.admit', 'any'], ['active_cap', 'office.cap', '1']];

const store = openStore('organizer'); // remembers only that somebody signed in; the session itself is a cookie
const rows = new Map(); // event id -> Row
let timer = 0;
let heardMs = 0;

async function call(method, path, body) {
  const answer = await fetch(api + path, {
    method,
    cache: 'no-store',
    headers: body ? { 'Content-Type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  });
  if (answer.status === 401) throw Object.assign(new Error(t('office.wrong')), { isSignedOut: true });
  const text = await answer.text();
  const fields = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(fields.message ?? String(answer.status));
  return fields;
}

function problem(text) {
  setText($('problem'), text);
  show($('problem'), text !== '');
}

class Row {
  #event; #cells = {}; #inputs = {}; #phase = el('span', { class: 'badge' }); #buttons = {};

  constructor(event) {
    this.#event = event;
    const cells = figures.map((name) => {
      this.#cells[name] = el('td', { class: 'figure', 'data-name': t(`office.${name}`) });
      return this.#cells[name];
    });
    this.node = el('tr', {}, el('th', { scope: 'row' }, el('a', { href: `/e/${encodeURIComponent(event.id)}` }, event.name)),
      el('td', {}, this.#phase), ...cells, el('td', {}, this.#steering()), el('td', {}, this.#form()));
    this.draw(event);
  }

  draw(event) {
    this.#event = event;
    this.#phase.className = `badge is-${event.phase}`;
    setText(this.#phase, t(`phase.${event.phase}`));
    const free = event.free ?? event.categories?.reduce((sum, category) => sum + category.free, 0) ?? event.seats - event.sold;
    setText(this.#cells.waiting, count(event.waiting ?? 0));
    setText(this.#cells.inside, count(event.inside ?? 0));
    setText(this.#cells.sold, t('office.of', { n: event.sold, all: event.seats }));
    setText(this.#cells.free, count(free));
    this.#buttons.open.disabled = event.phase === 'open';
    this.#buttons.paused.disabled = event.phase !== 'open';
    this.#buttons.closed.disabled = event.phase === 'closed';
    this.#drawSettings(event.settings ?? {});
  }

  // What somebody is typing is left alone.
  #drawSettings(values) {
    const isBeingChanged = Object.values(this.#inputs).some((input) => input === document.activeElement || input.dataset.isChanged);
    if (isBeingChanged) return;
    for (const [key, input] of Object.entries(this.#inputs)) if (values[key] !== undefined) input.value = values[key];
  }

  #steering() {
    const button = (phase, key, action) => {
      this.#buttons[phase] = el('button', { type: 'button', onclick: action }, t(key));
      return this.#buttons[phase];
    };
    return el('div', { class: 'buttons' },
      button('open', 'office.open', () => this.#steer({ phase: 'open' })),
      button('paused', 'office.pause', () => this.#steer({ phase: 'paused' })),
      button('closed', 'office.close', () => this.#close()));
  }

  #form() {
    const fields = settings.map(([key, text, step]) => {
      const input = el('input', { type: 'number', min: '0', step, required: true, oninput: () => { input.dataset.isChanged = '1'; } });
      this.#inputs[key] = input;
      return el('label', {}, t(text), input);
    });
    const save = async (event) => {
      event.preventDefault();
      const set = Object.fromEntries(Object.entries(this.#inputs).map(([key, input]) => [key, input.value]));
      if (await this.#steer({ set })) announce(t('office.saved'));
      for (const input of Object.values(this.#inputs)) delete input.dataset.isChanged;
    };
    return el('form', { class: 'settings', onsubmit: save }, ...fields, el('button', { type: 'submit' }, t('office.save')));
  }

  async #close() {
    const isSure = await ask(t('office.closeAsk', { name: this.#event.name }), t('office.closeYes'), t('office.closeNo'));
    if (isSure) await this.#steer({ phase: 'closed' });
  }

  async #steer(body) {
    problem('');
    try {
      await call('POST', `/events/${encodeURIComponent(this.#event.id)}`, body);
      poll();
      return true;
    } catch (error) {
      if (error.isSignedOut) showSignIn();
      else problem(t('office.refused', { message: error.message }));
      return false;
    }
  }
}

function drawEvents(events) {
  for (const event of events) {
    if (rows.has(event.id)) rows.get(event.id).draw(event);
    else {
      rows.set(event.id, new Row(event));
      $('rows').append(rows.get(event.id).node);
    }
  }
  for (const [id, row] of rows) {
    if (events.some((event) => event.id === id)) continue;
    row.node.remove();
    rows.delete(id);
  }
  show($('table'), events.length > 0);
  show($('none'), events.length === 0);
}

function showOffice() {
  if (!$('office').hidden) return;
  show($('sign-in'), false);
  show($('office'), true);
  show($('sign-out'), true);
  $('office').querySelector('h1').focus();
}

function showSignIn() {
  clearTimeout(timer);
  store.clear();
  show($('office'), false);
  show($('sign-out'), false);
  show($('sign-in'), true);
  $('password').focus();
}

async function poll() {
  clearTimeout(timer);
  try {
    const { events } = await call('GET', '/events');
    heardMs = Date.now();
    showOffice();
    drawEvents(events);
    setText($('freshness'), t('office.live', { time: timeHere(heardMs) }));
  } catch (error) {
    if (error.isSignedOut) return showSignIn();
    showOffice();
    setText($('freshness'), t('office.stale', { time: heardMs ? timeHere(heardMs) : '–' }));
  }
  timer = setTimeout(poll, POLL_MS);
}

async function signIn(event) {
  event.preventDefault();
  try {
    await call('POST', '/session', { password: $('password').value });
    $('password').value = '';
    show($('sign-in-problem'), false);
    store.set({ isSignedIn: true });
    poll();
  } catch (error) {
    setText($('sign-in-problem'), error.message);
    show($('sign-in-problem'), true);
    $('password').select();
  }
}

fillTexts(document);
document.title = t('office.title');
$('sign-in-form').onsubmit = signIn;
$('sign-out').onclick = async () => {
  await call('DELETE', '/session').catch(() => {});
  showSignIn();
};
if (store.get('isSignedIn')) poll();
else showSignIn();
