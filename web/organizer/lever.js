// One thing that can be changed: its fields, and once something else is in them what that will do and the button that does it.
// Nothing is sent before that button; what somebody is typing is never overwritten by news.
import { el, show } from '../dom.js';
import { t } from '../text.js';
import { effectList, preview } from './effects.js';
import { problemBox } from './parts.js';

const TYPING_MS = 250;

export class Lever {
  #options; #buttons; #outcome = el('div', { class: 'outcome', 'aria-live': 'polite' }); #problem = problemBox(); #apply; #reset; #timer = 0; #turn = 0;

  // event: its id; fields: nodes; read(): the change to be made, or null when there is none; reset(): shows the values in
  // force again; make(change): makes it. button: what the button says, shown from the beginning with isAlways.
  constructor(options) {
    this.#options = options;
    this.#apply = el('button', { type: 'submit', class: 'primary', disabled: true }, options.button);
    this.#reset = el('button', { type: 'button', class: 'quiet', hidden: true, onclick: () => this.reset() }, t('steer.reset'));
    this.#buttons = el('div', { class: 'buttons', hidden: !options.isAlways }, this.#apply, this.#reset);
    this.node = el('form', { class: 'lever', oninput: () => this.#typed(), onsubmit: (event) => this.#submit(event) },
      ...options.fields, this.#outcome, this.#problem.node, this.#buttons);
  }

  get isTouched() {
    return !this.#reset.hidden;
  }

  reset() {
    this.#options.reset();
    this.#typed();
  }

  #typed() {
    const turn = ++this.#turn;
    const change = this.#options.read();
    clearTimeout(this.#timer);
    this.#problem.clear();
    show(this.#reset, change !== null);
    show(this.#buttons, change !== null || this.#options.isAlways);
    this.#apply.disabled = change === null;
    if (change === null) this.#outcome.replaceChildren();
    else this.#timer = setTimeout(() => this.#foresee(change, turn), TYPING_MS);
  }

  async #foresee(change, turn) {
    try {
      const foreseen = await preview(this.#options.event, change);
      if (turn === this.#turn) this.#outcome.replaceChildren(effectList(foreseen));
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#outcome.replaceChildren();
      this.#problem.say(error);
    }
  }

  async #submit(event) {
    event.preventDefault();
    const change = this.#options.read();
    if (change === null) return;
    clearTimeout(this.#timer);
    this.#turn++;
    this.#apply.disabled = true;
    try {
      await this.#options.make(change);
      this.reset();
      if (!this.#options.isAlways) this.node.querySelector('input')?.focus(); // the button that had the focus is gone
    } catch (error) {
      this.#problem.say(error);
      this.#apply.disabled = false;
    }
  }
}
