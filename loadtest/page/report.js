// The page: what came out, then what happened when, then how it was measured. Reads the report out of this document.

const data = JSON.parse(document.getElementById('data').textContent);
const crowds = data.crowds ? Object.entries(data.crowds).filter(([, report]) => report) : [[data.run.event, data]];
const faults = data.faults ?? [];
const marks = faults.map(({ at_s }, index) => ({ at_s, text: String(index + 1) }));
const root = document.getElementById('report');

const verdicts = {
  green: ['green', 'Every promise was kept'], broken: ['red', 'A promise was broken'],
  missed: ['amber', 'A threshold was missed'], not_carried_out: ['amber', 'Not carried out'],
};
const sum = (values) => values.reduce((all, value) => all + (value ?? 0), 0);
const peak = (values) => Math.max(0, ...values.map((value) => value ?? 0));
const perSecond = (line, values) => values.map((value, index) => (line.seconds[index] >= 0.5 ? value / line.seconds[index] : null));

// --- the head ---

function verdictBox(verdict, reason, isPartial) {
  const [look, words] = verdicts[verdict] ?? ['amber', verdict];
  const more = [reason, isPartial ? 'partial: the run was interrupted' : ''].filter(Boolean).join('; ');
  return html('div', { class: `verdict ${look}`, role: 'status' }, words, more ? html('small', {}, more) : null);
}

function sentence(report) {
  const { counts, run } = report, bought = counts.visitors.bought ?? 0;
  const line = [`${number(run.visitors)} visitors, ${seconds(run.seconds)}`];
  if (run.mode === 'journey') line.push(`${number(bought)} bought ${number(counts.seats_sold ?? 0)} seats`);
  const gone = ['left', 'expired', 'abandoned', 'sold_out', 'sent_home', 'failed'].filter((end) => counts.visitors[end])
    .map((end) => `${number(counts.visitors[end])} ${end.replace('_', ' ')}`);
  if (gone.length > 0) line.push(gone.join(', '));
  return `${line.join('; ')}.`;
}

function head() {
  const first = crowds[0]?.[1], environment = first?.environment ?? {};
  const when = environment.time ? new Date(environment.time).toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short' }) : '';
  const isPartial = crowds.some(([, report]) => report.run.was_interrupted);
  const reason = data.reason ?? crowds.map(([, report]) => report.reason).find(Boolean) ?? '';
  const about = html('div', { class: 'about' }, html('p', { class: 'eyebrow' }, ['stampede', when, environment.commit ? `commit ${environment.commit}` : ''].filter(Boolean).join('  ·  ')),
    html('h1', {}, data.title ?? data.scenario ?? first?.run.event ?? 'a run'),
    data.title ? html('p', { class: 'lead' }, [`Scenario ${data.scenario}`, data.about].filter(Boolean).join(': ')) : null,
    ...(crowds.length === 1 ? [html('p', { class: 'lead' }, sentence(first))] : []));
  return html('header', { class: 'head' }, about, verdictBox(data.verdict, reason, isPartial));
}

// --- figures ---

function tiles(report) {
  const { counts, line, latency, timeline } = report, found = [];
  const add = (name, value, unit = '') => found.push(html('div', { class: 'tile' }, html('b', {}, value, unit ? html('i', {}, unit) : ''), html('span', {}, name)));
  const latencyTile = (name, kind) => {
    if (!latency[kind]?.count) return;
    const [value, unit] = time(latency[kind].p99_us).split(' ');
    add(name, value, unit);
  };
  add('visitors', number(report.run.visitors));
  if (timeline) add('longest line', number(peak(timeline.levels.waiting)));
  if (line.joins_per_s > 0) add('joins a second', number(line.joins_per_s));
  if (timeline && counts.admitted) add('admissions a second, peak', number(peak(perSecond(timeline, timeline.counts.admitted))));
  if (counts.seats_sold) add('seats sold', number(counts.seats_sold));
  latencyTile('join, p99', 'join');
  latencyTile('hold, p99', 'hold');
  latencyTile('pay to confirmed, p99', 'pay to confirmed');
  add('errors told', number(sum(Object.values(counts.errors))));
  // As many in each row, whatever their number.
  return html('div', { class: 'tiles', style: `--columns:${Math.ceil(found.length / Math.ceil(found.length / 8))}` }, ...found);
}

// A table that may be wider than the screen: it scrolls by itself, also by keyboard.
const wideTable = (name, look, ...content) => html('div', { class: look, role: 'region', 'aria-label': name, tabindex: '0' }, ...content);

const state = (look, word) => html('span', { class: `state ${look}` }, word);

