// The one dialog of the pages: a question with two answers. The browser keeps the focus in it.
import { $, setText } from './dom.js';

// Resolves to whether the answer was yes; closing it in any other way is a no. The answer that changes nothing has the
// focus, unless something else is named.
export function ask(text, yes, no, focus = 'ask-no') {
  const dialog = $('ask');
  setText($('ask-text'), text);
  setText($('ask-yes'), yes);
  setText($('ask-no'), no);
  dialog.returnValue = 'no';
  dialog.showModal();
  $(focus).focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
