// The heat map with what keeps it fresh: seats are asked for again when figures say that some changed hands, not more often
// than every few seconds.
import { el } from '../dom.js';
import { FREE, NOT_FOR_SALE } from '../plan.js';
import { t } from '../text.js';
import { eventPath, get } from './api.js';
import { Heat } from './heat.js';

const PAUSE_MS = 3000;

export class Hall {
  #event; #plan; #heat; #mark = ''; #timer = 0; #isClosed = false; #askedMs = 0;

  constructor(event, plan) {
    this.#event = event;
    this.#plan = plan;
    this.#heat = new Heat(plan);
    this.node = el('div', {}, this.#heat.node, el('p', { class: 'heat-legend small soft' }, el('span', {}, t('hall.none')),
      el('span', { class: 'heat-scale', 'aria-hidden': 'true' }), el('span', {}, t('hall.all'))));
    this.#ask();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#heat.close();
  }

  hear({ free, held, sold }) {
    const mark = `${free} ${held} ${sold}`;
    if (mark === this.#mark) return;
    this.#mark = mark;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), Math.max(0, this.#askedMs + PAUSE_MS - Date.now()));
  }

  async #ask() {
    this.#askedMs = Date.now();
    try {
      const seats = await get(eventPath(this.#event, '/seats'));
      if (this.#isClosed || seats.version === this.#plan.version) return;
      this.#plan.setStates(seats);
      this.#heat.redraw();
      const forSale = this.#plan.states.filter((state) => state !== NOT_FOR_SALE);
      const gone = forSale.filter((state) => state !== FREE).length;
      this.#heat.describe(t('hall.label', { n: gone, all: forSale.length }));
    } catch {
      this.#mark = ''; // the next figures ask again
    }
  }
}
