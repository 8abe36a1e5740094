// The orders of an event: search, and the exports.
import { el } from '../dom.js';
import { money } from '../format.js';
import { t } from '../text.js';
import { address, eventPath, get } from './api.js';
import { frame } from './frame.js';
import { empty, field, pages, shortDate, table } from './parts.js';

const SEATS_SHOWN = 4;

const columns = () => [{ name: t('orders.order') }, { name: t('orders.when') }, { name: t('orders.who') }, { name: t('orders.seats') },
  { name: t('orders.payment') }, { name: t('orders.amount'), isFigure: true }];

function seatsText(seats) {
  const more = seats.length - SEATS_SHOWN;
  return seats.slice(0, SEATS_SHOWN).join(', ') + (more > 0 ? ` ${t('stock.more', { n: more })}` : '');
}

const row = (event, order) => [
  el('a', { href: `#/e/${encodeURIComponent(event)}/orders/${encodeURIComponent(order.order)}` }, el('code', {}, order.order)),
  shortDate(order.at_ms), order.email || t('orders.anonymous'), seatsText(order.seats), t(`pay.${order.payment_state}`) || order.payment_state,
  el('span', {}, money(order.amount_minor, order.currency), order.refunded_minor
    ? el('span', { class: 'soft small block' }, t('orders.refunded', { amount: money(order.refunded_minor, order.currency) })) : null)];

export async function view({ can }, id) {
  const event = await get(eventPath(id));
  const { head } = frame(event, 'orders', can);
  const search = el('input', { type: 'search', name: 'q', autocomplete: 'off', spellcheck: 'false', maxlength: '200' });
  const results = el('div', { class: 'results', 'aria-live': 'polite' });
  let turn = 0;

  async function draw() {
    const mine = ++turn;
    const q = search.value.trim();
    const list = table(t('orders.title'), columns(), []);
    const { foot, load } = pages(list.querySelector('tbody'), async (before) => {
      const query = new URLSearchParams({ limit: '50', ...(q && { q }), ...(before && { before: String(before) }) });
      const { orders, next } = await get(eventPath(id, `/orders?${query}`));
      const made = table('', columns(), orders.map((order) => row(id, order)));
      return { nodes: [...made.querySelector('tbody').children], next };
    });
    await load();
    if (mine !== turn) return;
    const isEmpty = !list.querySelector('tbody').children.length && foot.querySelector('[role="alert"]').hidden;
    results.replaceChildren(...(isEmpty ? [q ? empty(t('orders.notFound', { q }), t('orders.notFoundHint'))
      : empty(t('orders.none'), t('orders.noneHint'))] : [list, foot]));
  }

  const form = el('form', { class: 'search', role: 'search', onsubmit: (submitted) => { submitted.preventDefault(); draw(); } },
    field(t('orders.search'), search, t('orders.searchHint')), el('button', { type: 'submit', class: 'primary' }, t('orders.find')));
  const file = (path, key) => el('a', { class: 'button', href: address(eventPath(id, path)), download: `${id}-${path.slice(1)}` }, t(key));
  const exports = can('order.export')
    ? el('section', { class: 'card' }, el('h2', {}, t('orders.export')), el('p', { class: 'soft small' }, t('orders.exportHint')),
      el('div', { class: 'buttons' }, file('/orders.csv', 'orders.csv'), file('/orders.json', 'orders.json'))) : null;
  await draw();
  return { title: t('title.orders', { name: event.name }), node: el('section', { class: 'office' }, head, form, results, exports) };
}
