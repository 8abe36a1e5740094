// The head of every view of one event: its name, how it stands, and the ways to the other views of it.
import { el } from '../dom.js';
import { t } from '../text.js';
import { badge } from './parts.js';

const tabs = [['live', 'event.live', 'tab.live'], ['seats', 'event.steer', 'tab.seats'], ['orders', 'order.read', 'tab.orders'],
  ['doors', 'door.check', 'tab.doors'], ['setup/limits', 'event.steer', 'tab.setup']];

export function frame(event, here, can) {
  const link = ([path, right, key]) => (can(right) ? el('a', { href: `#/e/${encodeURIComponent(event.id)}/${path}`,
    'aria-current': path.split('/')[0] === here ? 'page' : undefined }, t(key)) : null);
  let state = badge(event.phase);
  const isDraft = event.phase === 'draft';
  const head = el('header', { class: 'event-head' }, el('div', { class: 'event-title' }, el('h1', {}, event.name), state,
    isDraft ? null : el('a', { class: 'small', href: `/e/${encodeURIComponent(event.id)}`, target: '_blank', rel: 'noopener' }, t('tab.page'))),
    isDraft ? null : el('nav', { class: 'tabs', 'aria-label': t('tab.all') }, ...tabs.map(link).filter(Boolean)));
  const setPhase = (phase) => {
    if (state.classList.contains(`is-${phase}`)) return;
    const next = badge(phase);
    state.replaceWith(next);
    state = next;
  };
  return { head, setPhase };
}
