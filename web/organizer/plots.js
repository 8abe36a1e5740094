// The four plots of the live view, and the switch between the last minutes and the whole sale.
import { el } from '../dom.js';
import { count } from '../format.js';
import { language, t } from '../text.js';
import { Plot } from './plot.js';

const DAY_MS = 86400000;
const short = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 });
const clock = { hour: '2-digit', minute: '2-digit' };
const minutes = new Intl.DateTimeFormat(language, clock);
const seconds = new Intl.DateTimeFormat(language, { ...clock, second: '2-digit' });
const days = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });

const formatTime = (ms, stepMs) => (stepMs < 60000 ? seconds : stepMs < DAY_MS ? minutes : days).format(ms);
const formatCount = (value) => (value < 10000 ? count(Math.round(value * 10) / 10) : short.format(value));
const formatMs = (value) => (value < 1000 ? t('live.ms', { n: Math.round(value) }) : t('live.s', { n: Math.round(value / 100) / 10 }));

// Title, lines with the names of their texts, and whether they count whole things.
const kinds = [
  { key: 'plot.line', lines: ['waiting'], isWhole: true, format: formatCount },
  { key: 'plot.rates', lines: ['arrivals', 'admissions'], isWhole: false, format: formatCount },
  { key: 'plot.seats', lines: ['sold', 'held'], isWhole: true, format: formatCount },
  { key: 'plot.latency', lines: ['hold', 'confirm'], isWhole: true, format: formatMs },
];

const lastOf = (line) => line.findLast((value) => value !== null);

function makePlot({ key, lines, isWhole, format }) {
  const series = lines.map((name) => ({ name: t(`plot.${name}`) }));
  const summary = (data) => data.lines.map((line, at) => {
    const known = line.filter((value) => value !== null);
    return known.length ? t('plot.summary', { name: series[at].name, now: format(lastOf(line)), most: format(Math.max(...known)) })
      : t('plot.nothing', { name: series[at].name });
  }).join(' ');
  return new Plot({ title: t(key), series, isWhole, format, formatTime, summary });
}

export class Plots {
  #memory; #range = 'recent'; #plots = kinds.map((kind) => [kind, makePlot(kind)]); #buttons = {}; #drawn = new Map();

  constructor(memory) {
    this.#memory = memory;
    const button = (range, key) => {
      this.#buttons[range] = el('button', { type: 'button', 'aria-pressed': String(range === this.#range), onclick: () => this.#show(range) }, t(key));
      return this.#buttons[range];
    };
    const head = el('div', { class: 'office-head' }, el('h2', {}, t('plot.title')),
      el('div', { class: 'switch', role: 'group', 'aria-label': t('plot.range') }, button('recent', 'plot.recent'), button('all', 'plot.all')));
    this.node = el('section', { class: 'card' }, head, el('div', { class: 'plots' }, ...this.#plots.map(([, plot]) => plot.node)));
  }

  // The whole sale is many points: it is drawn again only when it has a new one.
  draw() {
    for (const [{ lines }, plot] of this.#plots) {
      const data = this.#memory.shown(this.#range, lines);
      const mark = `${this.#range} ${data.to}`;
      if (this.#drawn.get(plot) === mark) continue;
      this.#drawn.set(plot, mark);
      plot.draw(data);
    }
  }

  #show(range) {
    this.#range = range;
    for (const [name, button] of Object.entries(this.#buttons)) button.setAttribute('aria-pressed', String(name === range));
    this.draw();
  }
}
