// What is chosen: each seat with its ticket type and price, and the sum. Types are asked for here and go with the order.
import { $, el, setText, swatch } from './dom.js';
import { money } from './format.js';
import { t } from './text.js';

export class Basket {
  #plan; #onRemove; #mine = null; #types = new Map(); #prices = new Map(); #total = 0;

  // onRemove(seat): its button was pressed.
  constructor(plan, onRemove) {
    this.#plan = plan;
    this.#onRemove = onRemove;
  }

  // {seat: index}, as the server wants it: the first type needs no word.
  get types() {
    return Object.fromEntries(this.#mine.filter((seat) => this.#typeOf(seat) > 0).map((seat) => [seat, this.#typeOf(seat)]));
  }

  // In minor units, as it is shown.
  get total() {
    return this.#total;
  }

  // Lines are made anew only when other seats are chosen: nobody loses the choice that is open.
  draw(mine) {
    if (mine === this.#mine) return;
    this.#mine = mine;
    for (const seat of this.#types.keys()) if (!mine.includes(seat)) this.#types.delete(seat);
    this.#drawAll();
  }

  // The plan has other prices or types; what was chosen is found again by its name.
  renew(before) {
    for (const [seat, type] of this.#types) {
      const name = before[this.#plan.category[seat]].types?.[type]?.name;
      this.#types.set(seat, Math.max(0, this.#plan.types(seat).findIndex((each) => each.name === name)));
    }
    if (this.#mine) this.#drawAll();
  }

  #typeOf(seat) {
    return this.#types.get(seat) ?? 0;
  }

  #drawAll() {
    this.#prices.clear();
    $('seats-mine').replaceChildren(...this.#mine.map((seat) => this.#line(seat)));
    this.#drawPrices();
  }

  #drawPrices() {
    this.#total = this.#mine.reduce((sum, seat) => sum + this.#plan.price(seat, this.#typeOf(seat)), 0);
    for (const seat of this.#mine)
      setText(this.#prices.get(seat), money(this.#plan.price(seat, this.#typeOf(seat)), this.#plan.currency));
    setText($('seats-total'), money(this.#total, this.#plan.currency));
    setText($('checkout'), t(this.#mine.length > 0 && this.#total === 0 ? 'seats.payFree' : 'seats.pay'));
  }

  #line(seat) {
    const name = this.#plan.name(seat);
    const price = el('span', {});
    this.#prices.set(seat, price);
    const remove = el('button', { type: 'button', class: 'remove', 'aria-label': t('seats.remove', { seat: name }),
      onclick: () => this.#onRemove(seat) }, '×');
    return el('li', {}, swatch(this.#plan.categories[this.#plan.category[seat]].color),
      el('span', { class: 'grow' }, name), this.#choice(seat, name), price, remove);
  }

  // One type is a name, several are a choice.
  #choice(seat, name) {
    const types = this.#plan.types(seat);
    if (types.length === 0) return null;
    if (types.length === 1) return el('span', { class: 'soft' }, types[0].name);
    const select = el('select', { class: 'type', 'aria-label': t('seats.type', { seat: name }), onchange: () => {
      this.#types.set(seat, select.selectedIndex);
      this.#drawPrices();
    } }, ...types.map((type) => el('option', {}, type.name)));
    select.selectedIndex = this.#typeOf(seat);
    return select;
  }
}