function promises(report) {
  const looks = { ok: ['green', 'kept'], FAILED: ['red', 'broken'], 'not checked': ['amber', 'not checked'] };
  const rows = report.checks.map((check) => html('tr', {}, html('td', {}, state(...looks[check.state])), html('td', { class: 'name' }, check.check),
    html('td', { class: 'text' }, check.text.replace(/\b\d{5,}\b/g, (digits) => number(Number(digits))))));
  return html('div', { class: 'panel wide' }, html('table', { class: 'stack' },
    html('thead', {}, html('tr', {}, ...['', 'promise', 'what was seen'].map((word) => html('th', {}, word)))), html('tbody', {}, ...rows)));
}

// Figures that are times come in milliseconds.
function thresholdValue({ value, unit, expect }) {
  if (value === null) return 'no such figure';
  if (unit === 'ms' || (unit === undefined && /\d\s*[mu]?s\s*$/.test(expect))) return time(value * 1000);
  return `${Number(value.toPrecision(4)).toLocaleString('en-US')}${unit ? ` ${unit}` : ''}`;
}

function thresholds(report) {
  if (report.thresholds.length === 0) return null;
  const rows = report.thresholds.map((one) => html('tr', {}, html('td', {}, state(one.kept ? 'green' : 'red', one.kept ? 'kept' : 'missed')),
    html('td', { class: 'name' }, one.expect), html('td', { class: 'text n' }, thresholdValue(one))));
  return html('div', { class: 'panel wide' }, html('h3', { style: 'margin-bottom:8px' }, 'Thresholds'), html('table', {}, html('tbody', {}, ...rows)));
}

// --- what happened when ---

function linePlots(report) {
  const { timeline: line } = report;
  if (!line) return [];
  const shared = { at: line.at_s, marks };
  const rate = (name) => perSecond(line, line.counts[name]);
  return [
    overTime({ ...shared, title: 'Arrivals', note: 'visitors a second', series: [{ name: 'wanted to come', values: rate('arrived'), area: true },
      { name: 'got a place', values: rate('joined') }, { name: 'came back', values: rate('reconnects'), dashed: true, color: 'var(--s8)' }] }),
    overTime({ ...shared, title: 'The line', note: 'visitors', series: [{ name: 'waiting', values: line.levels.waiting, area: true, color: 'var(--s6)' },
      { name: 'inside', values: line.levels.inside, color: 'var(--s1)' }, { name: 'connected', values: line.levels.connected, dashed: true, color: 'var(--s8)' }] }),
    overTime({ ...shared, title: 'Admissions and sales', note: 'a second', series: [{ name: 'admitted', values: rate('admitted'), area: true },
      { name: 'holds', values: rate('holds') }, { name: 'seats sold', values: rate('seats_sold') }] }),
    placesPlot(report),
  ];
}

function placesPlot(report) {
  const tracks = report.places.filter((track) => track.ahead.length > 1 || track.admitted_s !== null);
  if (tracks.length === 0) return null;
  return panel({
    title: 'Places over time', note: `people ahead of ${tracks.length} visitors, each until it was admitted (dot) or last told`,
    draw(svg, width, tall) {
      const lines = tracks.map((track) => (track.admitted_s === null ? track.ahead : [...track.ahead.filter(([s]) => s <= track.admitted_s), [track.admitted_s, 0]]));
      const all = lines.flat(), last = Math.max(1, ...all.map(([s]) => s)), first = Math.min(0, ...all.map(([s]) => s));
      const x = timeScale(first, last, BOX.left, width - BOX.right, width > 420 ? 7 : 4), y = upward(Math.max(1, ...all.map(([, ahead]) => ahead)), tall - BOX.bottom, BOX.top);
      axes(svg, width, tall, x, y, seconds, short);
      marksOn(svg, marks, x, tall);
      lines.forEach((points, index) => {
        const stroke = color(index);
        svg.append(node('path', { class: 'curve', stroke, style: 'stroke-width:1.4', d: path(points.map(([s, ahead]) => [x(s), y(ahead)])) },
          node('title', {}, `visitor ${tracks[index].visitor}`)));
        if (tracks[index].admitted_s !== null) svg.append(node('circle', { cx: x(tracks[index].admitted_s), cy: y(0), r: 3, fill: stroke }));
      });
      return null;
    },
  });
}

function estimatePlot(report) {
  const { estimates } = report;
  if (!estimates || estimates.points.length === 0) return null;
  const exact = estimates.within / estimates.visitors * 100, share = exact < 100 && exact > 99 ? number(Math.min(exact, 99.9), 1) : Math.round(exact);
  return scatter({
    title: 'Estimate against what came', points: estimates.points,
    note: `first estimate (from–to) over the real wait; ${share} % of ${number(estimates.visitors)} visitors were admitted within theirs, ${number(estimates.sooner)} sooner, ${number(estimates.later)} later`,
    legend: [{ name: 'held what it said', color: 'var(--s3)' }, { name: 'did not', color: 'var(--s2)' }],
  });
}

