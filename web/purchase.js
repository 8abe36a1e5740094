// What a turn is for: seats held, an order paid, tickets. Fetched when a turn has come; Visit keeps the state and the
// connection, this is the part of the way that begins at `enter`.
import * as clock from './clock.js';

// A payment's outcome that was not told is asked for after so long, and later less often: many may be waiting for theirs.
const OUTCOME_ASK_MS = 4000;
const OUTCOME_DOUBLINGS_MAX = 2; // one after every second time
const SILENCE_MS_MAX = 15000; // a socket that answers nothing for so long while money is under way is dead
const endings = { missed: 'no_show', too_late: 'too_late' };

export class Purchase {
  #visit; #store; #outcome = 0; #wanted = {}; #asked = null;

  constructor(visit) {
    this.#visit = visit;
    this.#store = visit.store;
  }

  // A pass that is good no more may have been used up by a purchase of ours.
  async claim(probeMs) {
    try {
      this.#entered(await this.#visit.request({ type: 'enter', pass: this.#visit.state.admission.pass }, probeMs));
    } catch (error) {
      if (!error.code?.startsWith('pass_')) throw error;
      await this.findOutcome(error.code === 'pass_expired' ? 'missed' : '');
    }
  }

  map() {
    return this.#visit.request({ type: 'map' });
  }

  async hold(request) {
    this.#held(await this.#visit.request({ type: 'hold', ...request }));
  }

  async release(seats) {
    const { seats: mine } = await this.#visit.request(seats ? { type: 'release', seats } : { type: 'release' });
    this.#visit.change({ mine });
  }

  // types: {seat: index of its ticket type}; total_minor: what the visitor was shown. Another sum is refused.
  async checkout(types, total_minor) {
    this.#wanted = { types, total_minor };
    await this.#askCheckout();
  }

  // After a refusal the seats need a new order number first.
  async pay(card) {
    if (this.#visit.state.declined) await this.#checkoutAgain();
    const { order } = this.#visit.state.payment;
    this.#asked = { order, card };
    this.#store.set({ order, isPaying: false });
    this.#visit.change({ isPaying: true, isTaken: false, isUnsure: false, isUnrecorded: false, declined: null });
    await this.#askToPay();
  }

  // Said again over each new connection until there is an outcome: a request may be lost on its way, and a payment with its
  // gateway. An order is paid once, however often it is asked for. The card is kept nowhere but here.
  async #askToPay() {
    const asked = this.#asked;
    try {
      await this.#visit.request({ type: 'pay', ...asked }, SILENCE_MS_MAX);
      if (this.#asked === asked) this.#taken();
    } catch (error) {
      if (error.code === 'connection' || error.code === 'no_answer') return; // see above
      if (this.#asked !== asked) return;
      this.#asked = null;
      this.#store.set({ isPaying: false });
      this.#visit.change({ isPaying: false });
      throw error;
    }
  }

  #taken() {
    this.#store.set({ isPaying: true });
    this.#visit.change({ isTaken: true });
    this.#askOutcome();
  }

  async giveUp() {
    await this.release();
    this.#givenUp();
  }

  #givenUp() {
    this.stop();
    this.#store.set({ order: null, isPaying: false });
    this.#visit.change({ view: 'seats', mine: [], payment: null, isPaying: false, declined: null });
  }

  async listTickets() {
    const { orders } = await this.#visit.request({ type: 'tickets' });
    if (orders.length > 0) this.#store.set({ isServed: true });
    this.#visit.change({ view: 'result', result: { kind: 'tickets', orders } });
  }

  // The receipt was used up while we were away: was it by our own purchase? Otherwise the server may know how. Rejects when
  // nobody can look: then nothing is said.
  async findOutcome(reason) {
    const order = this.#store.get('order');
    const { orders } = order || reason === 'served' ? await this.#visit.request({ type: 'tickets' }) : { orders: [] };
    const found = order && orders.find((each) => each.order === order);
    if (found) this.#confirmed(found);
    else if (order) this.#end('ended', { reason: 'unsold_time_out' });
    else if (reason === 'served' && orders.length > 0) this.#end('result', { result: { kind: 'tickets', orders } });
    else if (reason === 'left') this.#visit.leftThere();
    else this.#end('ended', { reason: endings[reason] ?? 'gone' });
  }

  pushed(message) {
    const { type } = message;
    if (type === 'held' || type === 'released') this.#held(message);
    else if (type === 'payment') this.#payment(message);
    else if (type === 'confirmed') this.#confirmed(message);
    else if (type === 'refunded') this.#refunded(message);
    else if (type === 'place') this.#backInLine(message);
    else if (type === 'deadline') this.#deadline(message);
    else if (message.order !== this.#visit.state.payment?.order) return; // one that is over here already
    else if (type === 'declined') this.#declined(message);
    else if (message.reason === 'given_up') this.#givenUp();
    else if (type === 'unsold') this.#end('ended', { reason: `unsold_${message.reason}` });
  }

  stop() {
    clearTimeout(this.#outcome);
    this.#asked = null;
  }

  // The server has lost the turn with its data, but not the place: it will be the next again. While money is under
  // way the outcome itself is the last word.
  #backInLine({ receipt }) {
    const { view, isPaying } = this.#visit.state;
    if (!receipt || view === 'result' || isPaying) return;
    this.stop();
    this.#store.set({ receipt, admission: null });
    this.#visit.change({ view: 'line', place: null, admission: null, entered: null, payment: null, declined: null, mine: [] });
    this.#visit.join();
  }

  async #checkoutAgain() {
    try {
      await this.#askCheckout();
    } catch (error) {
      if (error.code !== 'payment_running') throw error;
    }
  }

