// A line plot in SVG: some lines over time, drawn anew as a whole whenever it has news. It is sized by its container, has
// round numbers on its axes, tells its lines apart by dashes as well as by colour, and leaves a gap where nothing was
// heard. Under the pointer it reads out a moment; for screen readers it is one picture with one sentence.
import { el, setText } from '../dom.js';

const NS = 'http://www.w3.org/2000/svg';
const HEIGHT = 168;
const EDGE = { top: 8, right: 8, bottom: 24, left: 48 };
const TICK_PX = 110; // about one moment on the axis in so many pixels
const stepsMs = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800]
  .map((s) => s * 1000);

function svg(tag, attributes, text) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// The smallest of 1, 2, 5, 10, 20, ... that makes at most `count` steps up to `max`; whole numbers only when asked.
export function niceStep(max, count, isWhole) {
  const raw = max / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw * 0.999);
  return isWhole ? Math.max(1, Math.round(step)) : step;
}

// Points of one line as SVG path data: a new piece after every gap.
export function pathOf(times, values, x, y) {
  let isDown = false;
  let path = '';
  times.forEach((time, at) => {
    const value = values[at];
    if (value === null || value === undefined || Number.isNaN(value)) {
      isDown = false;
      return;
    }
    path += `${isDown ? 'L' : 'M'}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = true;
  });
  return path;
}

export class Plot {
  #options; #svg; #values; #moment = el('li', { class: 'soft' }); #width = 0; #data = null; #scale = null;

  // title; series: [{name}]; format(value) and formatTime(ms) to text; summary(data) to a sentence; isWhole: counts of things.
  constructor(options) {
    this.#options = options;
    this.#svg = svg('svg', { class: 'plot-picture', role: 'img', height: HEIGHT });
    this.#values = options.series.map(() => el('strong', {}, '–'));
    const legend = options.series.map(({ name }, at) => el('li', { class: `key-${at}` }, name, ' ', this.#values[at]));
    this.node = el('figure', { class: 'plot' }, el('figcaption', {}, options.title),
      el('ul', { class: 'legend small', 'aria-hidden': 'true' }, ...legend, this.#moment), this.#svg);
    this.#svg.addEventListener('pointermove', (event) => this.#read(event));
    this.#svg.addEventListener('pointerleave', () => this.#draw());
    new ResizeObserver(([entry]) => {
      this.#width = Math.round(entry.contentRect.width);
      this.#draw();
    }).observe(this.node);
  }

  // data: {from, to, times: [ms], lines: [[value or null]]}, all in step.
  draw(data) {
    this.#data = data;
    this.#draw();
  }

  #draw() {
    if (!this.#data || this.#width < 100) return;
    const { from, to, times, lines } = this.#data;
    const { isWhole, format } = this.#options;
    const most = Math.max(...lines.flat().filter((value) => Number.isFinite(value)), 0) || 1;
    const step = niceStep(most, 4, isWhole);
    const top = Math.ceil(most / step) * step;
    const x = (ms) => EDGE.left + ((ms - from) / Math.max(1, to - from)) * (this.#width - EDGE.left - EDGE.right);
    const y = (value) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom);
    this.#scale = { x, y };
    const parts = [];
    for (let value = 0; value <= top * 1.001; value += step) {
      parts.push(svg('line', { class: 'grid', x1: EDGE.left, x2: this.#width - EDGE.right, y1: y(value), y2: y(value) }),
        svg('text', { x: EDGE.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, format(value)));
    }
    parts.push(...this.#moments(from, to, x));
    lines.forEach((values, at) => parts.push(svg('path', { class: `curve key-${at}`, d: pathOf(times, values, x, y) })));
    this.#svg.setAttribute('viewBox', `0 0 ${this.#width} ${HEIGHT}`);
    this.#svg.setAttribute('aria-label', this.#options.summary(this.#data));
    this.#svg.replaceChildren(...parts);
    this.#say(times.length - 1);
  }

  #moments(from, to, x) {
    const room = Math.max(1, Math.floor((this.#width - EDGE.left) / TICK_PX));
    const step = stepsMs.find((ms) => (to - from) / ms <= room) ?? stepsMs.at(-1);
    const zoneMs = new Date(to).getTimezoneOffset() * 60000; // whole hours of the reader's clock
    const texts = [];
    for (let at = Math.ceil((from - zoneMs) / step) * step + zoneMs; at <= to; at += step) {
      const [left, right] = [x(at) < EDGE.left + 24, x(at) > this.#width - 40];
      texts.push(svg('text', { x: x(at), y: HEIGHT - 6, 'text-anchor': left ? 'start' : right ? 'end' : 'middle' },
        this.#options.formatTime(at, step)));
    }
    return texts;
  }

  // The legend says what the lines are, and how they stood at this moment.
  #say(at) {
    const { times, lines } = this.#data;
    const { format, formatTime } = this.#options;
    lines.forEach((line, nr) => setText(this.#values[nr], Number.isFinite(line[at]) ? format(line[at]) : '–'));
    setText(this.#moment, at < 0 ? '' : formatTime(times[at], 1000));
  }

  #read(event) {
    if (!this.#data?.times.length || !this.#scale) return;
    const { times, lines } = this.#data;
    const { x, y } = this.#scale;
    const px = event.clientX - this.#svg.getBoundingClientRect().left;
    let nearest = 0;
    times.forEach((time, at) => { if (Math.abs(x(time) - px) < Math.abs(x(times[nearest]) - px)) nearest = at; });
    this.#svg.querySelectorAll('.cross').forEach((node) => node.remove());
    const at = x(times[nearest]);
    this.#svg.append(svg('line', { class: 'cross', x1: at, x2: at, y1: EDGE.top, y2: HEIGHT - EDGE.bottom }),
      ...lines.flatMap((line, nr) => (Number.isFinite(line[nearest])
        ? [svg('circle', { class: `cross key-${nr}`, cx: at, cy: y(line[nearest]), r: 4 })] : [])));
    this.#say(nearest);
  }
}
