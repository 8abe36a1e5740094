// What is sold and what is left of it, by category: drawn on the sale page and in line.
import { el, setText, swatch } from './dom.js';
import { money } from './format.js';
import { t } from './text.js';

const drawn = new WeakMap(); // list -> the names and prices it shows; what is left changes in place

export function drawStock(list, { categories, currency }) {
  const key = JSON.stringify(categories.map(({ name, color, price_minor }) => [name, color, price_minor]));
  if (drawn.get(list) !== key) {
    list.replaceChildren(...categories.map(({ name, color, price_minor }) => el('li', {}, swatch(color),
      el('span', { class: 'grow' }, name), el('span', { class: 'soft' }), el('strong', {}, money(price_minor, currency)))));
    drawn.set(list, key);
  }
  categories.forEach(({ free }, at) => setText(list.children[at].querySelector('.soft'),
    free > 0 ? t('sale.left', { n: free }) : t('sale.noneLeft')));
}
