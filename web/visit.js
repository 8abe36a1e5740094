// One visitor's way through one sale, without a single element: what the server said becomes `state`, and whoever
// draws is told. Views: sale -> line -> turn -> seats -> payment -> result, and ended when a turn is over. From `enter`
// on it is purchase.js that goes on.
//
//   sale --join--> line --admitted--> turn --enter--> seats --checkout--> payment --confirmed--> result
//     ^             |                  |  no_show       |  time_out          |  unsold
//     '---- leave --'                  '----------------+--> ended <---------'
import * as clock from './clock.js';
import { Connection } from './protocol.js';
import { openStore } from './store.js';

const CLOSED_NORMAL = 1000;
const PROBE_MS = 5000;
const isConnectionError = ({ code }) => code === 'connection' || code === 'no_answer';

export class Visit {
  #connection; #on; #intent = 'join'; #retry = 0; #purchase = null; #isAway = false; #isKept = false;

  // on: {onChange(state), onSignIn(), onSeats(message), onMap(message)}
  constructor(event, socketUrl, on) {
    this.store = openStore(event);
    this.#on = on;
    this.state = { view: 'sale', link: { state: 'closed' }, event: null, mine: [], notice: null };
    this.#connection = new Connection(socketUrl, {
      open: () => this.#opened(),
      push: (message) => this.#pushed(message),
      state: (link) => this.change({ link }),
      closed: (code) => this.#isFarewell(code),
    });
  }

  get isOpen() {
    return this.#connection.isOpen;
  }

  request(message, probeMs) {
    return this.#connection.request(message, probeMs);
  }

  // Takes up what an earlier page of this browser left.
  start(event) {
    this.setEvent(event);
    if (this.store.get('receipt')) this.join();
    else if (this.store.get('isServed')) this.showTickets();
    else this.change({ view: 'sale' });
  }

  setEvent(event) {
    this.change({ event: { ...this.state.event, ...event } });
  }

  join() {
    this.#intent = 'join';
    const { view, place } = this.state;
    this.change({ view: view === 'sale' || view === 'ended' ? 'line' : view, notice: null, place: place ?? null });
    this.#identifySoon();
  }

  showTickets() {
    this.change({ view: 'result', result: { kind: 'loading' }, notice: null });
    this.#followTickets();
  }

  #followTickets() {
    this.#intent = 'tickets';
    this.#identifySoon();
  }

  // From the tickets back to where the visitor was.
  back() {
    this.change({ view: 'sale', result: null });
    if (this.store.get('receipt')) this.join();
    else this.#connection.close();
  }

  // The page is looked at again, perhaps after a long sleep, perhaps after another tab did something: is what we
  // show still so?
  async wake() {
    const { view, isPaying } = this.state;
    const receipt = this.store.get('receipt');
    this.#connection.hurry();
    try {
      if (view === 'line' && this.#isLeft()) this.leftThere();
      else if ((view === 'line' || view === 'turn') && receipt) this.#placed(await this.request({ type: 'resume', receipt }, PROBE_MS));
      else if (view === 'seats' || isPaying) await this.claim(PROBE_MS);
      else if (view === 'result') this.#followTickets();
    } catch (error) {
      await this.#refused(error);
    }
  }

  // Whether anybody looks at this page. A turn that comes while nobody does is kept longer.
  setAway(isAway) {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#tellAway();
  }

  async leave() {
    await this.request({ type: 'leave' });
    this.end('sale', { notice: 'sale.left_line' });
  }

  // In another tab, or on another device.
  leftThere() {
    this.end('sale', { notice: 'sale.left_there' });
  }

  async claim(probeMs) {
    return (await this.purchase()).claim(probeMs);
  }

  // What goes on from here, fetched when it is first needed.
  async purchase() {
    const { Purchase } = await import('./purchase.js');
    return this.#purchase ??= new Purchase(this);
  }

  change(fields) {
    this.state = { ...this.state, ...fields };
    this.#on.onChange(this.state);
  }

  // The turn or the place is over; the socket may stay for another try.
  end(view, fields) {
    this.#purchase?.stop();
    this.store.clear();
    this.#isKept = false;
    this.#intent = 'none';
    this.#connection.close();
    this.change({ view, place: null, admission: null, entered: null, payment: null, isPaying: false, declined: null,
      full: null, mine: [], ...fields });
  }

  #identifySoon() {
    if (this.isOpen) this.#opened();
    else this.#connection.connect();
  }

  async #opened() {
    clearTimeout(this.#retry);
    try {
      // Who looks at tickets stays: refunds are told.
      if (this.#intent === 'tickets') await (await this.purchase()).listTickets();
      else await this.#identify();
      this.change({ full: null });
    } catch (error) {
      this.#refused(error);
    }
  }

  async #identify() {
    const receipt = this.store.get('receipt');
    if (this.#isLeft()) return this.leftThere();
    this.#placed(await this.request(receipt ? { type: 'resume', receipt } : { type: 'join' }));
    if (this.#isAway) this.#tellAway();
  }

  async #tellAway() {
    if (!this.isOpen || !['line', 'turn'].includes(this.state.view)) return;
    // A courtesy: nothing depends on it.
    await this.request({ type: 'away', is_away: this.#isAway }).catch(() => {});
  }

  // Another tab has given the place away: the receipt that was kept is gone.
  #isLeft() {
    return this.#isKept && !this.store.get('receipt');
  }

  #placed(message) {
    if (message.receipt) this.store.set({ receipt: message.receipt });
    this.#isKept ||= Boolean(message.receipt);
    if (message.type === 'admitted') this.#admitted(message);
    else this.#place(message);
  }

  #place(message) {
    const { place } = this.state;
    // A draw: everything before it counts no more.
    const isAnother = place && place.seq !== message.seq;
    const first = isAnother ? 0 : this.store.get('aheadFirst') ?? 0;
    const ahead = Math.max(first, message.ahead);
    if (ahead !== first || isAnother) this.store.set({ aheadFirst: ahead });
    const done = ahead ? 1 - message.ahead / ahead : 1;
    const progress = isAnother ? done : Math.max(place?.progress ?? 0, done);
    this.change({ view: 'line', place: { ...message, progress, heard_ms: clock.now() }, event: this.#eventNow(message) });
  }

  // What a place says about its event.
  #eventNow({ re, phase, free, held_out, message, drawing }) {
    const { event } = this.state;
    const categories = event.categories.map((category, at) => ({ ...category, free: free?.[at] ?? category.free }));
    const draw = event.draw && !drawing && phase === 'open' ? { ...event.draw, state: 'done' } : event.draw;
    return { ...event, phase: phase ?? event.phase, categories, held_out, draw,
      message: re === undefined ? event.message : message ?? '' };
  }

  #admitted(message) {
    const wasInside = this.store.get('admission') === message.admission;
    this.change({ admission: message, ...(wasInside ? {} : { view: 'turn' }) });
    if (wasInside) this.claim().catch((error) => this.#refused(error));
  }

  #pushed(message) {
    const { view } = this.state;
    const { type } = message;
    if (type === 'place' && (view === 'line' || view === 'sale')) this.#placed(message);
    else if (type === 'admitted' && view !== 'seats' && view !== 'payment') this.#placed(message);
    else if (type === 'seats') this.#on.onSeats(message);
    // Instead of many changes at once.
    else if (type === 'map') this.#on.onMap(message);
    else if (type === 'expired') this.#expired(message);
    else if (type === 'phase') this.#phase(message);
    else if (type === 'notice') this.setEvent({ message: message.text });
    // One that answers nothing, such as a session that ended.
    else if (type === 'error') this.#refused(message);
    else if (type === 'left') this.leftThere();
    else this.purchase().then((purchase) => purchase.pushed(message));
  }

  // While money is under way the outcome itself is the last word.
  #expired(message) {
    if (this.state.view === 'result' || this.state.isPaying) return;
    this.end('ended', { reason: message.reason });
  }

  #phase(message) {
    this.setEvent({ phase: message.phase, opens_at_ms: message.opens_at_ms ?? this.state.event.opens_at_ms });
  }

  // The sale is over and the server has said goodbye: the place is kept there, the receipt here.
  #isFarewell(code) {
    const { view, event } = this.state;
    if (code !== CLOSED_NORMAL || view !== 'line' || !['sold_out', 'closed'].includes(event.phase)) return false;
    this.change({ view: 'ended', reason: event.phase, place: null });
    return true;
  }

  async #refused(error) {
    const { code, fields = error } = error;
    if (code === undefined) throw error;
    // The connection comes back by itself.
    if (isConnectionError(error)) return;
    if (['full', 'busy', 'too_fast', 'ledger_down'].includes(code)) this.#tryLater(fields.recovering ? 'recovering' : code, fields.retry_s ?? 5);
    else if (code === 'already_served') this.showTickets();
    else if (code === 'receipt_gone') await (await this.purchase()).findOutcome(fields.reason).catch((error) => this.#refused(error));
    else if (code === 'sign_in') {
      this.end('sale', { notice: 'sale.signIn' });
      this.#on.onSignIn();
    }
    else if (code.startsWith('receipt_')) this.end('sale', { notice: 'sale.receipt' });
    else if (code === 'not_open') {
      if (fields.phase) this.setEvent({ phase: fields.phase, opens_at_ms: fields.opens_at_ms ?? 0 });
      this.end('sale', { notice: 'sale.notOpen' });
    } else this.end('sale', { notice: 'error.other', code });
  }

  #tryLater(code, retry_s) {
    const inMs = retry_s * 1000 * (1 + Math.random() * 0.3);
    this.change({ full: { code, retryAtMs: Date.now() + inMs } });
    this.#retry = setTimeout(() => this.isOpen && this.#opened(), inMs);
  }
}
