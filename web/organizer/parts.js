// What the views of the console are put together from: fields, tables, states, and the line at the foot that says what was
// done and offers to undo it.
import { $, announce, el, setText, show } from '../dom.js';
import { language, t } from '../text.js';
import { post } from './api.js';

let ids = 0;

// A moment in a row of a table, on the reader's clock.
export const shortDate = (ms) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);

// A label, its input, and what helps to fill it in. The input is any form element.
export function field(label, input, hint = '') {
  ids += 1;
  input.id ||= `field-${ids}`;
  if (hint) input.setAttribute('aria-describedby', `${input.id}-hint`);
  return el('div', { class: 'field' }, el('label', { for: input.id }, label), input,
    hint ? el('p', { class: 'soft small', id: `${input.id}-hint` }, hint) : null);
}

export const text = (properties) => el('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', ...properties });
export const number = (properties) => el('input', { type: 'number', inputmode: 'decimal', step: 'any', min: '0', ...properties });

export function choice(options, chosen, properties = {}) {
  return el('select', properties, ...options.map(([value, name]) => el('option', { value, selected: value === chosen }, name)));
}

export function checkbox(label, properties = {}) {
  return el('label', { class: 'check' }, el('input', { type: 'checkbox', ...properties }), el('span', {}, label));
}

export const badge = (phase) => el('span', { class: `badge is-${phase}` }, t(`phase.${phase}`));

// Says what went wrong, next to where it did; empty again with clear().
export function problemBox() {
  const node = el('p', { class: 'problem', role: 'alert', hidden: true });
  return {
    node,
    say(error) {
      setText(node, error.message ?? error);
      show(node, true);
    },
    clear() {
      show(node, false);
      setText(node, '');
    },
  };
}

// A form whose button waits for what it has asked for. `action` gets the form's values; what it throws is shown.
export function form({ fields, button, action, isPlain = false, more = [] }) {
  const problem = problemBox();
  const submit = el('button', { class: 'primary', type: 'submit' }, button);
  const node = el('form', { class: isPlain ? 'plain-form' : 'form', novalidate: false, oninput: () => problem.clear(), onsubmit: async (event) => {
    event.preventDefault();
    problem.clear();
    submit.disabled = true;
    try {
      await action(Object.fromEntries(new FormData(node)), node);
    } catch (error) {
      problem.say(error);
    } finally {
      submit.disabled = false;
    }
  } }, ...fields, problem.node, el('div', { class: 'buttons' }, submit, ...more));
  return node;
}

// Nothing there yet: what it is, and how the first one comes about.
export const empty = (title, hint, ...actions) => el('div', { class: 'empty' }, el('h2', {}, title), el('p', { class: 'soft' }, hint),
  actions.length ? el('div', { class: 'buttons' }, ...actions) : null);

// columns: [{name, isFigure, isText}]; rows: arrays of nodes or texts, the first of which names the row. On a phone each row is a card,
// which browsers would no longer take for a table: hence the roles; a compact table stays one. Sentences (isText) stand below their name
// there.
export function table(caption, columns, rows, isCompact = false) {
  const head = columns.map(({ name, isFigure }) => el('th', { scope: 'col', role: 'columnheader', class: isFigure ? 'figure' : undefined }, name));
  const cell = (content, at) => el(at === 0 ? 'th' : 'td', { scope: at === 0 ? 'row' : undefined, role: at === 0 ? 'rowheader' : 'cell',
    class: columns[at].isFigure ? 'figure' : columns[at].isText ? 'words' : undefined, 'data-name': columns[at].name }, content);
  return el('table', { class: isCompact ? 'table is-compact' : 'table is-wide', role: 'table' }, el('caption', { class: 'unseen' }, caption),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...head)),
    el('tbody', { role: 'rowgroup' }, ...rows.map((row) => el('tr', { role: 'row' }, ...row.map(cell)))));
}

// A list that is fetched page by page: `fetchPage(before)` gives {nodes, next}; what is there stays, more is added below.
export function pages(list, fetchPage) {
  const problem = problemBox();
  const more = el('button', { type: 'button', hidden: true, onclick: () => load() }, t('office.more'));
  let next = null;
  async function load() {
    problem.clear();
    more.disabled = true;
    try {
      const page = await fetchPage(next);
      list.append(...page.nodes);
      next = page.next;
      show(more, next !== null);
    } catch (error) {
      problem.say(error);
    } finally {
      more.disabled = false;
    }
  }
  return { foot: el('div', { class: 'list-foot' }, problem.node, more), load };
}

// One thing was done. With the number of its entry in the log it can be undone from here.
export function done(sentence, log = null, onUndone = () => {}) {
  const undo = el('button', { type: 'button', class: 'quiet', onclick: async () => {
    undo.disabled = true;
    try {
      await post(`/log/${log}/undo`);
      done(t('office.undone'));
      onUndone();
    } catch (error) {
      done(error.message);
    }
  } }, t('office.undo'));
  const close = el('button', { type: 'button', class: 'quiet', 'aria-label': t('office.dismiss'), onclick: () => show($('done'), false) }, '×');
  $('done').replaceChildren(el('p', { class: 'grow' }, sentence), log === null ? '' : undo, close);
  show($('done'), true);
  announce(sentence);
}
