// The live view of one sale: how it stands now, how it came here, and beside it how to steer it.
import { el, setText, show, swatch } from '../dom.js';
import { count, money, timeHere } from '../format.js';
import { Plan } from '../plan.js';
import { language, t } from '../text.js';
import { digitsOf } from './amount.js';
import { eventPath, get } from './api.js';
import { Feed } from './feed.js';
import { frame } from './frame.js';
import { Hall } from './hall.js';
import { Lottery } from './lottery.js';
import { Memory } from './memory.js';
import { table } from './parts.js';
import { Plots } from './plots.js';
import { Steering } from './steer.js';

// The large figures: name, what it says, and the line below it.
const tiles = [
  ['waiting', (f) => count(f.waiting), (f) => t('live.arriving', { n: tenths(f.arrivals_per_s) })],
  ['inside', (f) => count(f.inside), (f) => t('live.admitting', { n: tenths(f.admissions_per_s), most: tenths(f.rate_per_s) })],
  ['sold', (f) => count(f.sold), (f) => t('live.left', { free: count(f.free), held: count(f.held) })],
  ['revenue', (f) => wholeMoney(f.revenue_minor - (f.refunded_minor ?? 0), f.currency),
    (f) => (f.refunded_minor ? t('live.refunded', { amount: money(f.refunded_minor, f.currency) }) : t('live.orders', { n: f.orders }))],
];
const wholeMoney = (minor, currency) => new Intl.NumberFormat(language, { style: 'currency', currency, maximumFractionDigits: 0 })
  .format(minor / 10 ** digitsOf(currency));
const tenths = (value) => String(Math.round((value ?? 0) * 10) / 10);
const ms = (value) => (value === null || value === undefined ? '–' : t('live.ms', { n: value }));
const both = (latency) => (latency ? t('live.latency', { p50: ms(latency.p50), p99: ms(latency.p99) }) : t('live.noneYet'));

const facts = [
  ['hold', (f) => both(f.hold_ms)], ['confirm', (f) => both(f.confirm_ms)], ['lag', (f) => ms(f.lag_ms)],
  ['estimate', (f) => (f.estimate_error_percent === null ? t('live.noneYet') : t('live.percent', { n: f.estimate_error_percent }))],
  ['visitors', (f) => count(f.visitors)],
];

// What a part has to say besides how it is: a number, or words of the server's.
function noteText(note) {
  const [, behind] = /^(\d+) ms behind$/.exec(note) ?? [];
  if (behind) return t('part.behind', { n: Number(behind) });
  return note === 'recovers' ? t('part.recovers') : note;
}

class Board {
  #alarm = el('p', { class: 'problem', role: 'alert', hidden: true }); #values = {}; #below = {}; #facts = {}; #parts = el('ul', { class: 'parts' }); #categories = el('div', {});

  figures() {
    const tile = ([name]) => {
      this.#values[name] = el('dd', { class: 'tile-figure' }, '–');
      this.#below[name] = el('dd', { class: 'soft small' });
      return el('div', { class: 'tile' }, el('dt', {}, t(`live.${name}`)), this.#values[name], this.#below[name]);
    };
    return el('dl', { class: 'tiles' }, ...tiles.map(tile));
  }

  health() {
    const fact = ([name]) => {
      this.#facts[name] = el('dd', {}, '–');
      return el('div', {}, el('dt', {}, t(`fact.${name}`)), this.#facts[name]);
    };
    return el('section', { class: 'card' }, el('h2', {}, t('live.health')), this.#parts, el('dl', { class: 'pairs' }, ...facts.map(fact)));
  }

  categories() {
    return this.#categories;
  }

  // Orders and payments of this server that somebody has to look after.
  get alarm() {
    return this.#alarm;
  }

  draw(figures, plan) {
    for (const [name, value, below] of tiles) {
      setText(this.#values[name], value(figures));
      setText(this.#below[name], below(figures));
    }
    const told = ['dead', 'failed', 'mails_failed'].filter((kind) => figures[kind] > 0).map((kind) => t(`live.${kind}`, { n: figures[kind] }));
    setText(this.#alarm, told.join(' '));
    show(this.#alarm, told.length > 0);
    for (const [name, value] of facts) setText(this.#facts[name], value(figures));
    const part = ({ part: name, state, note }) => el('li', { class: `part is-${state}` }, el('span', { class: 'grow' }, t(`part.${name}`) || name),
      el('span', { class: 'soft small' }, noteText(note)), el('strong', {}, t(`state.${state}`)));
    this.#redraw(this.#parts, figures.parts, () => figures.parts.map(part));
    this.#redraw(this.#categories, figures.categories, () => [this.#table(figures.categories, plan)]);
  }

  // Only what changed is drawn again: no list is replaced under a screen reader once a second.
  #redraw(node, data, make) {
    const text = JSON.stringify(data);
    if (node.dataset.drawn === text) return;
    node.dataset.drawn = text;
    node.replaceChildren(...make());
  }

  #table(categories, plan) {
    const columns = [{ name: t('live.category') }, ...['free', 'held', 'sold', 'total'].map((key) => ({ name: t(`live.c${key}`), isFigure: true }))];
    const row = ({ name, free, held, sold, total }, at) => [
      el('span', { class: 'with-swatch' }, swatch(plan.categories[at]?.color ?? 'transparent'), name), count(free), count(held), count(sold), count(total)];
    return table(t('live.byCategory'), columns, categories.map(row), true);
  }
}

export async function view({ can }, id) {
  const [event, planJson, history] = await Promise.all([get(eventPath(id)), get(eventPath(id, '/plan')), get(eventPath(id, '/history'))]);
  const plan = new Plan(planJson);
  const memory = new Memory();
  memory.load(history);
  const { head, setPhase } = frame(event, 'live', can);
  const board = new Board();
  const plots = new Plots(memory);
  const hall = new Hall(id, plan);
  const steering = can('event.steer') ? new Steering(event) : null;
  const lottery = event.settings.draw === '1' ? new Lottery(event, can('event.steer')) : null;
  const freshness = el('p', { class: 'freshness small', role: 'status' }, t('live.connecting'));
  const node = el('section', { class: 'office board' }, head, el('div', { class: 'board-news' }, freshness, board.alarm),
    board.figures(), el('div', { class: 'board-side' }, steering?.node, lottery?.node, board.health()),
    el('div', { class: 'board-main' }, plots.node,
      el('section', { class: 'card hall' }, el('h2', {}, t('live.hall')), hall.node, board.categories())));
  const feed = new Feed(id, {
    figures: (figures) => {
      memory.add(figures);
      setPhase(figures.phase);
      board.draw(figures, plan);
      plots.draw();
      hall.hear(figures);
      steering?.hear(figures);
      lottery?.hear();
    },
    again: () => get(eventPath(id, '/history')).then((fresh) => memory.load(fresh), () => {}),
    state: (isLive, heardMs) => {
      node.classList.toggle('is-stale', !isLive);
      const time = heardMs ? timeHere(heardMs) : '–';
      setText(freshness, isLive ? t('live.live') : t('live.stale', { time }));
      show(freshness, true);
    },
  });
  plots.draw();
  return { title: t('title.live', { name: event.name }), node, close: () => { feed.close(); hall.close(); } };
}
