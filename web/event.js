// The sale page: one address, several views. Visit knows where the visitor is; each view file draws one of them;
// this file fetches the event, switches views, moves the focus and says how the connection is.
import * as clock from './clock.js';
import { $, announce, setText, show } from './dom.js';
import { duration } from './format.js';
import { LineView } from './line.js';
import { SaleView } from './sale.js';
import { fillTexts, t } from './text.js';
import { Visit } from './visit.js';

const EVENT_POLL_MS = 10000;
const RETRY_MS = 4000;
const SECOND_MS = 1000;
// Who is that near fetches what comes after the line.
const NEAR_PLACES = 100;

const eventId = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const api = `/api/v1/events/${encodeURIComponent(eventId)}`;
const socketUrl = `${location.origin.replace(/^http/, 'ws')}${api}/ws`;

const visit = new Visit(eventId, socketUrl, {
  onChange: (state) => draw(state),
  onSignIn: async () => (await import('./signin.js')).askToSignIn(visit),
  onSeats: (message) => views.seats?.update(message),
  onMap: (message) => views.seats?.replace(message),
});
const views = {
  sale: new SaleView(visit, () => refresh()),
  line: new LineView(visit),
};
let shown = 'loading';

// What not everybody needs is fetched when somebody does; what could not be fetched is tried again.
const parts = {
  news: async () => views.line.setNews((await import('./news.js')).newsOf),
  draw: async () => (await import('./drawlink.js')).addDrawLinks(eventId),
  accent: async () => (await import('./accent.js')).setAccent(visit.state.event.accent),
  turn: async () => { views.turn = new (await import('./turn.js')).TurnView(visit); },
  ended: async () => { views.ended = new (await import('./ended.js')).EndedView(visit); },
  inside: async () => Object.assign(views, await (await import('./inside.js')).createInside(visit, `${api}/plan`)),
};
// Those that are there, or on their way.
const fetched = new Set();

async function need(part) {
  if (fetched.has(part)) return;
  fetched.add(part);
  try {
    await parts[part]();
    draw(visit.state);
  } catch {
    setTimeout(() => {
      fetched.delete(part);
      need(part);
    }, RETRY_MS);
  }
}

function needParts({ view, place, event, full, notice }) {
  const isNear = view === 'line' && place && place.ahead < NEAR_PLACES;
  if (isNear || view === 'turn') need('turn');
  if (isNear || ['turn', 'seats', 'payment', 'result'].includes(view)) need('inside');
  if (view === 'ended') need('ended');
  if (event.draw) need('draw');
  if (event.accent) need('accent');
  const isNews = event.phase !== 'open' || event.held_out || event.require_account || place?.recovers_at_ms || place?.drawing;
  if (isNews || full?.code === 'recovering' || notice) need('news');
}

async function fetchEvent() {
  const asked = performance.now();
  const answer = await fetch(api, { cache: 'no-store' });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`event: ${answer.status}`);
  const event = await answer.json();
  clock.sample(event.server_ms, performance.now() - asked);
  return event;
}

async function refresh() {
  try {
    const event = await fetchEvent();
    if (event) visit.setEvent(event);
  } catch { /* the next round asks again; what is shown stays true enough */ }
}

function draw(state) {
  drawLink(state);
  if (!state.event) return;
  drawMessage(state);
  needParts(state);
  if (views[state.view]) drawView(state);
}

function drawMessage({ view, event }) {
  setText($('message-text'), event.message ?? '');
  show($('message'), Boolean(event.message) && ['sale', 'line', 'ended'].includes(view));
}

function drawView(state) {
  const view = views[state.view];
  const isNew = shown !== state.view;
  if (isNew) switchTo(state.view);
  view.draw(state, isNew);
  const isOutside = state.view === 'sale' || state.view === 'ended';
  show($('tickets-link'), isOutside);
  show($('account-link'), (isOutside || state.view === 'line') && Boolean(state.event.require_account));
  setTitle(state);
}

