// "How many?" in the dialog of the pages.
import { ask } from './ask.js';
import { $, setText, show } from './dom.js';
import { count } from './format.js';

// Resolves to a number from 1 to max, or 0 for "never mind".
export async function askCount(text, max, yes, no) {
  let n = 1;
  const step = (by) => {
    n = Math.min(max, Math.max(1, n + by));
    setText($('ask-count'), count(n));
    $('ask-less').disabled = n === 1;
    $('ask-more').disabled = n === max;
  };
  $('ask-less').onclick = () => step(-1);
  $('ask-more').onclick = () => step(1);
  step(0);
  show($('ask-stepper'), true);
  const isYes = await ask(text, yes, no, max > 1 ? 'ask-more' : 'ask-yes');
  show($('ask-stepper'), false);
  return isYes ? n : 0;
}
