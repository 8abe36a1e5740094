// Choosing seats: the map and the list show the same plan; every press is a request to the server, and what is shown
// as chosen is only what the server holds.
import { ask } from './ask.js';
import { askCount } from './askcount.js';
import { Basket } from './basket.js';
import { BestForm } from './best.js';
import { $, announce, el, setText, show, swatch } from './dom.js';
import { FREE, HELD, Plan } from './plan.js';
import { problemText } from './problem.js';
import { SeatList } from './seatlist.js';
import { SeatMap } from './seatmap.js';
import { t } from './text.js';
import { TimeLeft } from './timeleft.js';

const RENEW_MS_MIN = 200; // by then every gateway has the new plan
const RENEW_SPREAD_MS = 1500;

export class SeatsView {
  #visit; #purchase; #planUrl; #plan = null; #loading = null; #best; #map; #list; #time = new TimeLeft($('seats-time')); #entered = null;
  #mine = []; #only = null; #chips = []; #found = []; #busy = new Set(); #tipped = { seat: -1, point: null };
  #basket; #newList; #edition = ''; #repriced = null;

  constructor(visit, purchase, planUrl) {
    this.#visit = visit;
    this.#purchase = purchase;
    this.#planUrl = planUrl;
    this.#buttons();
  }

  // The plan, fetched once; while that fails, each call tries again.
  plan() {
    this.#loading ??= this.#fetchPlan().catch((error) => {
      this.#loading = null;
      throw error;
    });
    return this.#loading;
  }

  async #fetchPlan() {
    this.#plan = new Plan(await this.#fetchJson());
    const on = {
      seat: (seat) => this.#press(seat),
      area: (area) => this.#pressArea(area),
      areaText: (free) => (free > 0 ? t('seats.free', { n: free }) : t('seats.noneFree')),
      hover: (seat, point) => {
        this.#tipped = { seat, point };
        this.#drawTip();
      },
    };
    this.#best = new BestForm(this.#plan, (request) => this.#askBest(request));
    this.#map = new SeatMap($('map'), this.#plan, on);
    this.#basket = new Basket(this.#plan, (seat) => this.#release(seat, true));
    this.#newList = () => new SeatList($('list-panel'), this.#plan, on);
    this.#list = this.#newList();
    this.#filters();
    return this.#plan;
  }

  async #fetchJson() {
    const answer = await fetch(this.#planUrl, { cache: 'no-cache' });
    if (!answer.ok) throw new Error(`plan: ${answer.status}`);
    this.#edition = answer.headers.get('etag');
    return answer.json();
  }

  // The organizer has published another plan. With other seats in it this page begins anew; the turn is kept.
  async #renew() {
    const json = await this.#fetchJson();
    const before = this.#plan.categories;
    if (!this.#plan.renew(json)) return location.reload();
    this.#basket.renew(before);
    this.#list = this.#newList();
    this.#list.setMine(this.#mine);
    this.#filters();
    this.#filter(this.#only);
    this.#drawBasket(this.#visit.state);
  }

  draw(state, isNew) {
    if (isNew) this.#problem('');
    if (state.entered !== this.#entered || isNew) {
      this.#entered = state.entered;
      this.#time.start(state.deadline_ms);
      this.#loadStates();
    }
    if (!this.#plan) return;
    this.#setMine(state.mine);
    this.#drawBasket(state);
    if (!state.repriced || state.repriced === this.#repriced) return;
    this.#repriced = state.repriced;
    this.#problem(problemText(state.repriced), true);
    this.#renew().catch(() => {}); // the next map says again which plan it is of
  }

  tick(state) {
    this.#time.draw(state.deadline_ms, state.frozen_ms);
    if (state.link.state === 'open' && state.entered !== this.#entered) this.draw(state, false);
  }

  title() {
    return t('seats.title');
  }

  // A whole `map`, asked for or not.
  replace(message) {
    this.#plan?.setStates(message);
    this.#map?.redraw();
    this.#list?.update();
    if (this.#plan && message.plan && message.plan !== this.#edition) this.#renewSoon();
  }

  // Everybody with a map hears of a new plan in the same moment: not all fetch it in the same moment.
  #renewSoon() {
    setTimeout(() => this.#renew().catch(() => {}), RENEW_MS_MIN + Math.random() * RENEW_SPREAD_MS);
  }

  // A `seats` push.
  update(message) {
    if (!this.#plan?.change(message)) return;
    this.#map.redraw();
    this.#list.update([...(message.free ?? []), ...(message.held ?? []), ...(message.sold ?? [])]);
  }

  // Plan and states; until both are there the map says that it is loading, and another second tries again.
  async #loadStates() {
    const entered = this.#entered;
    try {
      await this.plan();
      this.replace(await this.#purchase.map());
    } catch {
      if (entered === this.#entered) this.#entered = null;
      return;
    }
    show($('map-loading'), false);
    this.draw(this.#visit.state, false);
  }

  #setMine(seats) {
    if (seats === this.#mine) return;
    this.#mine = seats; // what was given back is free when the server says so: somebody may have it already
    this.#map.setMine(seats);
    this.#list.setMine(seats);
    this.#drawTip();
  }

  #drawBasket({ mine, seatsMax }) {
    show($('seats-none'), mine.length === 0);
    show($('seats-hint'), mine.length === 0 && !$('map-panel').hidden);
    setText($('seats-none'), t('seats.none', { n: seatsMax }));
    this.#basket.draw(mine);
    $('checkout').disabled = mine.length === 0;
    this.#best.setRoom(seatsMax - mine.length);
  }

  #press(seat) {
    if (this.#busy.has(seat)) return;
    if (this.#mine.includes(seat)) this.#release(seat, false);
    else if (this.#plan.states[seat] === FREE) this.#hold(seat);
    else this.#problem(`${this.#plan.name(seat)}: ${t(this.#plan.states[seat] === HELD ? 'seats.isHeld' : 'seats.isSold')}`);
  }

  async #hold(seat) {
    const isDone = await this.#try(seat, () => this.#purchase.hold({ seats: [seat] }));
    if (isDone) announce(t('seats.added', { seat: this.#plan.name(seat) }));
  }

  async #release(seat, isFromBasket) {
    const isDone = await this.#try(seat, () => this.#purchase.release([seat]));
    if (!isDone) return;
    announce(t('seats.removed', { seat: this.#plan.name(seat) }));
    if (isFromBasket) ($('seats-mine').querySelector('button') ?? $('leave-seats')).focus();
  }

  async #pressArea(area) {
    const max = Math.min(this.#plan.areaFree(area), this.#visit.state.seatsMax - this.#mine.length);
    if (max < 1) return this.#problem(t('seats.tooMany', { n: this.#visit.state.seatsMax }));
    const count = await askCount(t('seats.areaAsk', { area: area.name }), max, t('seats.add'), t('seats.cancel'));
    if (count > 0) await this.#try(area, () => this.#purchase.hold({ area: this.#plan.areas.indexOf(area), count }));
  }

  async #askBest(request) {
    const { mine: before, seatsMax } = this.#visit.state;
    if (before.length >= seatsMax) return this.#problem(t('seats.tooMany', { n: seatsMax }));
    if (this.#busy.has('best') || !(await this.#try('best', () => this.#purchase.hold(request)))) return;
    const found = this.#visit.state.mine.filter((seat) => !before.includes(seat));
    this.#reveal(found);
    const seats = this.#plan.names(found);
    const isSplit = Boolean(request.best) && !this.#plan.isTogether(found);
    if (isSplit) this.#problem(t('best.split', { n: found.length, seats }), true);
    else announce(t('best.found', { seats }));
  }

  async #takeInstead(seats) {
    const isDone = await this.#try('instead', () => this.#purchase.hold({ seats }));
    if (!isDone) return;
    announce(t('best.found', { seats: this.#plan.names(seats) }));
    this.#reveal(seats);
    $('checkout').focus();
  }

  // Brings seats that were chosen for the visitor into sight, on map and list, also when the other one is shown next.
  #reveal(seats) {
    this.#found = seats;
    this.#map.reveal(seats);
    this.#list.reveal(seats);
  }

  // One request at a time for the same thing. Resolves to whether it was granted.
  async #try(what, action) {
    this.#busy.add(what);
    this.#problem('');
    try {
      await action();
      return true;
    } catch (error) {
      this.#refused(error);
      return false;
    } finally {
      this.#busy.delete(what);
    }
  }

  #refused(error) {
    const { code, fields } = error;
    if (code === 'seat_taken') return this.#offerInstead(fields);
    const isCalm = code === 'none_free' || code === 'busy';
    this.#problem(code === 'none_free' ? t('best.none') : code === 'busy' ? t('best.busy') : problemText(error), isCalm);
  }

  #offerInstead({ seats = [], instead = [] }) {
    this.#problem(t('seats.taken', { seats: this.#plan.names(seats) }), true);
    show($('seats-instead'), instead.length > 0);
    setText($('seats-instead'), t('seats.instead', { seats: this.#plan.names(instead) }));
    $('seats-instead').onclick = () => this.#takeInstead(instead);
  }

  // Calm is what is nobody's fault and can be answered by another choice.
  #problem(text, isCalm = false) {
    show($('seats-instead'), false);
    setText($('seats-problem-text'), text);
    $('seats-problem').className = isCalm ? 'calm' : 'problem';
    show($('seats-problem'), text !== '');
    if (text) $('seats-problem').scrollIntoView({ block: 'nearest' });
  }

  #filters() {
    this.#chips = this.#plan.categories.map(({ name, color }, category) => {
      const press = () => this.#filter(this.#only === category ? null : category);
      return el('button', { type: 'button', class: 'chip', 'aria-pressed': 'false', onclick: press }, swatch(color), name,
        el('strong', {}, this.#plan.priceText(category)));
    });
    $('seats-filter').replaceChildren(...this.#chips);
  }

  #filter(category) {
    this.#only = category;
    this.#chips.forEach((chip, at) => chip.setAttribute('aria-pressed', String(at === category)));
    this.#best.setOnly(category);
    this.#map.setOnly(category);
    this.#list.setOnly(category);
  }

  #buttons() {
    $('show-map').onclick = () => this.#showList(false);
    $('show-list').onclick = () => this.#showList(true);
    $('zoom-in').onclick = () => this.#map.zoom(1);
    $('zoom-out').onclick = () => this.#map.zoom(-1);
    $('zoom-fit').onclick = () => this.#map.fit();
    $('checkout').onclick = () => this.#try('checkout', () => this.#purchase.checkout(this.#basket.types, this.#basket.total));
    $('leave-seats').onclick = async () => {
      if (await ask(t('seats.leaveAsk'), t('seats.leave'), t('seats.stay'))) await this.#try('leave', () => this.#visit.leave());
    };
    setText($('seats-hint'), t(matchMedia('(hover: none), (max-width: 47.99rem)').matches ? 'seats.hintTouch' : 'seats.hint'));
  }

  #showList(isList) {
    show($('list-panel'), isList);
    show($('map-panel'), !isList);
    show($('seats-hint'), !isList && this.#mine.length === 0);
    $('show-list').setAttribute('aria-pressed', String(isList));
    $('show-map').setAttribute('aria-pressed', String(!isList));
    if (this.#found.length > 0) this.#reveal(this.#found);
    this.#found = [];
  }

  #drawTip() {
    const { seat, point } = this.#tipped;
    show($('map-tip'), seat >= 0);
    if (seat < 0) return;
    const category = this.#plan.category[seat];
    const parts = [this.#plan.name(seat), this.#plan.categories[category].name, this.#plan.priceText(category), ...this.#plan.remarks(seat)];
    setText($('map-tip'), [...parts, t(this.#stateWord(seat))].join(' · '));
    const tip = $('map-tip');
    const room = $('map-panel').clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(room, point.x - tip.offsetWidth / 2))}px`;
    tip.style.top = `${point.y > 80 ? point.y - tip.offsetHeight - 18 : point.y + 24}px`;
  }

  #stateWord(seat) {
    if (this.#mine.includes(seat)) return 'seats.isMine';
    return ['seats.isFree', 'seats.isHeld', 'seats.isSold', 'seats.isSold'][this.#plan.states[seat]];
  }
}