function switchTo(name) {
  views[shown]?.leave?.();
  shown = name;
  document.body.dataset.view = name;
  for (const section of document.querySelectorAll('main > section')) show(section, section.dataset.for === name);
  scrollTo(0, 0);
  // Not on the very first view: a page that was just opened keeps the browser's own starting point.
  if (switchTo.isUsed) document.querySelector(`main > [data-for="${name}"] h1`)?.focus({ preventScroll: true });
  switchTo.isUsed = true;
}

function setTitle(state) {
  const title = views[state.view].title?.(state);
  setText(document.querySelector('title'), title ? `${title} · ${state.event.name}` : state.event.name);
}

const links = { full: 'link.full', recovering: 'link.recovering' };

// What is wrong with the connection: a text's key and the moment in it, or nothing.
function linkNews({ link, full, view, place }) {
  if (full && link.state === 'open') return [links[full.code] ?? 'link.busy', full.retryAtMs];
  if (link.state === 'waiting') return [link.isFull ? 'link.fullGateway' : 'link.waiting', link.retryAtMs];
  if (link.state === 'connecting' && (place || view === 'seats' || view === 'payment')) return ['link.again', 0];
  return [];
}

// Said aloud once when it is another; the seconds in it are only drawn.
function drawLink(state) {
  const [key, atMs] = linkNews(state);
  const text = key ? t(key, { time: duration(Math.max(0, atMs - Date.now())) }) : '';
  setText($('link'), text);
  show($('link'), text !== '');
  if (key && key !== drawLink.said) announce(text);
  drawLink.said = key;
}

function drawMissing(title, hint) {
  switchTo('missing');
  setText($('missing-title'), title);
  setText($('missing-hint'), hint);
}

// At the beginning of each of the server's seconds, so that a countdown ends when it is over.
function everySecond() {
  clearTimeout(everySecond.timer);
  everySecond.timer = setTimeout(everySecond, SECOND_MS + 5 - (clock.now() % SECOND_MS));
  if (clock.isDoubtful()) refresh();
  drawLink(visit.state);
  views[shown]?.tick?.(visit.state);
}

// While the page has no socket, it asks now and then; spread out, so that nobody asks at the same moment.
function pollEvent() {
  const isIdle = ['sale', 'ended'].includes(visit.state.view) && !document.hidden;
  if (isIdle) refresh();
  setTimeout(pollEvent, EVENT_POLL_MS * (0.75 + Math.random() / 2));
}

function wake() {
  visit.setAway(document.hidden);
  if (document.hidden) return;
  visit.wake();
  everySecond();
}

async function start() {
  let event;
  try {
    event = await fetchEvent();
  } catch {
    drawMissing(t('sale.loadError'), '');
    setTimeout(start, RETRY_MS * (1 + Math.random()));
    return;
  }
  // Perhaps not yet, or not again yet: a server that puts itself together knows no events for a moment.
  if (!event) {
    drawMissing(t('sale.notFound'), t('sale.notFoundHint'));
    setTimeout(start, RETRY_MS * (1 + Math.random()));
    return;
  }
  if (location.hash.startsWith('#r1.')) await import('./elsewhere.js').then(({ takeOver }) => takeOver(visit, api), () => {});
  visit.start(event);
  everySecond();
  setTimeout(pollEvent, EVENT_POLL_MS);
}

fillTexts(document);
setText($('brand-name'), t('site.name'));
$('tickets-link').onclick = () => visit.showTickets();
$('account-link').onclick = async () => (await import('./signin.js')).changeAccount(visit);
document.addEventListener('visibilitychange', wake);
// Perhaps another network: is the connection still one?
addEventListener('online', wake);
addEventListener('unhandledrejection', (event) => {
  if (event.reason?.code) {
    announce(t('error.connection'));
    event.preventDefault();
  }
});
start();
