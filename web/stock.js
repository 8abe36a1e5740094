// What is sold and what is left of it, by category: drawn on the sale page and in line.
import { el, setText, swatch } from './dom.js';
import { money } from './format.js';
import { t } from './text.js';

export function drawStock(list, { categories, currency, phase }) {
  const cost = ({ price_minor }) => money(price_minor, currency);
  // What is left changes in place.
  const key = JSON.stringify(categories, ['name', 'color', 'price_minor', 'types']);
  if (list.drawn !== key) {
    list.drawn = key;
    const typed = (type) => el('li', {}, el('span', { class: 'grow' }, type.name), cost(type));
    list.replaceChildren(...categories.map((each) => el('li', {}, swatch(each.color), el('span', { class: 'grow' }, each.name),
      el('span', { class: 'soft' }), each.types ? el('ul', {}, ...each.types.map(typed)) : el('strong', {}, cost(each)))));
  }
  categories.forEach(({ free }, at) => setText(list.children[at].querySelector('.soft'),
    phase === 'closed' ? '' : free > 0 ? t('sale.left', { n: free }) : t('sale.noneLeft')));
}
