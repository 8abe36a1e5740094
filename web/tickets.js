// The end of a good day: the tickets, now or later.
import { $, el, setText, show } from './dom.js';
import { dateHere, money } from './format.js';
import { t } from './text.js';

function ticket({ section, row, number, category, price_minor, code }, currency) {
  const where = row ? t('seats.full', { section, row, number }) : t('seats.fullNoRow', { section, number });
  return el('li', { class: 'ticket' },
    el('p', { class: 'ticket-seat' }, where),
    el('p', { class: 'soft' }, `${category} · ${money(price_minor, currency)}`),
    el('p', { class: 'ticket-code' }, el('span', { class: 'soft small' }, t('done.code')), el('code', {}, code)));
}

function order({ order: id, at_ms, committed_ms, amount_minor, currency, tickets }) {
  return el('article', { class: 'order' },
    el('p', { class: 'soft small' }, `${t('done.bought', { date: dateHere(committed_ms ?? at_ms ?? Date.now()) })} · ${money(amount_minor, currency)}`),
    el('ul', { class: 'tickets' }, ...tickets.map((each) => ticket(each, currency))),
    el('p', { class: 'soft small' }, t('done.order', { order: id })));
}

const titles = { confirmed: 'done.title', tickets: 'done.mine', loading: 'done.loading' };

export class ResultView {
  #drawn = null;

  constructor(visit) {
    $('result-back').onclick = () => visit.back();
    $('result-print').onclick = () => print();
  }

  draw({ result }) {
    if (result === this.#drawn) return;
    this.#drawn = result;
    const orders = result.orders ?? [];
    const isEmpty = result.kind === 'tickets' && orders.length === 0;
    const tickets = orders.reduce((sum, each) => sum + each.tickets.length, 0);
    setText($('result-title'), t(isEmpty ? 'done.noTickets' : titles[result.kind]));
    const body = isEmpty ? t('done.noTicketsHint') : result.kind === 'confirmed' ? t('done.body', { n: tickets }) : '';
    setText($('result-body'), body);
    show($('result-body'), body !== '');
    show($('result-print'), tickets > 0);
    show($('result-back'), result.kind !== 'loading');
    $('result-orders').replaceChildren(...orders.map(order));
  }

  title({ result }) {
    return t(titles[result.kind]);
  }
}
