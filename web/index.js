// The list of events: what is announced or on sale, and what it costs.
import * as clock from './clock.js';
import { $, el, setText, show } from './dom.js';
import { dateIn, money } from './format.js';
import { fillTexts, need, t } from './text.js';

await need('list');

function prices({ categories, currency }) {
  const all = categories.map((category) => category.price_minor);
  if (all.length === 0) return '';
  const lowest = Math.min(...all);
  const highest = Math.max(...all);
  return lowest === highest ? money(lowest, currency) : `${money(lowest, currency)} – ${money(highest, currency)}`;
}

// When it is, and when its sale opens if that is still to come.
function dates({ starts_at_ms, opens_at_ms, time_zone }) {
  const opens = opens_at_ms > clock.now() ? t('sale.opensAt', { date: dateIn(opens_at_ms, time_zone) }) : '';
  return [starts_at_ms > 0 ? dateIn(starts_at_ms, time_zone) : '', opens].filter(Boolean);
}

function card(event) {
  return el('li', {}, el('a', { class: 'card event-card', href: `/e/${encodeURIComponent(event.id)}` },
    el('span', { class: `badge is-${event.phase}` }, t(`phase.${event.phase}`)),
    el('h2', {}, event.name),
    ...dates(event).map((date) => el('p', { class: 'soft' }, date)),
    el('p', {}, prices(event))));
}

// What one can go to now, then what comes next, then what is over; by name where nothing else tells them apart.
const ORDER = ['open', 'prequeue', 'paused', 'announced', 'sold_out', 'closed'];
const MANY = 12; // events from which on a field to find one is shown
const when = ({ starts_at_ms: starts, opens_at_ms: opens }) => starts || opens || Infinity;
const byMoment = (a, b) => ORDER.indexOf(a.phase) - ORDER.indexOf(b.phase) || (when(a) === when(b) ? 0 : when(a) - when(b)) || a.name.localeCompare(b.name);

let cards = []; // [the name as it is looked for, its card]

function find() {
  const wanted = $('find').value.trim().toLocaleLowerCase();
  for (const [name, node] of cards) show(node, name.includes(wanted));
  const isNone = cards.length > 0 && cards.every(([, node]) => node.hidden);
  setText($('none'), isNone ? t('site.noneFound') : '');
  show($('none'), isNone);
}

async function load() {
  show($('retry'), false);
  try {
    const answer = await fetch('/api/v1/events', { cache: 'no-store' });
    if (!answer.ok) throw new Error(`events: ${answer.status}`);
    const { events } = await answer.json();
    clock.sample(events[0]?.server_ms);
    cards = events.sort(byMoment).map((event) => [event.name.toLocaleLowerCase(), card(event)]);
    $('events').replaceChildren(...cards.map(([, node]) => node));
    show($('finder'), events.length > MANY);
    find();
    setText($('state'), events.length ? '' : t('site.noEvents'));
    show($('state'), events.length === 0);
    setText($('hint'), t('site.noEventsHint'));
    show($('hint'), events.length === 0);
  } catch {
    setText($('state'), t('site.error'));
    show($('state'), true);
    show($('retry'), true);
  }
}

fillTexts(document);
document.title = `${t('site.events')} · ${t('site.name')}`;
$('retry').onclick = load;
$('find').oninput = find;
load();
