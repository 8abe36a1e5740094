// One visitor's way through one sale, without a single element: what the server said becomes `state`, and whoever
// draws is told. Views: sale -> line -> turn -> seats -> payment -> result, and ended when a turn is over.
//
//   sale --join--> line --admitted--> turn --enter--> seats --checkout--> payment --confirmed--> result
//     ^             |                  |  no_show       |  time_out          |  unsold
//     '---- leave --'                  '----------------+--> ended <---------'
import * as clock from './clock.js';
import { Connection } from './protocol.js';
import { openStore } from './store.js';

const OUTCOME_ASK_MS = 4000; // how often a lost payment outcome is asked for

export class Visit {
  #store; #connection; #onChange; #onSeats; #onMap; #intent = 'join'; #retry = 0; #outcome = 0;

  constructor(event, socketUrl, { onChange, onSeats, onMap }) {
    this.#store = openStore(event);
    this.#onChange = onChange;
    this.#onSeats = onSeats;
    this.#onMap = onMap;
    this.state = { view: 'sale', link: { state: 'closed' }, event: null, mine: [], notice: null };
    this.#connection = new Connection(socketUrl, {
      open: () => this.#opened(),
      push: (message) => this.#pushed(message),
      state: (link) => this.#change({ link }),
    });
  }

  // Takes up what an earlier page of this browser left.
  start(event) {
    this.setEvent(event);
    if (this.#store.get('receipt')) this.join();
    else if (this.#store.get('isServed')) this.showTickets();
    else this.#change({ view: 'sale' });
  }

  setEvent(event) {
    this.#change({ event: { ...this.state.event, ...event } });
  }

  join() {
    this.#intent = 'join';
    this.#change({ view: this.state.view === 'sale' || this.state.view === 'ended' ? 'line' : this.state.view,
      notice: null, place: this.state.place ?? null });
    this.#identifySoon();
  }

  showTickets() {
    this.#intent = 'tickets';
    this.#change({ view: 'result', result: { kind: 'loading' }, notice: null });
    this.#identifySoon();
  }

  // From the tickets back to where the visitor was.
  back() {
    this.#change({ view: 'sale', result: null });
    if (this.#store.get('receipt')) this.join();
  }

  // The page is looked at again, perhaps after a long sleep, perhaps after another tab did something: is what we
  // show still so?
  async wake() {
    const { view, place } = this.state;
    const receipt = this.#store.get('receipt');
    try {
      if (view === 'line' && place && !receipt) this.#end('sale', { notice: 'left' });
      else if (view === 'line' && receipt) this.#placed(await this.#connection.probe({ type: 'resume', receipt }));
      else if (view === 'seats') await this.claim();
    } catch (error) {
      await this.#refused(error);
    }
  }

  async leave() {
    await this.#connection.request({ type: 'leave' });
    this.#end('sale', { notice: 'left' });
  }

  async claim() {
    try {
      const message = await this.#connection.request({ type: 'enter', pass: this.state.admission.pass });
      this.#entered(message);
    } catch (error) {
      if (error.code === 'pass_expired') this.#end('ended', { reason: 'no_show' });
      else if (error.code.startsWith('pass_')) this.#end('ended', { reason: 'gone' });
      else throw error;
    }
  }

  map() {
    return this.#connection.request({ type: 'map' });
  }

  async hold(request) {
    this.#held(await this.#connection.request({ type: 'hold', ...request }));
  }

  async release(seats) {
    const request = seats ? { type: 'release', seats } : { type: 'release' };
    const message = await this.#connection.request(request);
    this.#change({ mine: message.seats });
  }

  async checkout() {
    this.#payment(await this.#connection.request({ type: 'checkout' }));
  }

  // After a refusal the seats need a new order number first.
  async pay(card) {
    if (this.state.declined) await this.#checkoutAgain();
    const { order } = this.state.payment;
    this.#store.set({ order, isPaying: true });
    this.#change({ isPaying: true, declined: null });
    try {
      await this.#connection.request({ type: 'pay', order, card });
      this.#askOutcome();
    } catch (error) {
      if (error.code === 'connection' || error.code === 'no_answer') return; // reconnecting finds out
      this.#store.set({ isPaying: false });
      this.#change({ isPaying: false });
      throw error;
    }
  }

  async giveUp() {
    await this.release();
    this.#store.set({ order: null, isPaying: false });
    this.#change({ view: 'seats', payment: null, isPaying: false, declined: null });
  }

  async #checkoutAgain() {
    try {
      this.#payment(await this.#connection.request({ type: 'checkout' }));
    } catch (error) {
      if (error.code !== 'payment_running') throw error;
    }
  }

  #change(fields) {
    this.state = { ...this.state, ...fields };
    this.#onChange(this.state);
  }

  #identifySoon() {
    if (this.#connection.isOpen) this.#opened();
    else this.#connection.connect();
  }

  async #opened() {
    clearTimeout(this.#retry);
    try {
      if (this.#intent === 'tickets') await this.#listTickets();
      else await this.#identify();
      this.#change({ full: null });
    } catch (error) {
      this.#refused(error);
    }
  }

  async #identify() {
    const receipt = this.#store.get('receipt');
    const message = await this.#connection.request(receipt ? { type: 'resume', receipt } : { type: 'join' });
    if (message.receipt) this.#store.set({ receipt: message.receipt });
    this.#placed(message);
  }

  #placed(message) {
    if (message.type === 'admitted') this.#admitted(message);
    else this.#place(message);
  }

  #place(message) {
    const ahead = Math.max(this.#store.get('aheadFirst') ?? 0, message.ahead);
    if (ahead !== this.#store.get('aheadFirst')) this.#store.set({ aheadFirst: ahead });
    const done = ahead ? 1 - message.ahead / ahead : 1;
    this.#change({
      view: 'line',
      place: { ...message, progress: Math.max(this.state.place?.progress ?? 0, done), heard_ms: clock.now() },
      event: { ...this.state.event, phase: message.phase ?? this.state.event.phase },
    });
  }

  #admitted(message) {
    const wasInside = this.#store.get('admission') === message.admission;
    this.#change({ admission: message, ...(wasInside ? {} : { view: 'turn' }) });
    if (wasInside) this.claim().catch((error) => this.#refused(error));
  }

  #entered(message) {
    this.#store.set({ admission: this.state.admission.admission });
    this.#change({ seatsMax: message.seats_max, deadline_ms: message.deadline_ms, entered: {} });
    const hold = message.hold;
    if (hold?.order) return this.#payment(hold);
    if (this.#store.get('order')) this.#askOutcome();
    this.#change({ view: 'seats', mine: hold?.seats ?? [], deadline_ms: hold?.deadline_ms ?? message.deadline_ms });
  }

  #held(message) {
    this.#change({ mine: message.seats, total_minor: message.total_minor, deadline_ms: message.deadline_ms });
  }

  #payment(message) {
    const isPaying = this.#store.get('isPaying') === true && this.#store.get('order') === message.order;
    this.#change({ view: 'payment', payment: message, mine: message.seats, deadline_ms: message.deadline_ms, isPaying });
    if (isPaying) this.#askOutcome();
  }

  // The outcome is pushed; a push that was missed is made good by asking.
  #askOutcome() {
    clearTimeout(this.#outcome);
    this.#outcome = setTimeout(async () => {
      const order = this.#store.get('order');
      if (!order) return;
      try {
        const message = await this.#connection.request({ type: 'tickets' });
        const found = message.orders.find((each) => each.order === order);
        if (found) return this.#confirmed(found);
      } catch { /* asked again below, or at the next connection */ }
      if (this.state.isPaying && this.#connection.isOpen) this.#askOutcome();
    }, OUTCOME_ASK_MS);
  }

  #confirmed(message) {
    this.#end('result', { result: { kind: 'confirmed', orders: [message] } });
    this.#store.set({ isServed: true });
  }

  #declined(message) {
    this.#store.set({ isPaying: false });
    this.#change({ isPaying: false, declined: message.reason, deadline_ms: message.deadline_ms });
  }

  // The turn or the place is over; the socket may stay for another try.
  #end(view, fields) {
    clearTimeout(this.#outcome);
    this.#store.clear();
    this.#intent = 'none';
    this.#connection.close();
    this.#change({ view, place: null, admission: null, entered: null, payment: null, isPaying: false, declined: null,
      full: null, mine: [], ...fields });
  }

  #pushed(message) {
    const { view, payment } = this.state;
    if (message.type === 'place' && (view === 'line' || view === 'sale')) this.#place(message);
    else if (message.type === 'admitted' && view !== 'seats' && view !== 'payment') this.#admitted(message);
    else if (message.type === 'seats') this.#onSeats(message);
    else if (message.type === 'map') this.#onMap(message); // instead of many changes at once
    else if (message.type === 'held') this.#held(message);
    else if (message.type === 'payment') this.#payment(message);
    else if (message.type === 'confirmed') this.#confirmed(message);
    else if (message.type === 'declined' && payment) this.#declined(message);
    else if (message.type === 'unsold' && payment) this.#end('ended', { reason: `unsold_${message.reason}` });
    else if (message.type === 'expired') this.#expired(message);
    else if (message.type === 'phase') this.#phase(message);
    else if (message.type === 'left') this.#end('sale', { notice: 'left' });
  }

  // While money is under way the outcome itself is the last word.
  #expired(message) {
    if (this.state.view === 'result' || this.state.isPaying) return;
    this.#end('ended', { reason: message.reason });
  }

  #phase(message) {
    this.setEvent({ phase: message.phase, opens_at_ms: message.opens_at_ms ?? this.state.event.opens_at_ms });
  }

  async #listTickets() {
    const message = await this.#connection.request({ type: 'tickets' });
    if (message.orders.length > 0) this.#store.set({ isServed: true });
    this.#change({ view: 'result', result: { kind: 'tickets', orders: message.orders } });
    if (!this.#store.get('receipt')) this.#connection.close();
  }

  async #refused(error) {
    const { code, fields } = error;
    if (code === undefined) throw error;
    if (code === 'connection' || code === 'no_answer') return; // the connection comes back by itself
    if (code === 'full' || code === 'busy' || code === 'too_fast') this.#tryLater(code, fields.retry_s ?? 5);
    else if (code === 'already_served') this.showTickets();
    else if (code === 'receipt_gone') await this.#placeGone();
    else if (code.startsWith('receipt_')) this.#end('sale', { notice: 'receipt' });
    else if (code === 'not_open') {
      if (fields.phase) this.setEvent({ phase: fields.phase, opens_at_ms: fields.opens_at_ms ?? 0 });
      this.#end('sale', { notice: 'not_open' });
    } else this.#end('sale', { notice: 'error', noticeText: fields.message ?? code });
  }

  #tryLater(code, retry_s) {
    const inMs = retry_s * 1000 * (1 + Math.random() * 0.3);
    this.#change({ full: { code, retryAtMs: Date.now() + inMs } });
    this.#retry = setTimeout(() => this.#connection.isOpen && this.#opened(), inMs);
  }

  // The receipt was used up while we were away: by a purchase, or by a turn that was missed.
  async #placeGone() {
    const order = this.#store.get('order');
    const message = await this.#connection.request({ type: 'tickets' }).catch(() => ({ orders: [] }));
    const found = order && message.orders.find((each) => each.order === order);
    if (found) this.#confirmed(found);
    else this.#end('ended', { reason: order ? 'unsold_time_out' : 'gone' });
  }
}
