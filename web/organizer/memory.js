// What the plots show: the figures of the last ten minutes and of the whole sale. The server tells what was before the page
// was opened; what is heard afterwards is added here. Counts of arrivals and admissions become rates.

const FINE_MS = 600000;
const YOUNG_MS = 60000; // what began less than a minute ago is not stretched further than this
const COARSE_STEP_MS = 10000;
const SAMPLES_MAX = 9000; // a day in coarse steps
const GAP_STEPS = 3; // so many steps without a sample are a gap in the lines

const names = ['waiting', 'inside', 'arrivals', 'admissions', 'sold', 'held', 'hold', 'confirm', 'lag'];

const empty = () => ({ times: [], ...Object.fromEntries(names.map((name) => [name, []])) });

// Differences of a running total, per second; null where there is nothing to compare with, or the count began anew.
function rates(totals, times) {
  return totals.map((total, at) => {
    const seconds = (times[at] - times[at - 1]) / 1000;
    const more = total - totals[at - 1];
    return at > 0 && seconds > 0 && more >= 0 ? more / seconds : null;
  });
}

function unpack(columns, { step_ms, samples }) {
  const column = (name) => samples.map((sample) => sample[columns.indexOf(name)] ?? null);
  const times = column('at_ms');
  return withGaps({ times, waiting: column('waiting'), inside: column('inside'), arrivals: rates(column('arrivals'), times),
    admissions: rates(column('admissions'), times), sold: column('sold'), held: column('held'), hold: column('hold_p99_ms'),
    confirm: column('confirm_p99_ms'), lag: column('lag_ms') }, step_ms);
}

// A moment without figures where samples are missing, so that no line is drawn across.
function withGaps(series, stepMs) {
  const result = empty();
  series.times.forEach((time, at) => {
    const before = result.times.at(-1);
    if (before !== undefined && time - before > GAP_STEPS * stepMs) push(result, before + stepMs, {});
    push(result, time, Object.fromEntries(names.map((name) => [name, series[name][at]])));
  });
  return result;
}

function push(series, time, values) {
  series.times.push(time);
  for (const name of names) series[name].push(values[name] ?? null);
}

export class Memory {
  #fine = empty(); #coarse = empty();

  // Of GET .../history.
  load({ columns, fine, coarse }) {
    this.#fine = unpack(columns, fine);
    this.#coarse = unpack(columns, coarse);
  }

  // Of the live feed.
  add(figures) {
    const values = { waiting: figures.waiting, inside: figures.inside, arrivals: figures.arrivals_per_s,
      admissions: figures.admissions_per_s, sold: figures.sold, held: figures.held, hold: figures.hold_ms?.p99,
      confirm: figures.confirm_ms?.p99, lag: figures.lag_ms };
    this.#append(this.#fine, figures.at_ms, values, 1000);
    if (figures.at_ms - (this.#coarse.times.at(-1) ?? 0) >= COARSE_STEP_MS) this.#append(this.#coarse, figures.at_ms, values, COARSE_STEP_MS);
    const old = this.#fine.times.findIndex((time) => time >= figures.at_ms - FINE_MS);
    for (const list of Object.values(this.#fine)) list.splice(0, Math.max(0, old));
    for (const list of Object.values(this.#coarse)) list.splice(0, list.length - SAMPLES_MAX);
  }

  #append(series, time, values, stepMs) {
    const before = series.times.at(-1);
    if (before !== undefined && time <= before) return;
    if (before !== undefined && time - before > GAP_STEPS * stepMs) push(series, before + stepMs, {});
    push(series, time, values);
  }

  // range: 'recent' or 'all'. What a plot draws, with these lines.
  shown(range, lines) {
    const series = range === 'recent' ? this.#fine : this.#coarse;
    const to = series.times.at(-1) ?? this.#fine.times.at(-1) ?? Date.now();
    const first = Math.min(series.times[0] ?? to - FINE_MS, to - YOUNG_MS);
    const from = range === 'recent' ? Math.max(to - FINE_MS, first) : first;
    return { from, to, times: series.times, lines: lines.map((name) => series[name]) };
  }
}
