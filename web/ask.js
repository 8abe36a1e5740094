// The one dialog of the pages: a question with two answers, or "how many". The browser keeps the focus in it.
import { $, setText, show } from './dom.js';
import { count } from './format.js';

function open(text, yes, no) {
  const dialog = $('ask');
  setText($('ask-text'), text);
  setText($('ask-yes'), yes);
  setText($('ask-no'), no);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

export function ask(text, yes, no) {
  if ($('ask-stepper')) show($('ask-stepper'), false);
  return open(text, yes, no);
}

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
  return (await open(text, yes, no)) ? n : 0;
}
