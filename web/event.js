// The sale page: one address, several views. Visit knows where the visitor is; each view file draws one of them;
// this file fetches the event, switches views, moves the focus and says how the connection is.
import * as clock from './clock.js';
import { $, announce, setText, show } from './dom.js';
import { duration } from './format.js';
import { LineView } from './line.js';
import { SaleView } from './sale.js';
import { fillTexts, t } from './text.js';
import { TurnView } from './turn.js';
import { Visit } from './visit.js';

const EVENT_POLL_MS = 10000;
const RETRY_MS = 4000;
const SECOND_MS = 1000;

const eventId = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const api = `/api/v1/events/${encodeURIComponent(eventId)}`;
const socketUrl = `${location.origin.replace(/^http/, 'ws')}${api}/ws`;

const visit = new Visit(eventId, socketUrl, {
  onChange: (state) => draw(state),
  onSeats: (message) => views.seats?.update(message),
  onMap: (message) => views.seats?.replace(message),
});
const views = {
  sale: new SaleView(visit, () => refresh()),
  line: new LineView(visit),
  turn: new TurnView(visit),
  ended: { draw: drawEnded, title: () => t(`ended.${visit.state.reason}`) },
};
let shown = 'loading';
let isLoadingInside = false;

// Seats, payment and tickets are fetched when a turn has come, not with the page.
async function loadInside() {
  if (isLoadingInside || views.seats) return;
  isLoadingInside = true;
  try {
    const { createInside } = await import('./inside.js');
    Object.assign(views, await createInside(visit, `${api}/plan`));
    draw(visit.state);
  } catch {
    setTimeout(loadInside, RETRY_MS);
  } finally {
    isLoadingInside = false;
  }
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
  if (['turn', 'seats', 'payment', 'result'].includes(state.view)) loadInside();
  if (views[state.view]) drawView(state);
}

function drawView(state) {
  const view = views[state.view];
  const isNew = shown !== state.view;
  if (isNew) switchTo(state.view);
  view.draw(state, isNew);
  show($('tickets-link'), state.view === 'sale' || state.view === 'ended');
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

function linkText({ link, full, view, place }) {
  const left = (atMs) => duration(Math.max(0, atMs - Date.now()));
  if (full && link.state === 'open') return t(`link.${full.code === 'full' ? 'full' : 'busy'}`, { time: left(full.retryAtMs) });
  if (link.state === 'waiting') return t(link.isFull ? 'link.fullGateway' : 'link.waiting', { time: left(link.retryAtMs) });
  if (link.state === 'connecting' && (place || view === 'seats' || view === 'payment')) return t('link.again');
  return '';
}

// Said once when it changes kind; the seconds in it are only drawn.
function drawLink(state) {
  const text = linkText(state);
  setText($('link'), text);
  show($('link'), text !== '');
}

function drawEnded({ reason, event }) {
  setText($('ended-title'), t(`ended.${reason}`));
  setText($('ended-body'), t(`ended.${reason}Hint`));
  show($('again'), event.phase !== 'closed' && event.phase !== 'sold_out');
}

function drawMissing(title, hint) {
  switchTo('missing');
  setText($('missing-title'), title);
  setText($('missing-hint'), hint);
}

function everySecond() {
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
  if (!event) return drawMissing(t('sale.notFound'), t('sale.notFoundHint'));
  visit.start(event);
  setInterval(everySecond, SECOND_MS);
  setTimeout(pollEvent, EVENT_POLL_MS);
}

fillTexts(document);
setText($('brand-name'), t('site.name'));
$('tickets-link').onclick = () => visit.showTickets();
$('again').onclick = () => visit.join();
document.addEventListener('visibilitychange', wake);
addEventListener('online', wake); // perhaps another network: is the connection still one?
addEventListener('unhandledrejection', (event) => {
  if (event.reason?.code) {
    announce(t('error.connection'));
    event.preventDefault();
  }
});
start();
