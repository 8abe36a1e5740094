// A number with one button for less and one for more. At its ends a button stays focusable and says that it is off.
import { el, setText } from './dom.js';
import { count } from './format.js';

export class Stepper {
  #min = 0; #max = 1; #value = 0; #on; #less; #more; #shown = el('output', { 'aria-live': 'polite' });

  // text(n) is what is shown; less and more are the buttons' names, moreId an id for the second one.
  constructor({ label, less, more, moreId, text = count, onChange = () => {} }) {
    this.#on = { text, change: onChange };
    this.#less = el('button', { type: 'button', 'aria-label': less, onclick: () => this.#step(-1) }, '−');
    this.#more = el('button', { type: 'button', 'aria-label': more, id: moreId, onclick: () => this.#step(1) }, '+');
    this.node = el('div', { class: 'stepper', role: 'group', 'aria-label': label }, this.#less, this.#shown, this.#more);
  }

  get value() {
    return this.#value;
  }

  // The value is moved into the new range when it is outside.
  setRange(min, max, value = this.#value) {
    this.#min = min;
    this.#max = max;
    this.#set(value);
  }

  #step(by) {
    const before = this.#value;
    this.#set(before + by);
    if (this.#value !== before) this.#on.change(this.#value);
  }

  #set(value) {
    this.#value = Math.min(this.#max, Math.max(this.#min, value));
    setText(this.#shown, this.#on.text(this.#value));
    this.#less.setAttribute('aria-disabled', String(this.#value === this.#min));
    this.#more.setAttribute('aria-disabled', String(this.#value === this.#max));
  }
}
