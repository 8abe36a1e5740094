// One order: its tickets, its payment and every movement of its money; and giving money back, seat by seat.
import { ask } from '../ask.js';
import { el } from '../dom.js';
import { money } from '../format.js';
import { language, t } from '../text.js';
import { eventPath, get, post } from './api.js';
import { frame } from './frame.js';
import { checkbox, done, field, problemBox, shortDate, table, text } from './parts.js';

const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
const seatName = ({ section, row, number }) => [section, row, number].filter((part) => part !== '' && part !== undefined && part !== null).join(' ');

function journal(lines) {
  const columns = [{ name: t('order.when') }, { name: t('order.what') }, { name: t('order.from') }, { name: t('order.to') }, { name: t('orders.amount'), isFigure: true }];
  return table(t('order.journal'), columns, lines.map((line) => [moment.format(line.at_ms), t(`journal.${line.kind}`) || line.kind,
    t(`money.${line.credit}`) || line.credit, t(`money.${line.debit}`) || line.debit, money(line.amount_minor, line.currency)]));
}

// Why money is not where it should be: a sentence of the ledger's, by its words.
const reasonText = (reason) => t(`reason.${reason.replace(/\W+/g, '_')}`) || reason;

function head(order) {
  const pair = (key, value) => el('div', {}, el('dt', {}, t(key)), el('dd', {}, value));
  const payment = order.payment?.[0];
  const state = payment?.state ?? 'none';
  return el('dl', { class: 'pairs' }, pair('orders.when', moment.format(order.committed_ms ?? order.at_ms)), pair('orders.who', order.email || t('orders.anonymous')),
    pair('orders.amount', money(order.amount_minor, order.currency)), pair('orders.payment', t(`pay.${state}`) || state),
    payment?.reason ? pair('order.reason', reasonText(payment.reason)) : null);
}

// The tickets as a form: those that stand can be chosen.
function refundForm(order, onDone) {
  const problem = problemBox();
  const reason = text({ name: 'reason', maxlength: '200', required: true });
  const withhold = el('input', { type: 'checkbox', name: 'withhold' });
  const open = order.tickets.filter((ticket) => !ticket.refunded);
  const boxOf = new Map(open.map((ticket) => [ticket, checkbox(seatName(ticket), { value: String(ticket.seat), checked: open.length === 1 })]));
  const rows = order.tickets.map((ticket) => [boxOf.get(ticket) ?? el('span', { class: 'is-gone' }, seatName(ticket)),
    [ticket.category, ticket.type].filter(Boolean).join(', '), el('code', {}, ticket.code ?? ''), t(ticket.refunded ? 'order.isRefunded' : ticket.used_ms ? 'order.isUsed' : 'order.stands'),
    money(ticket.price_minor, order.currency)]);
  const columns = ['order.seat', 'live.category', 'order.code', 'people.state'].map((key) => ({ name: t(key) })).concat({ name: t('orders.amount'), isFigure: true });
  const submit = async (event) => {
    event.preventDefault();
    problem.clear();
    const seats = [...boxOf].filter(([, box]) => box.querySelector('input').checked).map(([ticket]) => ticket.seat);
    if (!seats.length) return problem.say(t('order.chooseSeats'));
    const body = { seats, withhold: withhold.checked, reason: reason.value.trim() };
    try {
      const { amount_minor: amount, currency } = await post(`/orders/${encodeURIComponent(order.order)}/refund`, { ...body, look: true });
      const values = { n: seats.length, amount: money(amount, currency) };
      const more = el('ul', { class: 'effects' }, el('li', {}, t(withhold.checked ? 'order.refundKept' : 'order.refundFree')), el('li', { class: 'final' }, t('effect.final')));
      if (!await ask(t('order.refundAsk', values), t('order.refundYes', values), t('ask.no'), { more })) return undefined;
      await post(`/orders/${encodeURIComponent(order.order)}/refund`, body);
      done(t('order.refundDone', values));
      return onDone();
    } catch (error) {
      return problem.say(error);
    }
  };
  return { rows: table(t('order.tickets'), columns, rows), hasOpen: open.length > 0,
    foot: [field(t('order.why'), reason, t('order.whyHint')), el('label', { class: 'check' }, withhold, el('span', {}, t('order.withhold'))), problem.node,
      el('div', { class: 'buttons' }, el('button', { type: 'submit', class: 'primary' }, t('order.refundChosen')))], submit };
}

