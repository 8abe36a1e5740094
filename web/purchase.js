// What a turn is for: seats held, an order paid, tickets. Fetched when a turn has come; Visit keeps the state and the
// connection, this is the part of the way that begins at `enter`.
const OUTCOME_ASK_MS = 4000; // how often a lost payment outcome is asked for
const endings = { missed: 'no_show', too_late: 'too_late' };

export class Purchase {
  #visit; #store; #outcome = 0; #wanted = {};

  constructor(visit) {
    this.#visit = visit;
    this.#store = visit.store;
  }

  async claim() {
    try {
      this.#entered(await this.#visit.request({ type: 'enter', pass: this.#visit.state.admission.pass }));
    } catch (error) {
      if (error.code === 'pass_expired') this.#end('ended', { reason: 'no_show' });
      else if (error.code?.startsWith('pass_')) this.#end('ended', { reason: 'gone' });
      else throw error;
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
    this.#store.set({ order, isPaying: true });
    this.#visit.change({ isPaying: true, declined: null });
    try {
      await this.#visit.request({ type: 'pay', order, card });
      this.#askOutcome();
    } catch (error) {
      if (error.code === 'connection' || error.code === 'no_answer') return; // reconnecting finds out
      this.#store.set({ isPaying: false });
      this.#visit.change({ isPaying: false });
      throw error;
    }
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

  // The receipt was used up while we were away: was it by our own purchase? Otherwise the server may know how.
  async findOutcome(reason) {
    const order = this.#store.get('order');
    const { orders } = await this.#visit.request({ type: 'tickets' }).catch(() => ({ orders: [] }));
    const found = order && orders.find((each) => each.order === order);
    if (found) this.#confirmed(found);
    else if (order) this.#end('ended', { reason: 'unsold_time_out' });
    else if (reason === 'served' && orders.length > 0) this.#end('result', { result: { kind: 'tickets', orders } });
    else if (reason === 'left') this.#end('sale', { notice: 'left' });
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
    this.#store.set({ admission: this.#visit.state.admission.admission });
    this.#visit.change({ seatsMax: seats_max, deadline_ms, entered: {} });
    if (hold?.order) return this.#payment(hold);
    if (this.#store.get('order')) this.#askOutcome();
    this.#visit.change({ view: 'seats', mine: hold?.seats ?? [], deadline_ms: hold?.deadline_ms ?? deadline_ms });
  }

  // The answer to this tab, or what another one has done: then a payment here may be over.
  #held({ seats, total_minor = 0, deadline_ms }) {
    const { view, mine, isPaying } = this.#visit.state;
    if (view === 'payment' && !isPaying && String(seats) !== String(mine)) this.#givenUp();
    this.#visit.change({ mine: seats, total_minor, deadline_ms });
  }

  // The ledger was away, and time stood still.
  #deadline({ deadline_ms }) {
    const { admission, entered } = this.#visit.state;
    if (entered) this.#visit.change({ deadline_ms });
    else if (admission) this.#visit.change({ admission: { ...admission, deadline_ms } });
  }

  // What costs nothing is bought at once, or nearly.
  #checkedOut(message) {
    if (message.type === 'confirmed') return this.#confirmed(message);
    if (message.type === 'paying') this.#store.set({ order: message.order, isPaying: true });
    this.#payment(message);
  }

  #payment(message) {
    const isPaying = this.#store.get('isPaying') === true && this.#store.get('order') === message.order;
    this.#visit.change({ view: 'payment', payment: message, mine: message.seats, deadline_ms: message.deadline_ms, isPaying });
    if (isPaying) this.#askOutcome();
  }

  // The outcome is pushed; a push that was missed is made good by asking.
  #askOutcome() {
    this.stop();
    this.#outcome = setTimeout(async () => {
      const order = this.#store.get('order');
      if (!order) return;
      try {
        const { orders } = await this.#visit.request({ type: 'tickets' });
        const found = orders.find((each) => each.order === order);
        if (found) return this.#confirmed(found);
      } catch { /* asked again below, or at the next connection */ }
      if (this.#visit.state.isPaying && this.#visit.isOpen) this.#askOutcome();
    }, OUTCOME_ASK_MS);
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
    this.#store.set({ isPaying: false });
    this.#visit.change({ isPaying: false, declined: reason, deadline_ms });
  }

  #end(view, fields) {
    this.#visit.end(view, fields);
  }
}
