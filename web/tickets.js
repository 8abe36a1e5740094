// The end of a good day: the tickets, now or later.
import { $, announce, el, setText, show } from './dom.js';
import { dateHere, dateIn, money } from './format.js';
import { qrImage } from './qr.js';
import { t } from './text.js';

// A standing place has neither row nor number: only the area counts.
function whereOf({ section, row, number }) {
  if (row) return t('seats.full', { section, row, number });
  return number ? t('seats.fullNoRow', { section, number }) : section;
}

// Whoever looks at a ticket, on a screen or on paper, sees what it is for and when.
const whatFor = ({ name, starts_at_ms, time_zone }) => [el('p', { class: 'eyebrow', dir: 'auto' }, name),
  starts_at_ms > 0 && el('p', { class: 'small' }, dateIn(starts_at_ms, time_zone))].filter(Boolean);

function ticket(each, currency, event) {
  const { category, type, price_minor, code, qr, refunded } = each;
  const what = [category, type, money(price_minor, currency)].filter(Boolean).join(' · ');
  const where = whereOf(each);
  const text = [...whatFor(event), el('p', { class: 'ticket-seat' }, where), el('p', { class: 'soft' }, what)];
  if (refunded) {
    return el('li', { class: 'ticket is-refunded' },
      el('div', { class: 'grow' }, ...text, el('p', { class: 'ticket-refunded' }, t('done.refunded'))));
  }
  return el('li', { class: 'ticket' },
    el('div', { class: 'grow' }, ...text,
      el('p', { class: 'ticket-code' }, el('span', { class: 'soft small' }, t('done.code')), el('code', { dir: 'ltr' }, code))),
    qr && qrImage(qr, t('done.qr', { seat: where })));
}

export const good = (orders) => orders.flatMap(({ tickets }) => tickets).filter(({ refunded }) => !refunded);

export function order({ order: id, at_ms, committed_ms, amount_minor, currency, tickets }, event) {
  return el('article', { class: 'order' },
    el('p', { class: 'soft small' }, `${t('done.bought', { date: dateHere(committed_ms ?? at_ms ?? Date.now()) })} · ${money(amount_minor, currency)}`),
    el('ul', { class: 'tickets' }, ...tickets.map((each) => ticket(each, currency, event))),
    el('p', { class: 'soft small' }, t('done.order', { order: id })));
}

const titles = { confirmed: 'done.title', tickets: 'done.mine', loading: 'done.loading' };

export class ResultView {
  #drawn = null; #good = 0;

  constructor(visit) {
    $('result-back').onclick = () => visit.back();
    $('result-print').onclick = () => print();
  }

  draw({ result, event }, isNew) {
    if (result === this.#drawn) return;
    this.#drawn = result;
    const orders = result.orders ?? [];
    const isEmpty = result.kind === 'tickets' && orders.length === 0;
    const tickets = good(orders).length;
    if (!isNew && tickets < this.#good) announce(t('done.refunded'));
    this.#good = tickets;
    setText($('result-title'), t(isEmpty ? 'done.noTickets' : titles[result.kind]));
    const body = isEmpty ? t('done.noTicketsHint') : result.kind === 'confirmed' && tickets > 0 ? t('done.body', { n: tickets }) : '';
    setText($('result-body'), body);
    show($('result-body'), body !== '');
    show($('result-print'), tickets > 0);
    show($('result-back'), result.kind !== 'loading');
    $('result-orders').replaceChildren(...orders.map((each) => order(each, event)));
  }

  title({ result }) {
    return t(titles[result.kind]);
  }
}
