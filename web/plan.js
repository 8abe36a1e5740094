// The seats of an event as flat arrays, by index: what they are (from PLAN) and how they stand (from `map` and `seats`).
import { money } from './format.js';
import { t } from './text.js';

export const FREE = 0;
export const HELD = 1;
export const SOLD = 2;
export const NOT_FOR_SALE = 3;

export const ACCESSIBLE = 1;
const AISLE = 1.6; // neighbours that are farther apart than this many usual distances are not side by side
const flagTexts = [[1, 'seats.accessible'], [2, 'seats.companion'], [4, 'seats.restricted'], [8, 'seats.aisle']];

const emptyBox = () => ({ left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity });

function widen(box, left, top, right = left, bottom = top) {
  box.left = Math.min(box.left, left);
  box.top = Math.min(box.top, top);
  box.right = Math.max(box.right, right);
  box.bottom = Math.max(box.bottom, bottom);
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

export class Plan {
  constructor(json) {
    const count = json.seats_count;
    this.count = count;
    this.categories = json.categories;
    this.currency = json.categories[0]?.currency ?? 'EUR';
    this.x = new Float32Array(count).fill(NaN);
    this.y = new Float32Array(count).fill(NaN);
    this.category = new Uint8Array(count);
    this.flags = new Uint8Array(count);
    this.states = new Uint8Array(count).fill(NOT_FOR_SALE);
    this.version = -1;
    this.rowOf = new Int32Array(count).fill(-1);
    this.rows = [];
    this.box = emptyBox();
    this.sections = json.sections.map((section, index) => this.#section(section, index));
    this.areas = json.areas.map((area) => this.#area(area));
    this.shapes = json.shapes ?? [];
    for (const { x, y, width, height } of this.shapes) widen(this.box, x, y, x + width, y + height);
    this.spacing = this.#spacing();
    this.hasAccessible = this.flags.some((flags) => flags & ACCESSIBLE);
  }

  #section({ name, level, rows }, index) {
    const section = { index, name, level, rows: [], box: emptyBox() };
    for (const row of rows) {
      const id = this.rows.push({ section, label: row.label, first: row.first, numbers: row.seats.map((seat) => seat[0]) }) - 1;
      section.rows.push(this.rows[id]);
      row.seats.forEach((seat, at) => this.#seat(row.first + at, seat, id, section.box));
    }
    if (section.box.left <= section.box.right) widen(this.box, ...Object.values(section.box));
    return section;
  }

  #seat(index, [, x, y, category, flags], row, box) {
    this.x[index] = x;
    this.y[index] = y;
    this.category[index] = category;
    this.flags[index] = flags;
    this.rowOf[index] = row;
    widen(box, x, y);
  }

  #area(area) {
    this.category.fill(area.category, area.first, area.first + area.capacity);
    widen(this.box, area.x, area.y, area.x + area.width, area.y + area.height);
    return area;
  }

  // The usual distance between neighbours tells how large a seat may be drawn.
  #spacing() {
    const gaps = [];
    for (const { first, numbers } of this.rows)
      for (let seat = first + 1; seat < first + numbers.length; seat++)
        gaps.push(Math.hypot(this.x[seat] - this.x[seat - 1], this.y[seat] - this.y[seat - 1]));
    return median(gaps.filter((gap) => gap > 0)) || 25;
  }

  // `map`: two bits each, the first seat in the lowest bits of the first byte.
  setStates({ version, states }) {
    const bytes = atob(states);
    for (let seat = 0; seat < this.count; seat++)
      this.states[seat] = (bytes.charCodeAt(seat >> 2) >> ((seat & 3) * 2)) & 3;
    this.version = version;
  }

  // `seats`: what changed. Returns whether it was news.
  change({ version, free = [], held = [], sold = [] }) {
    if (version <= this.version) return false;
    this.version = version;
    for (const [seats, state] of [[free, FREE], [held, HELD], [sold, SOLD]])
      for (const seat of seats) this.states[seat] = state;
    return true;
  }

  areaOf(seat) {
    return this.areas.find(({ first, capacity }) => seat >= first && seat < first + capacity) ?? null;
  }

  areaFree({ first, capacity }) {
    let free = 0;
    for (let seat = first; seat < first + capacity; seat++) free += this.states[seat] === FREE;
    return free;
  }

  // The area that stands for a category without seats, or for any when the plan has none; -1 when there are seats.
  areaInsteadOfSeats(category) {
    const isWanted = (each) => category === null || each === category;
    const hasSeats = this.rows.some(({ first, numbers }) => numbers.some((_, at) => isWanted(this.category[first + at])));
    return hasSeats ? -1 : this.areas.findIndex((area) => isWanted(area.category));
  }

  // Whether these are neighbours in one row, with no aisle between them.
  isTogether(seats) {
    const sorted = [...seats].sort((a, b) => a - b);
    return sorted.slice(1).every((seat, at) => seat === sorted[at] + 1 && this.rowOf[seat] === this.rowOf[sorted[at]]
      && !(Math.hypot(this.x[seat] - this.x[seat - 1], this.y[seat] - this.y[seat - 1]) > AISLE * this.spacing));
  }

  // Adult, reduced, ...; empty where there is one price for everybody.
  types(seat) {
    return this.categories[this.category[seat]].types ?? [];
  }

  price(seat, type = 0) {
    return this.types(seat)[type]?.price_minor ?? this.categories[this.category[seat]].price_minor;
  }

  lowest(category) {
    const { types = [], price_minor } = this.categories[category];
    return Math.min(price_minor, ...types.map((type) => type.price_minor));
  }

  // What a category costs: one price, or from which one on.
  priceText(category) {
    const { types = [], price_minor } = this.categories[category];
    const price = money(this.lowest(category), this.currency);
    return types.some((type) => type.price_minor !== price_minor) ? t('seats.from', { price }) : price;
  }

  // Takes over new prices, names and remarks of the same seats. False: these are others, nothing was taken over.
  renew(json) {
    const fresh = new Plan(json);
    const isSame = fresh.count === this.count && fresh.areas.length === this.areas.length
      && fresh.category.every((category, seat) => category === this.category[seat])
      && fresh.rows.every(({ first, numbers }, at) => first === this.rows[at]?.first && numbers.length === this.rows[at].numbers.length);
    if (isSame) Object.assign(this, { categories: fresh.categories, flags: fresh.flags });
    return isSame;
  }

  number(seat) {
    const row = this.rows[this.rowOf[seat]];
    return row.numbers[seat - row.first];
  }

  sectionName({ name, level }) {
    return level ? t('seats.level', { level, section: name }) : t('seats.section', { section: name });
  }

  name(seat) {
    const area = this.areaOf(seat);
    if (area) return t('seats.place', { area: area.name, number: String(seat - area.first + 1) });
    const { section, label, numbers, first } = this.rows[this.rowOf[seat]];
    return t('seats.full', { section: section.name, row: label, seat, number: numbers[seat - first] });
  }

  // Several at once, those of one row together.
  names(seats) {
    const rows = new Map();
    for (const seat of seats) {
      const key = this.rowOf[seat] < 0 ? `place ${seat}` : this.rowOf[seat];
      rows.set(key, [...(rows.get(key) ?? []), seat]);
    }
    return [...rows.values()].map((row) => this.#rowName(row)).join('; ');
  }

  #rowName(seats) {
    if (seats.length === 1) return this.name(seats[0]);
    const { section, label } = this.rows[this.rowOf[seats[0]]];
    return t('seats.fullMany', { section: section.name, row: label, numbers: seats.map((seat) => this.number(seat)).join(', ') });
  }

  remarks(seat) {
    return flagTexts.filter(([flag]) => this.flags[seat] & flag).map(([, key]) => t(key));
  }
}