  // With other prices than those shown there is nothing to pay yet: back to the seats, which show the new ones.
  async #askCheckout() {
    const isFree = this.#wanted.total_minor === 0;
    try {
      this.#checkedOut(await this.#visit.request({ type: 'checkout', ...this.#wanted, ...(isFree && { confirm: true }) }));
    } catch (error) {
      if (error.code === 'price_changed' || error.code === 'no_such_type') {
        this.#visit.change({ view: 'seats', payment: null, isPaying: false, declined: null, repriced: error });
      }
      throw error;
    }
  }

  #entered({ seats_max, deadline_ms, hold }) {
    const { admission, payment, isPaying, declined, mine } = this.#visit.state;
    this.#store.set({ admission: admission.admission });
    this.#visit.change({ seatsMax: seats_max, deadline_ms, frozen_ms: undefined, entered: {} });
    if (hold?.order) return this.#payment(hold);
    // Refused, perhaps while nobody listened: another card may be tried.
    const isRefused = payment && (declined || isPaying) && String(hold?.seats) === String(mine);
    if (isRefused) return this.#declined({ reason: declined ?? 'unknown', deadline_ms: hold.deadline_ms });
    if (this.#store.get('order')) this.#askOutcome();
    this.#visit.change({ view: 'seats', mine: hold?.seats ?? [], deadline_ms: hold?.deadline_ms ?? deadline_ms, isPaying: false });
  }

  // The answer to this tab, or what another one has done: then a payment here may be over.
  #held({ seats, total_minor = 0, deadline_ms }) {
    const { view, mine, isPaying } = this.#visit.state;
    if (view === 'payment' && !isPaying && String(seats) !== String(mine)) this.#givenUp();
    this.#visit.change({ mine: seats, total_minor, deadline_ms });
  }

  // The ledger is away, and time stands still (frozen_ms: with so much of it left), or it is back.
  #deadline({ deadline_ms, is_frozen }) {
    const { admission, entered } = this.#visit.state;
    if (entered) this.#visit.change({ deadline_ms, frozen_ms: is_frozen ? clock.leftMs(deadline_ms) : undefined });
    else if (admission) this.#visit.change({ admission: { ...admission, deadline_ms } });
  }

  // What costs nothing is bought at once, or nearly.
  #checkedOut(message) {
    if (message.type === 'confirmed') return this.#confirmed(message);
    if (message.type === 'paying') this.#store.set({ order: message.order, isPaying: true });
    this.#payment(message);
  }

  #payment(message) {
    const { order, seats, deadline_ms } = message;
    const isOurs = this.#store.get('order') === order;
    const isTaken = isOurs && this.#store.get('isPaying') === true;
    const isAsked = this.#asked?.order === order;
    this.#visit.change({ view: 'payment', payment: message, mine: seats, deadline_ms, isPaying: isTaken || isAsked, isTaken,
      isUnsure: isOurs && !isTaken && !isAsked });
    if (isAsked) this.#askToPay().catch((error) => this.#visit.change({ refused: error }));
    else if (isOurs) this.#askOutcome();
  }

  // The outcome is pushed; a push that was missed is made good by asking.
  #askOutcome(asked = 0) {
    this.stop();
    this.#outcome = setTimeout(async () => {
      const order = this.#store.get('order');
      if (!order) return;
      try {
        const { orders } = await this.#visit.request({ type: 'tickets' }, SILENCE_MS_MAX);
        const found = orders.find((each) => each.order === order);
        if (found) return this.#confirmed(found);
        this.#visit.change({ isUnrecorded: false });
      } catch ({ code }) { // asked again below, or at the next connection
        if (code === 'ledger_down') this.#visit.change({ isUnrecorded: true });
      }
      const { isPaying, isUnsure } = this.#visit.state;
      if ((isPaying || isUnsure) && this.#visit.isOpen) this.#askOutcome(asked + 1);
    }, OUTCOME_ASK_MS * 2 ** Math.min(asked >> 1, OUTCOME_DOUBLINGS_MAX));
  }

  #confirmed(message) {
    this.#end('result', { result: { kind: 'confirmed', orders: [message] } });
    this.#store.set({ isServed: true });
  }

  // What is shown now; a page that was away is told with its tickets.
  #refunded({ order, seats }) {
    const { result } = this.#visit.state;
    if (!result?.orders) return;
    const giveBack = (ticket) => (seats.includes(ticket.seat) ? { ...ticket, refunded: true } : ticket);
    const orders = result.orders.map((each) => (each.order === order ? { ...each, tickets: each.tickets.map(giveBack) } : each));
    this.#visit.change({ result: { ...result, orders } });
  }

  #declined({ reason, deadline_ms }) {
    this.stop();
    this.#store.set({ isPaying: false });
    this.#visit.change({ isPaying: false, isUnsure: false, declined: reason, deadline_ms });
  }

  #end(view, fields) {
    this.#visit.end(view, fields);
  }
}
