// Payment: what is bought, how long it is kept, one card field, and what the bank said.
import { ask } from './ask.js';
import { $, el, setText, show } from './dom.js';
import { money } from './format.js';
import { problemText } from './problem.js';
import { t } from './text.js';
import { TimeLeft } from './timeleft.js';

const testCards = [['4242424242424242', 'ok'], ['4000000000000002', 'declined'], ['4000000000009995', 'poor'],
  ['4000000000000077', 'slow'], ['4000000000000085', 'twice'], ['4000000000000093', 'webhook'],
  ['4000000000000101', 'late']];
const reasons = { insufficient_funds: 'pay.insufficient' };

const grouped = (digits) => digits.replace(/(\d{4})(?=\d)/g, '$1 ');

export class PaymentView {
  #purchase; #loadPlan; #time = new TimeLeft($('pay-time')); #order = null; #declined = null;

  // loadPlan() resolves to the seats' plan, for their names.
  constructor(purchase, loadPlan) {
    this.#purchase = purchase;
    this.#loadPlan = loadPlan;
    $('pay-cards').replaceChildren(...testCards.map(([card, what]) => this.#testCard(card, what)));
    $('card').oninput = () => this.#groupDigits();
    $('pay-form').onsubmit = (event) => {
      event.preventDefault();
      this.#pay();
    };
    $('give-up').onclick = () => this.#giveUp();
  }

  draw(state, isNew) {
    const { event, payment, deadline_ms, isPaying, declined } = state;
    if (isNew || payment.order !== this.#order) {
      this.#order = payment.order;
      this.#time.start(deadline_ms);
      this.#drawSeats(payment);
    }
    setText($('pay-total'), money(payment.amount_minor, payment.currency));
    setText($('pay'), t('pay.submit', { amount: money(payment.amount_minor, payment.currency) }));
    show($('pay-form'), !isPaying);
    show($('pay-test'), event.sandbox === true);
    show($('pay-running'), Boolean(isPaying));
    if (isNew || isPaying) this.#problem('');
    if (declined && declined !== this.#declined) {
      this.#problem(t(reasons[declined] ?? 'pay.declined'));
      $('card').value = '';
      $('card').focus();
    }
    this.#declined = declined;
  }

  tick({ deadline_ms }) {
    this.#time.draw(deadline_ms);
  }

  title() {
    return t('pay.title');
  }

  // What the server has put down for this order: no other prices count.
  #drawSeats({ tickets, currency }) {
    $('pay-seats').replaceChildren();
    this.#loadPlan().then((plan) => {
      $('pay-seats').replaceChildren(...tickets.map(({ seat, type, price_minor }) => el('li', {},
        el('span', { class: 'grow' }, plan.name(seat), type && el('span', { class: 'soft' }, ` ${type}`)),
        el('strong', {}, money(price_minor, currency)))));
    }, () => {});
  }

  #testCard(card, what) {
    const use = () => {
      $('card').value = grouped(card);
      $('pay').focus();
    };
    return el('li', {}, el('button', { type: 'button', class: 'code', dir: 'ltr', onclick: use }, grouped(card)), ` ${t(`card.${what}`)}`);
  }

  #groupDigits() {
    const field = $('card');
    const isAtEnd = field.selectionStart === field.value.length;
    if (isAtEnd) field.value = grouped(field.value.replace(/\D/g, ''));
  }

  async #pay() {
    const card = $('card').value.replace(/\D/g, '');
    if (card.length < 12 || card.length > 19) {
      this.#problem(t('pay.cardBad'));
      return $('card').focus();
    }
    await this.#try(() => this.#purchase.pay(card));
  }

  async #giveUp() {
    if (await ask(t('pay.giveUpAsk'), t('pay.giveUp'), t('pay.keep'))) await this.#try(() => this.#purchase.giveUp());
  }

  async #try(action) {
    $('pay').disabled = $('give-up').disabled = true;
    try {
      await action();
    } catch (error) {
      this.#problem(problemText(error));
    } finally {
      $('pay').disabled = $('give-up').disabled = false;
    }
  }

  #problem(text) {
    setText($('pay-problem'), text);
    show($('pay-problem'), text !== '');
  }
}
