// All events, drafts too: how each stands, and the way to what can be done with it.
import { el, setText } from '../dom.js';
import { count, dateIn, timeHere } from '../format.js';
import { t } from '../text.js';
import { get } from './api.js';
import { badge, empty, table } from './parts.js';

const POLL_MS = 3000;

// Where a click on an event leads: to what this role does with it.
export function firstPage(event, can) {
  const id = encodeURIComponent(event.id);
  if (event.phase === 'draft' && can('event.edit')) return `#/e/${id}/setup/prices`;
  return can('event.live') ? `#/e/${id}/live` : `#/e/${id}/doors`;
}

function row(event, can) {
  const name = el('a', { href: firstPage(event, can) }, event.name);
  if (!can('event.live')) return [name, badge(event.phase)];
  return [name, badge(event.phase), event.opens_at_ms ? dateIn(event.opens_at_ms, event.time_zone) : t('office.byHand'), count(event.waiting ?? 0),
    count(event.inside ?? 0), t('office.of', { n: event.sold, all: event.seats }), count(event.free ?? 0)];
}

function list(events, can) {
  const create = can('event.edit') ? [el('a', { class: 'button primary', href: '#/new' }, t('office.new'))] : [];
  if (!events.length) return empty(t('office.none'), t(can('event.edit') ? 'office.noneHint' : 'office.noneHintDoor'), ...create);
  const columns = [{ name: t('office.event') }, { name: t('office.phase') }];
  if (can('event.live')) {
    columns.push({ name: t('office.opens') }, ...['waiting', 'inside', 'sold', 'free'].map((key) => ({ name: t(`office.${key}`), isFigure: true })));
  }
  return table(t('office.events'), columns, events.map((event) => row(event, can)));
}

// The same events with other figures: only texts change, so that the focus stays where it is.
function refresh(body, events, can) {
  body.querySelectorAll('tbody tr').forEach((line, at) => row(events[at], can).forEach((content, cell) => {
    if (typeof content === 'string') setText(line.children[cell], content);
  }));
}

export async function view({ can }) {
  const body = el('div', {});
  const freshness = el('p', { class: 'soft small' });
  let timer = 0;
  let heardMs = 0;
  let drawn = '';
  const draw = ({ events }) => {
    heardMs = Date.now();
    setText(freshness, t('office.live', { time: timeHere(heardMs) }));
    const names = JSON.stringify(events.map(({ id, name, phase }) => [id, name, phase]));
    if (names === drawn) return refresh(body, events, can);
    drawn = names;
    return body.replaceChildren(list(events, can));
  };
  const poll = async () => {
    await get('/events').then(draw, () => setText(freshness, t('office.stale', { time: timeHere(heardMs) })));
    timer = setTimeout(poll, POLL_MS);
  };
  draw(await get('/events'));
  timer = setTimeout(poll, POLL_MS);
  const head = el('div', { class: 'office-head' }, el('h1', {}, t('office.events')), freshness,
    can('event.edit') ? el('a', { class: 'button primary', href: '#/new' }, t('office.new')) : null);
  return { title: t('office.events'), node: el('section', { class: 'office' }, head, body), close: () => clearTimeout(timer) };
}
