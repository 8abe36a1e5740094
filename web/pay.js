// Payment: what is bought, how long it is kept, one card field, who is being waited for, and what the bank said.
import { ask } from './ask.js';
import { $, announce, el, setText, show } from './dom.js';
import { money } from './format.js';
import { problemText } from './problem.js';
import { t } from './text.js';
import { TimeLeft } from './timeleft.js';

const testCards = [['4242424242424242', 'ok'], ['4000000000000002', 'declined'], ['4000000000009995', 'poor'],
  ['4000000000000077', 'slow'], ['4000000000000085', 'twice'], ['4000000000000093', 'webhook'],
  ['4000000000000101', 'late']];
const reasons = { insufficient_funds: 'pay.insufficient', payments_down: 'error.payments_down', payment_canceled: 'pay.notThrough', unknown: 'pay.notThrough' };

const grouped = (digits) => digits.replace(/(\d{4})(?=\d)/g, '$1 ');
const isFree = ({ amount_minor }) => amount_minor === 0;

// Who is being waited for, once the button was pressed: the server to take it, the ledger, or the bank.
function whatIsDone({ payment, isTaken, isUnrecorded, frozen_ms }) {
  if (!isTaken) return ['pay.sending', 'pay.sendingHint'];
  if (isUnrecorded || frozen_ms !== undefined) return ['pay.frozen', 'pay.frozenHint'];
  return [isFree(payment) ? 'pay.recording' : 'pay.running', 'pay.runningHint'];
}

export class PaymentView {
  #purchase; #loadPlan; #time = new TimeLeft($('pay-time')); #payment = null; #declined = null; #refused = null; #doing = '';

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
    const { payment, deadline_ms, isPaying } = state;
    if (isNew || payment.order !== this.#payment.order) {
      this.#payment = payment;
      this.#time.start(deadline_ms);
      this.#drawSeats(payment);
    }
    this.#drawForm(state);
    this.#drawDoing(isPaying ? whatIsDone(state) : ['', '']);
    if (isNew || isPaying) this.#problem('');
    this.#drawRefusal(state);
  }

  #drawForm({ event, payment, isPaying }) {
    const amount = money(payment.amount_minor, payment.currency);
    const isWithCard = !isFree(payment);
    setText($('pay-total'), amount);
    setText($('pay'), isWithCard ? t('pay.submit', { amount }) : t('seats.payFree'));
    show($('pay-card'), isWithCard);
    show($('pay-test'), isWithCard && event.sandbox === true);
    show($('pay-form'), !isPaying);
  }

  #drawDoing([doing, hint]) {
    show($('pay-running'), doing !== '');
    setText($('pay-doing'), doing && t(doing));
    setText($('pay-doing-hint'), hint && t(hint));
    if (doing && doing !== this.#doing) announce(t(doing));
    this.#doing = doing;
  }

  #drawRefusal({ isPaying, isUnsure, declined, refused }) {
    if (declined && declined !== this.#declined) {
      this.#problem(t(reasons[declined] ?? 'pay.declined'));
      $('card').value = '';
      $('card').focus();
    } else if (refused && refused !== this.#refused) {
      this.#problem(problemText(refused));
    } else if (isUnsure && !isPaying && $('pay-problem').hidden) {
      this.#problem(t('pay.unsure'), true);
    }
    this.#declined = declined;
    this.#refused = refused;
  }

  tick({ deadline_ms, frozen_ms }) {
    this.#time.draw(deadline_ms, frozen_ms);
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
    if (isFree(this.#payment)) return this.#try(() => this.#purchase.checkout({}, 0));
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

  // Calm is what is nobody's fault.
  #problem(text, isCalm = false) {
    $('pay-problem').className = isCalm ? 'notice' : 'problem';
    setText($('pay-problem'), text);
    show($('pay-problem'), text !== '');
  }
}