// --- latencies ---

function latencyPlots(report) {
  const kinds = Object.entries(report.latency).filter(([, one]) => one.count > 0).map(([name, one], index) => ({ name, ...one, color: color(index) }));
  if (kinds.length === 0) return [];
  const line = report.timeline, found = [];
  const percentiles = kinds.filter((kind) => kind.name !== 'tick interval');
  if (percentiles.length > 0)
    found.push(percentileCurves({ title: 'Latency by percentile', kinds: percentiles,
      note: 'from the moment each step was due, so that a stall is not left out' }));
  if (line)
    found.push(overTime({ title: 'Latency over time', note: 'p99', at: line.at_s, marks, isLog: true, format: time, height: 300,
      series: percentiles.map((kind) => ({ name: kind.name, color: kind.color, values: line.latency[kind.name]?.p99_us ?? [] })) }));
  found.push(html('div', { class: 'panel wide' }, html('h3', {}, 'How long it took'), html('p', { class: 'note' }, 'histograms, ten bars for every tenfold'),
    html('div', { class: 'multiples' }, ...kinds.map(smallHistogram))), latencyTable(kinds));
  return found;
}

function latencyTable(kinds) {
  const columns = ['p50', 'p90', 'p99', 'p99.9', 'p99.99'];
  const rows = kinds.map((kind) => html('tr', {}, html('td', { class: 'name' }, kind.name), html('td', { class: 'n' }, number(kind.count)),
    ...columns.map((name) => html('td', { class: 'n' }, time(kind[`${name}_us`] ?? 0))), html('td', { class: 'n' }, time(kind.max_us))));
  return wideTable('Latencies', 'panel wide scroll', html('table', {}, html('thead', {}, html('tr', {}, html('th', {}, 'latency'),
    ...['count', ...columns, 'max'].map((name) => html('th', { class: 'n' }, name)))), html('tbody', {}, ...rows)));
}

// --- processes ---

// One curve per process; gateways are added up when there are many.
function groups(processes, field) {
  const gateways = processes.filter((one) => /^gateway/.test(one.name));
  const rest = processes.filter((one) => !gateways.includes(one));
  const added = (values) => values[0].map((_, index) => {
    const known = values.map((one) => one[index]).filter((value) => value !== null);
    return known.length > 0 ? sum(known) : null;
  });
  const first = gateways.length > 3 ? [{ name: `${gateways.length} gateways`, values: added(gateways.map((one) => one[field])) }]
    : gateways.map((one) => ({ name: one.name, values: one[field] }));
  return [...first, ...rest.map((one) => ({ name: one.name, values: one[field] }))];
}

function processPlots(report) {
  const { timeline: line } = report;
  if (!line) return [];
  const shared = { at: line.at_s, marks }, found = [];
  found.push(overTime({ ...shared, title: 'Processor', note: `cores used; the machine has ${report.environment?.cores ?? '?'}`, format: (value) => number(value, 2), floor: 0.2,
    series: [...groups(line.processes, 'cpu'), { name: 'tester', values: line.tester.cpu, dashed: true, color: 'var(--s8)' }] }));
  if (line.processes.length > 0) found.push(memoryPlot(report, shared), processTable(line));
  return found;
}

const CROWD = 10_000; // fewer connections are less than what else a machine does meanwhile

function memoryPlot({ timeline: line, run }, shared) {
  const hasAll = line.memory_used_kb && run.visitors >= CROWD;
  const series = [...groups(line.processes, 'memory_kb'), ...(hasAll ? [{ name: 'all', values: line.memory_used_kb, dashed: true, color: 'var(--s8)' }] : [])];
  const isLarge = Math.max(...series.map(({ values }) => peak(values))) > 4 << 20, unit = isLarge ? 1 << 20 : 1 << 10;
  return overTime({ ...shared, title: 'Memory', note: `resident, in ${isLarge ? 'GB' : 'MB'}${hasAll ? '; "all": with the tester, and the kernel for all connections' : ''}`,
    series: series.map((one) => ({ ...one, values: one.values.map((value) => (value === null ? null : value / unit)) })) });
}

function processRows(line, processes) {
  const rows = processes.map((one) => html('tr', {}, html('td', { class: 'name' }, one.name),
    html('td', { class: 'n' }, `${number(sum(one.cpu.map((share, index) => (share ?? 0) * line.seconds[index])), 1)} s`),
    html('td', { class: 'n' }, `${number(peak(one.cpu) * 100)} %`), html('td', { class: 'n' }, `${number(peak(one.memory_kb) / 1024, 1)} MB`)));
  return html('table', {}, html('thead', {}, html('tr', {}, html('th', {}, 'process'),
    ...['processor time', 'at most, of a core', 'memory, at most'].map((name) => html('th', { class: 'n' }, name)))), html('tbody', {}, ...rows));
}

