// Files of seats and prices: chosen or dropped, checked by the server before anything is stored, and then either shown as
// a map or as a list of what is wrong, line by line.
import { el, setText, show, swatch } from '../dom.js';
import { count } from '../format.js';
import { FREE, NOT_FOR_SALE, Plan } from '../plan.js';
import { SeatMap } from '../seatmap.js';
import { need, t } from '../text.js';
import { post } from './api.js';
import { field, problemBox, table, text } from './parts.js';
import { problemText } from './said.js';

const BYTES_MAX = 30 << 20;
const FLAG_NOT_FOR_SALE = 16;
const OUR_PLANS = ['seats.csv', 'plan.json'];
const OUR_FILES = [...OUR_PLANS, 'prices.csv', 'event.ini'];
const OUR_COLUMNS = ['section', 'row', 'seat', 'seat_from', 'seat_to', 'level', 'category', 'price'];

const sentName = ({ text: content }) => (/^\s*[{[]/.test(content) ? 'plan.json' : 'seats.csv');

// Warnings of a whole line have no column.
const placeOf = ({ line, column }) => (line ? [line, column].filter(Boolean).join(':') : '–');

const problemTable = (problems, all, caption, nameOf) => el('section', {}, el('h2', { class: 'minor' }, caption),
  table(caption, [{ name: t('files.file') }, { name: t('files.line'), isFigure: true }, { name: t('files.what'), isText: true }],
    problems.map((problem) => [nameOf(problem.file), placeOf(problem), problemText(problem)])),
  all > problems.length ? el('p', { class: 'soft' }, t('files.more', { n: all - problems.length })) : null);

// The hall as it will be sold, all free, and what is in it.
function preview(json) {
  const plan = new Plan(json);
  plan.states.fill(FREE);
  plan.flags.forEach((flags, seat) => { if (flags & FLAG_NOT_FOR_SALE) plan.states[seat] = NOT_FOR_SALE; });
  const canvas = el('canvas', { class: 'preview-map', role: 'img', 'aria-label': t('files.map', { n: plan.count }) });
  const map = new SeatMap(canvas, plan, { seat() {}, area() {}, hover() {}, areaText: (free) => t('sale.left', { n: free }) });
  const counts = json.categories.map((_, at) => plan.category.reduce((sum, category) => sum + (category === at), 0));
  const categories = table(t('live.byCategory'), [{ name: t('live.category') }, { name: t('stock.seats'), isFigure: true }],
    json.categories.map(({ name, color }, at) => [el('span', { class: 'with-swatch' }, swatch(color), name), count(counts[at])]), true);
  requestAnimationFrame(() => map.fit());
  return el('div', { class: 'preview' }, canvas, categories);
}

export class InventoryFiles {
  #files = []; #list = el('ul', { class: 'file-list' }); #outcome = el('div', { class: 'stack', 'aria-live': 'polite' }); #problem = problemBox();
  #maps = new Map(); #onChecked; #event; #turn = 0; #renames = el('details', { hidden: true });

  // onChecked(INVENTORY or null): what is chosen has been looked at; null while it cannot be used.
  // event(): its currency and its time zone, which the files may count on.
  constructor({ onChecked, event }) {
    this.#onChecked = onChecked;
    this.#event = event;
    const input = el('input', { type: 'file', multiple: true, accept: '.csv,.json,.ini,text/csv,application/json', onchange: () => this.#add(input.files) });
    const drop = el('div', { class: 'drop' }, field(t('files.choose'), input, t('files.chooseHint')));
    drop.addEventListener('dragover', (event) => { event.preventDefault(); drop.classList.add('is-over'); });
    drop.addEventListener('dragleave', () => drop.classList.remove('is-over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('is-over');
      this.#add(event.dataTransfer.files);
    });
    this.#makeRenames();
    this.node = el('div', { class: 'stack' }, drop, this.#list, this.#renames, this.#problem.node, this.#outcome);
  }

  // What the API wants to have.
  get body() {
    const map = Object.fromEntries([...this.#maps].map(([ours, input]) => [ours, input.value.trim()]).filter(([, theirs]) => theirs));
    const plan = this.#planOfOwnName();
    return { files: this.#files.map((file) => (file === plan ? { ...file, name: sentName(file) } : file)), map };
  }

  // Of several files the server knows which is which by their names. When all but one have such names, that one is the plan.
  #planOfOwnName() {
    const others = this.#files.filter(({ name }) => !OUR_FILES.includes(name));
    const isClear = this.#files.length > 1 && others.length === 1 && !this.#files.some(({ name }) => OUR_PLANS.includes(name));
    return isClear ? others[0] : null;
  }

  // As whoever chose the file calls it.
  #nameOf(sent) {
    const plan = this.#planOfOwnName();
    return plan && sent === sentName(plan) ? plan.name : sent;
  }

  #makeRenames() {
    const inputs = OUR_COLUMNS.map((ours) => {
      const input = text({ name: `map-${ours}`, onchange: () => this.#check() });
      this.#maps.set(ours, input);
      return field(ours, input);
    });
    this.#renames.append(el('summary', {}, t('files.columns')), el('p', { class: 'soft small' }, t('files.columnsHint')), el('div', { class: 'field-row' }, ...inputs));
  }

  async #add(chosen) {
    this.#problem.clear();
    for (const file of chosen) {
      const known = this.#files.filter(({ name }) => name !== file.name);
      if (file.size + known.reduce((sum, one) => sum + one.text.length, 0) > BYTES_MAX) {
        this.#problem.say(t('files.tooLarge', { name: file.name }));
        continue;
      }
      this.#files = [...known, { name: file.name, text: await file.text() }];
    }
    this.#drawList();
    await this.#check();
  }

  #drawList() {
    this.#list.replaceChildren(...this.#files.map(({ name, text: content }) => el('li', {}, el('span', { class: 'grow' }, name),
      el('span', { class: 'soft small' }, t('files.lines', { n: content.split('\n').length })),
      el('button', { type: 'button', class: 'quiet', 'aria-label': t('files.removeOf', { name }), onclick: () => {
        this.#files = this.#files.filter((one) => one.name !== name);
        this.#drawList();
        this.#check();
      } }, t('files.remove')))));
    show(this.#renames, this.#files.some(({ name }) => !name.endsWith('.json')));
  }

  async #check() {
    const turn = ++this.#turn;
    this.#onChecked(null);
    if (!this.#files.length) return this.#outcome.replaceChildren();
    setText(this.#outcome, t('files.checking'));
    try {
      const [inventory] = await Promise.all([post('/inventory/check', { ...this.body, ...this.#event() }), need('import')]);
      if (turn !== this.#turn) return undefined;
      this.#show(inventory);
      return this.#onChecked(inventory);
    } catch (error) {
      if (turn !== this.#turn) return undefined;
      if (error.code !== 'bad_inventory') {
        this.#outcome.replaceChildren();
        return this.#problem.say(error);
      }
      await need('import');
      if (turn !== this.#turn) return undefined;
      const { errors, errors_count: errorsCount, warnings, warnings_count: warningsCount } = error.fields;
      return this.#outcome.replaceChildren(el('p', { class: 'problem', role: 'alert' }, t('files.wrong', { n: errorsCount })),
        problemTable(errors, errorsCount, t('files.errors'), (name) => this.#nameOf(name)), this.#warnings(warnings, warningsCount));
    }
  }

  #warnings(warnings, all) {
    return all ? problemTable(warnings, all, t('files.warnings'), (name) => this.#nameOf(name)) : '';
  }

  #show({ seats_count: seats, standing_count: standing, plan, warnings, warnings_count: warningsCount }) {
    this.#outcome.replaceChildren(el('p', { class: 'calm' }, t('files.good', { seats: count(seats - standing), standing: count(standing) })), preview(plan),
      this.#warnings(warnings, warningsCount));
  }
}
