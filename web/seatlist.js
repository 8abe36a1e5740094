// The same seats as a list, for keyboards, screen readers and everybody who prefers it: areas first, then one
// fold-out per section. A section is one stop of the Tab key; arrow keys, Home and End move inside it.
import { el, setText, show, swatch } from './dom.js';
import { money } from './format.js';
import { FREE, NOT_FOR_SALE } from './plan.js';
import { t } from './text.js';

const COUNT_DELAY_MS = 300; // the numbers in the headings may lag; the seats themselves do not

export class SeatList {
  #root; #plan; #on; #mine = new Set(); #only = null; #buttons = new Map(); #sections = []; #areas = []; #timer = 0;

  // on: {seat(index), area(area), areaText(free)}
  constructor(root, plan, on) {
    this.#root = root;
    this.#plan = plan;
    this.#on = on;
    this.#areas = plan.areas.map((area) => this.#area(area));
    this.#sections = plan.sections.map((section) => this.#section(section));
    root.replaceChildren(el('p', { class: 'soft small' }, t('seats.keys')),
      ...this.#areas.map(({ node }) => node), ...this.#sections.map(({ node }) => node));
    this.#counts();
  }

  setMine(seats) {
    const changed = [...this.#mine, ...seats];
    this.#mine = new Set(seats);
    this.update(changed);
  }

  setOnly(category) {
    this.#only = category;
    this.update();
  }

  // Unfolds what these seats are in and brings the first one into sight.
  reveal(seats) {
    for (const entry of this.#sections) {
      const isIn = ({ first, numbers }) => seats.some((seat) => seat >= first && seat < first + numbers.length);
      if (!entry.section.rows.some(isIn)) continue;
      this.#fill(entry);
      entry.node.open = true;
    }
    const button = this.#buttons.get(Math.min(...seats));
    if (!button) return;
    this.#setStop(button.closest('.list-rows'), button);
    button.scrollIntoView({ block: 'center' });
  }

  // Draws these seats again, or all that are unfolded.
  update(seats = this.#buttons.keys()) {
    for (const seat of seats) this.#drawSeat(seat);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#counts(), COUNT_DELAY_MS);
  }

  #area(area) {
    const free = el('span', { class: 'soft small' });
    const button = el('button', { type: 'button', onclick: () => this.#on.area(area) }, t('seats.add'));
    button.setAttribute('aria-label', `${t('seats.add')}: ${area.name}`);
    const { color } = this.#plan.categories[area.category];
    const node = el('div', { class: 'list-area' }, swatch(color), el('p', { class: 'grow' }, area.name, el('br'), free),
      el('strong', {}, this.#plan.priceText(area.category)), button);
    return { area, node, free, button };
  }

  #section(section) {
    const info = el('span', { class: 'soft' });
    const body = el('div', { class: 'list-rows' });
    const node = el('details', {}, el('summary', {}, el('span', { class: 'grow' }, this.#plan.sectionName(section)), info), body);
    const entry = { section, node, info, body, isFilled: false };
    node.addEventListener('toggle', () => node.open && this.#fill(entry));
    body.addEventListener('keydown', (event) => this.#key(event, body));
    return entry;
  }

  #fill(entry) {
    if (entry.isFilled) return;
    entry.isFilled = true;
    entry.body.replaceChildren(...entry.section.rows.map((row) => this.#row(row)));
    this.#setStop(entry.body, entry.body.querySelector('button:not([aria-disabled]):not([hidden])') ?? entry.body.querySelector('button'));
  }

  #row({ label, first, numbers }) {
    const buttons = numbers.map((number, at) => this.#seat(first + at, number));
    return el('div', { class: 'list-row', role: 'group', 'aria-label': t('seats.row', { row: label }) },
      el('span', { class: 'list-row-name', 'aria-hidden': 'true' }, label), el('div', { class: 'list-seats' }, ...buttons));
  }

  #seat(seat, number) {
    const press = () => this.#on.seat(seat);
    const button = el('button', { type: 'button', class: 'seat', tabindex: '-1', onclick: press }, number);
    button.style.setProperty('--seat', this.#plan.categories[this.#plan.category[seat]].color);
    this.#buttons.set(seat, button);
    this.#drawSeat(seat);
    return button;
  }

  #drawSeat(seat) {
    const button = this.#buttons.get(seat);
    if (!button) return;
    const state = this.#plan.states[seat];
    const isMine = this.#mine.has(seat);
    const word = isMine ? 'seats.isMine' : ['seats.isFree', 'seats.isHeld', 'seats.isSold', 'seats.isSold'][state];
    const category = this.#plan.category[seat];
    const remarks = this.#plan.remarks(seat);
    const parts = [this.#plan.name(seat), this.#plan.categories[category].name, this.#plan.priceText(category), ...remarks, t(word)];
    if (remarks.length > 0) button.title = remarks.join(', ');
    button.setAttribute('aria-label', parts.join(', '));
    button.setAttribute('aria-pressed', String(isMine));
    if (isMine || state === FREE) button.removeAttribute('aria-disabled');
    else button.setAttribute('aria-disabled', 'true');
    const isOther = this.#only !== null && this.#plan.category[seat] !== this.#only;
    show(button, !(state === NOT_FOR_SALE && !isMine) && !(isOther && !isMine));
  }

  #key(event, body) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-Infinity, 0],
      End: [Infinity, 0] }[event.key];
    const from = event.target.closest('.seat');
    if (!by || !from) return;
    event.preventDefault();
    const rows = [...body.querySelectorAll('.list-seats')].map((row) => [...row.children].filter((seat) => !seat.hidden));
    const filled = rows.filter((row) => row.length > 0);
    const rowAt = filled.findIndex((row) => row.includes(from));
    const row = filled[Math.min(filled.length - 1, Math.max(0, rowAt + by[1]))];
    const isTurned = Math.abs(by[0]) === 1 && getComputedStyle(body).direction === 'rtl'; // where the arrow points to
    const at = filled[rowAt].indexOf(from) + (isTurned ? -by[0] : by[0]);
    const to = row[Math.min(row.length - 1, Math.max(0, at))];
    this.#setStop(body, to);
    to.focus();
  }

  // The one button of a section that the Tab key reaches.
  #setStop(body, button) {
    for (const other of body.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    if (button) button.tabIndex = 0;
  }

  #counts() {
    for (const entry of this.#sections) this.#countSection(entry);
    for (const { area, node, free, button } of this.#areas) {
      const n = this.#plan.areaFree(area);
      setText(free, this.#on.areaText(n));
      button.disabled = n === 0;
      show(node, this.#only === null || this.#only === area.category);
    }
  }

  #countSection({ section, info, node }) {
    const { states, category } = this.#plan;
    let free = 0;
    let lowest = Infinity;
    let isWanted = this.#only === null;
    for (const { first, numbers } of section.rows)
      for (let seat = first; seat < first + numbers.length; seat++) {
        const isListed = this.#only === null || category[seat] === this.#only;
        isWanted ||= isListed;
        if (!isListed || states[seat] !== FREE) continue;
        free++;
        lowest = Math.min(lowest, this.#plan.lowest(category[seat]));
      }
    show(node, isWanted);
    const from = free > 0 ? ` ${t('seats.from', { price: money(lowest, this.#plan.currency) })}` : '';
    setText(info, free > 0 ? `${t('seats.free', { n: free })},${from}` : t('seats.noneFree'));
  }
}
