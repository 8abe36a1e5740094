// Before the line: what is sold, for how much, when, and the button.
import * as clock from './clock.js';
import { $, setText, show } from './dom.js';
import { dateHere, dateIn, timer } from './format.js';
import { drawStock } from './stock.js';
import { t } from './text.js';

const DAY_MS = 86400000;
// At the hour, everybody's page asks; not all in the same instant.
const OPENING_SPREAD_MS = 1500;

// In whole seconds, so that a day is not 24 hours and nought.
function countdown(ms) {
  const left = Math.ceil(ms / 1000) * 1000;
  return left < DAY_MS ? timer(left) : `${t('time.days', { n: Math.floor(left / DAY_MS) })} ${timer(left % DAY_MS, true)}`;
}

// What the call to action says in each phase: [state text, moment counted down to, hint, can one join].
function callOf({ phase, opens_at_ms, prequeue_at_ms, standby, held_out, draw, require_account }) {
  const now = clock.now();
  const drawHint = draw ? 'sale.draw' : null;
  if (phase === 'announced' && prequeue_at_ms > now) return ['sale.prequeueOpens', prequeue_at_ms, drawHint, false];
  if (phase === 'announced' && opens_at_ms > now) return ['sale.opens', opens_at_ms, null, prequeue_at_ms > 0];
  if (phase === 'announced') return ['sale.byHand', 0, null, opens_at_ms > 0 || prequeue_at_ms > 0];
  if (phase === 'prequeue') return opens_at_ms > now ? ['sale.prequeue', opens_at_ms, drawHint, true] : ['sale.prequeueNoTime', 0, drawHint, true];
  if (phase === 'paused') return ['phase.paused', 0, 'sale.paused', true];
  if (phase === 'sold_out') return ['sale.soldOut', 0, standby ? 'sale.standby' : 'sale.soldOutHint', Boolean(standby)];
  if (phase === 'closed') return ['sale.closed', 0, 'sale.closedHint', false];
  return ['phase.open', 0, held_out ? 'sale.heldOut' : require_account ? 'sale.signIn' : null, true];
}

const isOver = (phase) => phase === 'sold_out' || phase === 'closed';

export class SaleView {
  #askFresh; #visit; #target = 0;

  constructor(visit, askFresh) {
    this.#visit = visit;
    this.#askFresh = askFresh;
    $('join').onclick = () => visit.join();
  }

  draw({ event, notice, code }) {
    setText($('sale-name'), event.name);
    this.#drawDates(event);
    show($('sale-notice'), Boolean(notice));
    setText($('sale-notice'), notice ? t(notice, { code }) : '');
    const total = event.waiting ?? 0;
    show($('sale-waiting'), total > 0 && !isOver(event.phase));
    for (const id of ['sale-limit', 'sale-how']) show($(id), !isOver(event.phase));
    setText($('sale-waiting'), t('sale.waiting', { n: total }));
    setText($('sale-limit'), t('sale.limit', { n: event.seats_per_visitor_max }));
    drawStock($('sale-prices'), event);
    this.tick({ event });
  }

  #drawDates({ phase, starts_at_ms, opens_at_ms, time_zone }) {
    this.#drawDate('sale-starts', starts_at_ms > 0 && starts_at_ms, time_zone);
    this.#drawDate('sale-date', !isOver(phase) && opens_at_ms, time_zone, opens_at_ms > clock.now() ? 'sale.opensAt' : 'sale.openedAt');
  }

  // In the event's zone, and in the visitor's own when that reads otherwise.
  #drawDate(id, ms, time_zone, key) {
    const [there, here] = ms ? [dateIn(ms, time_zone), dateHere(ms)] : ['', ''];
    setText($(id), key && ms ? t(key, { date: there }) : there);
    setText($(`${id}-here`), here && t('sale.yourTime', { date: here }));
    show($(id), Boolean(ms));
    show($(`${id}-here`), here !== there);
  }

  tick({ event }) {
    const [state, target, hint, canJoin] = callOf(event);
    setText($('sale-state'), t(state));
    show($('sale-countdown'), target > 0);
    if (target) setText($('sale-countdown'), countdown(clock.leftMs(target)));
    show($('sale-hint'), Boolean(hint));
    if (hint) setText($('sale-hint'), t(hint));
    show($('join'), canJoin);
    if (this.#target && !target) setTimeout(this.#askFresh, 200 + Math.random() * OPENING_SPREAD_MS);
    this.#target = target;
  }
}