// Many gateways are one row, as in the plots; each for itself where it is asked for.
function processTable(line) {
  const memory = groups(line.processes, 'memory_kb');
  const rows = groups(line.processes, 'cpu').map(({ name, values }, index) => ({ name, cpu: values, memory_kb: memory[index].values }));
  const each = rows.length < line.processes.length
    ? [html('details', {}, html('summary', {}, 'each gateway'), processRows(line, line.processes.filter(({ name }) => /^gateway/.test(name))))] : [];
  return wideTable('Processes', 'panel scroll', processRows(line, rows), ...each);
}

function errorPanel(report) {
  const errors = Object.entries(report.counts.errors).sort((a, b) => b[1] - a[1]);
  if (errors.length === 0) return null;
  const most = errors[0][1];
  const rows = errors.map(([name, count]) => html('tr', {}, html('td', { class: 'name' }, name),
    html('td', { style: 'width:55%' }, html('span', { class: 'bar' }, html('i', { style: `width:${Math.max(count / most * 100, 1)}%` }))), html('td', { class: 'n' }, number(count))));
  return html('div', { class: 'panel' }, html('h3', { style: 'margin-bottom:8px' }, 'Errors by kind'),
    html('p', { class: 'note', style: 'margin-bottom:8px' }, 'answers and losses that visitors met and dealt with'), html('table', {}, html('tbody', {}, ...rows)));
}

// --- how it was measured ---

function facts(title, pairs) {
  return html('div', { class: 'panel' }, html('h3', { style: 'margin-bottom:8px' }, title),
    html('dl', {}, ...pairs.filter(([, value]) => value !== undefined && value !== null && value !== '')
      .flatMap(([name, value]) => [html('dt', {}, name), html('dd', {}, String(value))])));
}

function measured(report) {
  const { run, environment: e = {}, tester } = report;
  return html('div', { class: 'plots' },
    facts('The run', [['target', run.url], ['event', run.event], ['mode', run.mode], ['visitors', number(run.visitors)], ['tester processes', run.processes],
      ['seed', run.seed], ['lasted', seconds(run.seconds)], ['tester', `busiest process at most ${number(tester.busiest_max * 100)} % of a core; timers late by ${time(tester.late_p99_us)} (p99)`]]),
    facts('The machine', [['processor', e.processor], ['cores', e.cores], ['memory', e.memory_mb && `${number(e.memory_mb / 1024, 1)} GB`], ['kernel', e.kernel],
      ['server', e.server], ['Redis', e.redis], ['commit', e.commit], ['time', e.time]]));
}

// --- all of it ---

function section(title, parts, isGrid = true) {
  const shown = parts.filter(Boolean);
  return shown.length === 0 ? [] : [html('h2', {}, title), html('div', isGrid ? { class: 'plots' } : {}, ...shown)];
}

function crowdParts(name, report) {
  const parts = [];
  if (crowds.length > 1)
    parts.push(html('div', { class: 'crowd-name' }, html('h2', {}, name), html('span', { style: 'color:var(--soft)' }, sentence(report))));
  if (report.tester?.is_limit) parts.push(html('p', { class: 'notice' }, html('b', {}, 'Not only the server was measured: '), report.tester.why));
  return [...parts, tiles(report), ...section('Promises', [promises(report), thresholds(report)]),
    ...section('The line and the sale', [...linePlots(report), estimatePlot(report)]),
    ...section('Latencies', latencyPlots(report)), ...section('The server', [...processPlots(report), errorPanel(report)]),
    ...section('How it was measured', [measured(report)], false)];
}

function foot() {
  const button = html('button', { type: 'button' }, 'Save the figures as JSON');
  button.onclick = () => {
    const link = html('a', { href: URL.createObjectURL(new Blob([JSON.stringify(data, null, 1)], { type: 'application/json' })), download: 'report.json' });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return html('footer', {}, html('span', {}, 'Written by stampede, the load tester of Stanchion. This file needs nothing else.'), button);
}

// Numbered as they are marked in the plots.
const done = html('div', { class: 'notice' }, html('b', {}, 'What was done meanwhile'),
  html('ol', {}, ...faults.map((fault) => html('li', {}, `at ${seconds(fault.at_s)}: ${fault.text}`))));

root.replaceChildren(head(), ...(faults.length > 0 ? [done] : []), ...crowds.flatMap(([name, report]) => crowdParts(name, report)), foot());