// A link for a buyer who cannot open the tickets any more: it goes by e-mail, or is shown once; the server keeps it nowhere.
async function resend(order, email) {
  const newest = order.link;
  const isGood = newest && newest.ends_ms > Date.now();
  if (isGood && !await ask(t('order.resendAsk', { date: shortDate(newest.made_ms) }), t('order.resendYes'), t('ask.no'))) return false;
  const { link, ends_ms: endsMs } = await post(`/orders/${encodeURIComponent(order.order)}/resend`, email ? { email } : {});
  if (email) {
    done(t('order.resendSent', { to: email }));
    return true;
  }
  const { handOut } = await import('../linkout.js');
  const words = { qr: t('order.resendQr'), secret: t('order.resendSecret', { date: shortDate(endsMs) }), name: t('order.resendLink') };
  let text = t('order.resendText');
  let isCopied;
  while ((isCopied = await handOut(new URL(link, location.origin).href, { ...words, text })) === false) text = t('more.notCopied');
  if (isCopied) done(t('more.copied'));
  return true;
}

const mailText = ({ to, state, attempts, reason, at_ms: atMs }) => t(`mailed.${state}`, { to, n: attempts, reason, date: shortDate(atMs) });

function resendBox(order, onDone) {
  const problem = problemBox();
  const newest = order.link;
  const last = newest && t(newest.ends_ms > Date.now() ? 'order.resendLast' : 'order.resendEnded', { date: shortDate(newest.made_ms), ends: shortDate(newest.ends_ms) });
  const to = el('input', { type: 'email', name: 'email', autocomplete: 'off', maxlength: '254', value: order.email ?? '' });
  const submit = el('button', { type: 'submit' }, t('order.resendTickets'));
  const send = async (event) => {
    event.preventDefault();
    problem.clear();
    submit.disabled = true;
    try {
      if (await resend(order, order.can_mail ? to.value.trim() : '')) await onDone();
    } catch (error) {
      problem.say(error);
    } finally {
      submit.disabled = false;
    }
  };
  return el('section', { class: 'card resend' }, el('h3', {}, t('order.resendTickets')), el('p', { class: 'soft small' }, t('order.resendHint')),
    last && el('p', { class: 'small' }, last),
    order.mails.length ? el('ul', { class: 'rows small', 'aria-label': t('order.mails') }, ...order.mails.map((mail) => el('li', {}, mailText(mail)))) : null,
    el('form', { class: 'plain-form', onsubmit: send },
      order.can_mail ? field(t('order.resendTo'), to, t('order.resendToHint')) : el('p', { class: 'soft small' }, t('order.resendNoMail')),
      problem.node, el('div', { class: 'buttons' }, submit)));
}

export async function view({ can }, id, name) {
  const [event, { shown }] = await Promise.all([get(eventPath(id)), get(`/orders/${encodeURIComponent(name)}`)]);
  const { head: eventHead } = frame(event, 'orders', can);
  const body = el('div', { class: 'results' });
  const draw = (order) => {
    const again = async () => draw((await get(`/orders/${encodeURIComponent(name)}`)).shown);
    const refund = refundForm(order, again);
    const mayRefund = can('order.refund') && refund.hasOpen;
    const mayResend = can('order.resend') && refund.hasOpen;
    body.replaceChildren(el('div', { class: 'side-by-side is-wide' },
      el('form', { class: 'plain-form', onsubmit: refund.submit }, el('h3', {}, t('order.tickets')), refund.rows, ...(mayRefund ? refund.foot : [])),
      el('div', { class: 'results' }, el('section', { class: 'card' }, el('h3', {}, t('order.payment')), head(order)),
        mayResend ? resendBox(order, again) : null)),
    el('section', {}, el('h3', {}, t('order.journal')), journal(order.journal)));
  };
  draw(shown);
  const node = el('section', { class: 'office' }, eventHead,
    el('div', { class: 'office-head' }, el('h2', {}, t('order.title'), ' ', el('code', {}, name)),
      el('a', { href: `#/e/${encodeURIComponent(id)}/orders` }, t('order.back'))), body);
  return { title: t('title.order', { order: name }), node };
}
