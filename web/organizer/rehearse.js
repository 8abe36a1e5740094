// Rehearsing a draft: the button, how the rehearsal goes, and what came of it. The server rehearses whether or not this page
// stays open; who comes back finds it where it is.
import { el, setText } from '../dom.js';
import { count, duration } from '../format.js';
import { language, t } from '../text.js';
import { address, call, eventPath, get, post } from './api.js';
import { problemBox, table } from './parts.js';

const POLL_MS = 1000;
const isUnderWay = (state) => ['asked', 'preparing', 'running'].includes(state);
// The copy has a pre-queue, and nobody has been let in yet.
const isBefore = ({ state, has_prequeue: hasPrequeue, inside = 0, sold = 0 }) => state === 'running' && hasPrequeue && !inside && !sold;

const fine = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

const pair = (name, value) => el('div', {}, el('dt', {}, name), el('dd', {}, value));

// How many came, were let in, bought.
const figures = (state, { arrived, admitted, confirmed, seats_sold: sold }) => el('dl', { class: 'pairs is-row' },
  pair(t('rehearse.came'), count(arrived)), pair(t('rehearse.admitted'), count(admitted)), pair(t('rehearse.orders'), count(confirmed)),
  pair(t('rehearse.sold'), t('office.of', { n: sold, all: state.seats ?? sold })));

function latencies(all) {
  const ms = (value) => t('rehearse.ms', { n: fine.format(value) });
  const rows = ['join', 'told', 'hold', 'confirm'].filter((kind) => all[kind])
    .map((kind) => [t(`rehearse.step.${kind}`), ms(all[kind].p50_ms), ms(all[kind].p99_ms)]);
  const columns = [{ name: t('rehearse.step') }, { name: t('rehearse.median'), isFigure: true }, { name: t('rehearse.p99'), isFigure: true }];
  return rows.length ? table(t('rehearse.times'), columns, rows, true) : null;
}

// The checker's own words are English; what it has to say about a promise that was broken is worth reading all the same.
const check = ({ check: name, state, text }) => el('li', { class: `check-row is-${state}` },
  el('strong', {}, t(`rehearse.is.${state}`)), el('span', { class: 'grow' }, t(`promise.${name.replaceAll(' ', '_')}`) || name,
    state === 'failed' ? el('span', { class: 'block soft small', lang: 'en' }, text) : null));

function verdict(state, needsAccount) {
  const { result } = state;
  const isGood = result.verdict === 'green';
  const left = result.joined - result.admitted;
  const notes = [left > 0 && state.waiting > 0 ? t(state.free > 0 ? 'rehearse.notAll' : 'rehearse.soldOut', { n: left, time: duration(result.seconds * 1000) }) : '',
    result.was_tester_limit ? t('rehearse.tester') : '', needsAccount ? t('rehearse.noAccounts') : ''].filter(Boolean);
  return [el('p', { class: `outcome-line ${isGood ? 'is-good' : 'is-bad'}` }, t(isGood ? 'rehearse.good' : 'rehearse.bad')),
    ...notes.map((note) => el('p', {}, note)), figures(state, result), latencies(result.latency),
    el('details', { open: !isGood }, el('summary', {}, t('rehearse.checks', { n: result.checks.length })),
      el('ul', { class: 'check-list' }, ...result.checks.map(check)))];
}

// How it stands, with texts that change in place, so that nothing flickers and the focus stays.
function progress(stop) {
  const bar = el('progress', { max: '1', 'aria-label': t('rehearse.progress') });
  const where = el('p', { role: 'status' });
  const numbers = ['waiting', 'inside', 'sold'].map((name) => [name, el('dd', {}, '–')]);
  const node = el('div', { class: 'stack' }, where, bar, el('dl', { class: 'pairs is-row' },
    ...numbers.map(([name, value]) => el('div', {}, el('dt', {}, t(`office.${name}`)), value))), el('div', { class: 'buttons' }, stop));
  const update = (state) => {
    setText(where, t(isBefore(state) ? 'rehearse.prequeue' : `rehearse.${state.state}`, { n: state.visitors, s: state.prequeue_s }));
    if (state.state === 'running') bar.value = Math.min(1, (state.run_ms ?? 0) / 1000 / state.limit_s);
    for (const [name, value] of numbers) if (state[name] !== undefined) setText(value, count(state[name]));
  };
  return { node, update };
}

function ended(state, start, { id, settings }) {
  const isDone = state.state === 'done';
  const why = state.state === 'none' || isDone ? null
    : el('p', { class: state.state === 'stopped' ? 'calm' : 'problem', role: 'status' }, t(`rehearse.why.${state.code}`) || state.message);
  const report = isDone && state.has_report ? el('a', { class: 'button', href: address(eventPath(id, '/rehearsal.html')), download: `${id}-rehearsal.html` },
    t('rehearse.report')) : null;
  return [why, ...(isDone ? verdict(state, settings.require_account === '1') : []), el('div', { class: 'buttons' }, start, report)];
}

// A card for the event: { node }. It asks as long as it is on the page.
export async function rehearsal(event) {
  const path = eventPath(event.id, '/rehearsal');
  const body = el('div', { class: 'stack' });
  const problem = problemBox();
  const start = el('button', { type: 'button', onclick: () => change(() => post(path)) });
  const stop = el('button', { type: 'button', onclick: () => change(() => call('DELETE', path)) }, t('rehearse.stop'));
  let drawn = '';
  let shown = null;

  async function change(action) {
    problem.clear();
    start.disabled = stop.disabled = true;
    await action().catch(problem.say);
    start.disabled = stop.disabled = false;
    await look();
  }

  function draw(state) {
    const isNow = isUnderWay(state.state);
    const kind = isNow ? 'now' : JSON.stringify([state.state, state.started_ms]);
    if (kind !== drawn) {
      shown = isNow ? progress(stop) : null;
      setText(start, t(state.state === 'none' ? 'rehearse.start' : 'rehearse.again', { n: state.visitors_max || state.visitors || 0 }));
      body.replaceChildren(...(isNow ? [shown.node] : ended(state, start, event)).filter(Boolean));
      start.hidden = !state.visitors_max;
      if (drawn && !isNow) body.querySelector('.outcome-line, [role="status"]')?.scrollIntoView({ block: 'nearest' });
    }
    drawn = kind;
    shown?.update(state);
    if (isNow) setTimeout(() => body.isConnected && look(), POLL_MS);
  }

  const look = () => get(path).then(draw, (error) => {
    problem.say(error);
    setTimeout(() => body.isConnected && look(), 3 * POLL_MS);
  });

  const state = await get(path);
  draw(state);
  const hint = state.visitors_max || state.state !== 'none' ? t('rehearse.hint', { n: state.visitors_max || state.visitors }) : t('rehearse.off');
  return el('section', { class: 'card rehearsal', 'aria-labelledby': 'rehearsal-title' },
    el('h2', { id: 'rehearsal-title' }, t('rehearse.title')), el('p', { class: 'soft' }, hint), problem.node, body);
}
