// The steps to an event that is on sale, and where one is among them. The draft is kept by the server after the second
// step, so the others can be left and come back to in any order.
import { el } from '../dom.js';
import { t } from '../text.js';

const names = ['basics', 'seats', 'prices', 'limits', 'schedule', 'check'];

// id: the draft's, null while there is none. The steps that can be opened are links.
export function steps(here, id) {
  const step = (name) => {
    const label = t(`step.${name}`);
    if (name === here) return el('li', {}, el('span', { 'aria-current': 'step' }, label));
    return el('li', {}, id ? el('a', { href: `#/e/${encodeURIComponent(id)}/setup/${name}` }, label) : el('span', { class: 'soft' }, label));
  };
  return el('nav', { 'aria-label': t('step.all') }, el('ol', { class: 'steps' }, ...names.map(step)));
}

export const after = (here) => names[names.indexOf(here) + 1] ?? null;
