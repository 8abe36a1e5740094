// "How many?" in the dialog of the pages.
import { ask } from './ask.js';
import { el, setText } from './dom.js';
import { count } from './format.js';
import { t } from './text.js';

// Resolves to a number from 1 to max, or 0 for "never mind".
export async function askCount(text, max, yes, no) {
  let n = 1;
  const shown = el('output');
  const less = el('button', { type: 'button', 'aria-label': t('seats.less'), onclick: () => step(-1) }, '−');
  const more = el('button', { id: 'ask-more', type: 'button', 'aria-label': t('seats.more'), onclick: () => step(1) }, '+');
  const step = (by) => {
    n = Math.min(max, Math.max(1, n + by));
    setText(shown, count(n));
    less.disabled = n === 1;
    more.disabled = n === max;
  };
  step(0);
  const stepper = el('div', { class: 'stepper' }, less, shown, more);
  const isYes = await ask(text, yes, no, { focus: max > 1 ? 'ask-more' : 'ask-yes', more: stepper });
  return isYes ? n : 0;
}
