// Plots as SVG, drawn for the width they have, with a reading under the pointer. No library: scales, axes, curves, bars.

const SVG = 'http://www.w3.org/2000/svg';

function node(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (key === 'style') element.style.cssText = value; else element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const color = (index) => `var(--s${index % 8 + 1})`;

// --- numbers for people ---

const number = (value, digits = 0) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function short(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${number(value / 1e6, size < 1e7 ? 1 : 0)} M`;
  if (size >= 1e4) return `${number(value / 1e3)} k`;
  return size === 0 || size >= 10 || Number.isInteger(value) ? number(value) : number(value, size < 1 ? 2 : 1);
}

// Microseconds.
function time(us) {
  if (us < 1000) return `${number(us)} µs`;
  if (us < 10_000) return `${number(us / 1000, 1)} ms`;
  if (us < 1e6) return `${number(us / 1000)} ms`;
  return us < 1.2e8 ? `${number(us / 1e6, us < 1e7 ? 2 : 1)} s` : `${number(us / 6e7, 1)} min`;
}

const tickTime = (us) => time(us).replace(/\.0+ /, ' ');
const seconds = (s) => (s < 120 ? `${number(s, Number.isInteger(s) || s >= 10 ? 0 : s < 1 ? 2 : 1)} s`
  : `${Math.floor(s / 60)}:${String(Math.round(s % 60)).padStart(2, '0')} min`);

// --- scales ---

function niceStep(span, count) {
  const rough = span / count, power = 10 ** Math.floor(Math.log10(rough)), part = rough / power;
  return (part > 5 ? 10 : part > 2 ? 5 : part > 1 ? 2 : 1) * power;
}

// Seconds, as clocks have them.
const TIME_STEPS = [10, 15, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200];
const niceTime = (span, count) => TIME_STEPS.find((step) => step >= span / count) ?? niceStep(span, count);

function linear(low, high, from, to, count = 4, nice = niceStep) {
  const span = high > low ? high - low : 1, step = nice(span, count), ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= low + span * 1.0001; tick += step) ticks.push(Number(tick.toPrecision(12)));
  const scale = (value) => from + (value - low) / span * (to - from);
  return Object.assign(scale, { ticks, low, high: low + span });
}

// From 0 to the next tick above the highest value.
function upward(high, from, to, nice = niceStep) {
  const step = nice(high, 5);
  return linear(0, Math.ceil(high / step - 1e-9) * step, from, to, 5, () => step);
}

const timeScale = (low, high, from, to, count) => linear(low, high, from, to, count, high - low > 40 ? niceTime : niceStep);

function logarithmic(low, high, from, to) {
  const a = Math.log10(low), b = Math.max(Math.log10(high), a + 0.5), ticks = [];
  const steps = b - a > 3 ? [1] : b - a > 1.4 ? [1, 3] : [1, 2, 5];
  for (let power = Math.floor(a); power <= b; power++)
    for (const step of steps) {
      const tick = step * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  const scale = (value) => from + (Math.log10(Math.max(value, low)) - a) / (b - a) * (to - from);
  return Object.assign(scale, { ticks, low, high });
}

// --- the frame of a plot ---

const BOX = { left: 46, right: 10, top: 10, bottom: 24 };

function axes(svg, width, height, x, y, formatX, formatY) {
  const group = node('g');
  for (const tick of y.ticks) {
    const at = y(tick);
    group.append(node('line', { class: 'grid', x1: BOX.left, x2: width - BOX.right, y1: at, y2: at }),
      node('text', { x: BOX.left - 7, y: at + 4, 'text-anchor': 'end' }, formatY(tick)));
  }
  let free = -Infinity;
  for (const tick of x.ticks) {
    const label = formatX(tick), half = label.length * 3.4, at = Math.min(x(tick), width - half);
    if (at - half < free) continue;
    free = at + half + 8;
    group.append(node('text', { x: at, y: height - 6, 'text-anchor': 'middle' }, label));
  }
  group.append(node('line', { class: 'axis', x1: BOX.left, x2: width - BOX.right, y1: height - BOX.bottom, y2: height - BOX.bottom }));
  svg.append(group);
}

// A panel with title, note, legend and a plot that is drawn anew when its width changes.
// draw(svg, width, height) may return read(x) -> { at, title, rows: [{ name, color, value }] } for the pointer.
function panel({ title, note, legend = [], height = 230, wide = false, draw }) {
  const box = html('figure', { class: wide ? 'panel wide' : 'panel', style: 'margin:0' });
  const plot = html('div', { class: 'plot' });
  box.append(html('h3', {}, title));
  if (note) box.append(html('p', { class: 'note' }, note));
  if (legend.length > 0)
    box.append(html('div', { class: 'legend' }, ...legend.map((entry) =>
      html('span', { style: `--c:${entry.color}`, ...(entry.dashed ? { class: 'dashed' } : {}) }, entry.name))));
  box.append(plot);
  let drawn = 0;
  const redraw = () => {
    const width = Math.max(Math.round(plot.clientWidth), 240);
    if (width === drawn) return;
    drawn = width;
    const svg = node('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title });
    const read = draw(svg, width, height);
    plot.replaceChildren(svg);
    if (read) follow(plot, svg, width, height, read);
  };
  new ResizeObserver(redraw).observe(plot);
  return box;
}

function follow(plot, svg, width, height, read) {
  const cross = node('line', { class: 'cross', y1: BOX.top, y2: height - BOX.bottom, visibility: 'hidden' });
  const tip = html('div', { class: 'tip', hidden: '' });
  svg.append(cross);
  plot.append(tip);
  const hide = () => { tip.hidden = true; cross.setAttribute('visibility', 'hidden'); };
  plot.onpointermove = (event) => {
    const frame = plot.getBoundingClientRect();
    const reading = read((event.clientX - frame.left) / frame.width * width);
    if (!reading || reading.rows.length === 0) { hide(); return; }
    cross.setAttribute('x1', reading.at);
    cross.setAttribute('x2', reading.at);
    cross.setAttribute('visibility', 'visible');
    tip.replaceChildren(html('b', {}, reading.title), ...reading.rows.slice(0, 10).map((row) =>
      html('div', { style: `--c:${row.color}` }, html('span', {}, row.name), row.value)));
    tip.hidden = false;
    const at = reading.at / width * frame.width;
    tip.style.left = at > frame.width / 2 ? '' : `${at + 12}px`;
    tip.style.right = at > frame.width / 2 ? `${frame.width - at + 12}px` : '';
  };
  plot.onpointerleave = hide;
}

function path(points) {
  let text = '', isDown = false;
  for (const [x, y] of points) {
    if (y === null) { isDown = false; continue; }
    text += `${isDown ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
  }
  return text;
}

function marksOn(svg, marks, x, height) {
  let free = -Infinity;
  for (const mark of marks) {
    const at = x(mark.at_s);
    svg.append(node('line', { class: 'mark', x1: at, x2: at, y1: BOX.top, y2: height - BOX.bottom }));
    if (at < free) continue;
    free = at + mark.text.length * 5.6 + 8;
    svg.append(node('text', { class: 'mark-label', x: at + 4, y: BOX.top + 8 }, mark.text));
  }
}

// --- curves over time ---

// series: [{ name, values, color, area, dashed, isLegendless, width }]; at: seconds of each value.
function overTime({ title, note, at, series, marks = [], format = short, floor = 0, isLog = false, wide = false, height }) {
  const shown = series.filter((one) => one.values.some((value) => value !== null));
  shown.forEach((one, index) => { one.color ??= color(index); });
  return panel({
    title, note, wide, height, legend: shown.filter((one) => !one.isLegendless),
    draw(svg, width, tall) {
      let high = floor, low = Infinity;
      for (const one of shown)
        for (const value of one.values)
          if (value !== null) { high = Math.max(high, value); if (value > 0) low = Math.min(low, value); }
      const x = timeScale(0, at.length > 0 ? at[at.length - 1] : 1, BOX.left, width - BOX.right, width > 420 ? 7 : 4);
      const y = isLog ? logarithmic(Math.min(low, high), high || 1, tall - BOX.bottom, BOX.top)
        : upward(high || 1, tall - BOX.bottom, BOX.top);
      axes(svg, width, tall, x, y, seconds, format === time ? tickTime : format);
      marksOn(svg, marks, x, tall);
      for (const one of shown) {
        const points = one.values.map((value, index) => [x(at[index]), value === null || (isLog && value <= 0) ? null : y(value)]);
        const known = points.filter(([, up]) => up !== null);
        if (one.area && known.length > 1)
          svg.append(node('path', { class: 'area', fill: one.color,
            d: `${path(known)}L${known.at(-1)[0].toFixed(1)} ${y(y.low)}L${known[0][0].toFixed(1)} ${y(y.low)}Z` }));
        if (known.length === 1) svg.append(node('circle', { cx: known[0][0], cy: known[0][1], r: 2.5, fill: one.color }));
        svg.append(node('path', { class: 'curve', stroke: one.color, d: path(points),
          ...(one.width ? { style: `stroke-width:${one.width}` } : {}), ...(one.dashed ? { 'stroke-dasharray': '4 3' } : {}) }));
      }
      return (px) => {
        let best = 0;
        at.forEach((s, index) => { if (Math.abs(x(s) - px) < Math.abs(x(at[best]) - px)) best = index; });
        return { at: x(at[best]), title: seconds(at[best]), rows: shown.filter((one) => one.values[best] !== null)
          .map((one) => ({ name: one.name, color: one.color, value: format(one.values[best]) })) };
      };
    },
  });
}

// --- latencies ---

// [[us, share of values up to it], ...] of a histogram as the report has it: us, count, us, count ...
function cumulative(buckets, count) {
  const points = [];
  let sum = 0;
  for (let i = 0; i < buckets.length; i += 2) {
    sum += buckets[i + 1];
    points.push([buckets[i], sum / count]);
  }
  return points;
}

const SHARES = [0.5, 0.9, 0.99, 0.999, 0.9999];
const nines = (share) => -Math.log10(1 - share);

// Each kind as a curve over its percentiles; the axis is stretched so that every nine has the same room.
function percentileCurves({ title, note, kinds }) {
  const shown = kinds.filter((kind) => kind.count > 1);
  const valueAt = (kind, share) => {
    const point = kind.curve.find(([, up]) => up >= share - 1e-12);
    return point ? Math.min(point[0], kind.max_us) : kind.max_us;
  };
  for (const kind of shown) kind.curve = cumulative(kind.buckets, kind.count);
  return panel({
    title, note, legend: shown, height: 300,
    draw(svg, width, tall) {
      const most = Math.max(...shown.map((kind) => kind.max_us), 1);
      const least = Math.min(...shown.map((kind) => Math.max(valueAt(kind, 0.1), 10)));
      const x = (share) => BOX.left + Math.min(nines(share), 4) / 4 * (width - BOX.left - BOX.right);
      const y = logarithmic(Math.min(least, most / 3), most, tall - BOX.bottom, BOX.top);
      axes(svg, width, tall, Object.assign(x, { ticks: [0, ...SHARES] }), y, (share) => `${Number((share * 100).toFixed(2))} %`, tickTime);
      for (const kind of shown) {
        const end = 1 - 1 / kind.count, points = [];
        for (let step = 0; step <= 160; step++) {
          const share = 1 - 10 ** (-step / 40);
          if (share > end && points.length > 1) break;
          points.push([x(share), y(valueAt(kind, Math.max(share, 1e-9)))]);
        }
        svg.append(node('path', { class: 'curve', stroke: kind.color, d: path(points) }));
      }
      return (px) => {
        const share = 1 - 10 ** (-Math.min(Math.max((px - BOX.left) / (width - BOX.left - BOX.right), 0), 1) * 4);
        return { at: x(share), title: `${Number((share * 100).toPrecision(share < 0.99 ? 2 : 4))} % of them took at most`,
          rows: shown.map((kind) => ({ name: kind.name, color: kind.color, value: time(valueAt(kind, Math.max(share, 1e-9))) })) };
      };
    },
  });
}

// A small histogram: ten bars a decade, logarithmic; p50 and p99 are marked.
function smallHistogram(kind) {
  const bins = new Map();
  for (let i = 0; i < kind.buckets.length; i += 2) {
    const bin = Math.floor(Math.log10(Math.max(kind.buckets[i], 1)) * 10);
    bins.set(bin, (bins.get(bin) ?? 0) + kind.buckets[i + 1]);
  }
  const first = Math.min(...bins.keys()) - 1, last = Math.max(Math.max(...bins.keys()) + 1, first + 10), most = Math.max(...bins.values());
  const width = 280, height = 96, svg = node('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `histogram of ${kind.name}` });
  const x = (bin) => (bin - first) / (last - first + 1) * width, base = height - 18;
  for (const [bin, count] of bins) {
    const tall = Math.max(count / most * (base - 14), 1);
    svg.append(node('rect', { x: x(bin) + 0.5, width: Math.max(width / (last - first + 1) - 1, 1), y: base - tall, height: tall, rx: 1, fill: kind.color },
      node('title', {}, `${time(10 ** (bin / 10))} to ${time(10 ** ((bin + 1) / 10))}: ${number(count)}`)));
  }
  svg.append(node('line', { class: 'axis', x1: 0, x2: width, y1: base, y2: base }));
  const ends = [kind.p50_us, kind.p99_us].map((us) => Math.min(x(Math.log10(Math.max(us, 1)) * 10), width));
  ['p50', 'p99'].forEach((name, index) => {
    const at = ends[index], isLeft = index === 0 ? ends[1] - at < (ends[1] > width - 26 ? 56 : 34) : at > width - 26;
    svg.append(node('line', { class: 'mark', x1: at, x2: at, y1: 10, y2: base }),
      node('text', { class: 'mark-label', x: at + (isLeft ? -3 : 3), y: 9, 'text-anchor': isLeft ? 'end' : 'start' }, name));
  });
  const places = last - first > 24 ? 10 : 5;
  for (let bin = Math.ceil(first / places) * places; bin <= last; bin += places)
    svg.append(node('text', { x: Math.min(Math.max(x(bin), 14), width - 16), y: height - 4, 'text-anchor': 'middle' }, tickTime(Number((10 ** (bin / 10)).toPrecision(1)))));
  return html('div', {}, html('h4', {}, kind.name, html('span', {}, `  ${number(kind.count)}`)), svg);
}

// --- estimates against what came ---

function scatter({ title, note, points, legend }) {
  return panel({
    title, note, legend, height: 280, wide: true,
    draw(svg, width, tall) {
      const high = Math.max(...points.map(([, to, was]) => Math.max(Math.min(to, was * 4 + 5), was)), 1);
      const longest = Math.max(...points.map(([, , was]) => was), 1);
      const x = timeScale(0, longest * 1.03, BOX.left, width - BOX.right, width > 420 ? 6 : 4), y = timeScale(0, high * 1.03, tall - BOX.bottom, BOX.top, 4);
      axes(svg, width, tall, x, y, seconds, seconds);
      const end = Math.min(longest * 1.03, high * 1.03);
      svg.append(node('line', { class: 'mark', x1: x(0), y1: y(0), x2: x(end), y2: y(end) }));
      for (const [from, to, was] of points) {
        const isWithin = was >= from && was <= to;
        svg.append(node('line', { x1: x(was), x2: x(was), y1: y(Math.min(from, y.high)), y2: Math.min(y(Math.min(to, y.high)), y(Math.min(from, y.high)) - 1.5),
          stroke: isWithin ? 'var(--s3)' : 'var(--s2)', 'stroke-width': 1.6, opacity: 0.6 }));
      }
      return null;
    },
  });
}
