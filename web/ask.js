// The one dialog of the pages: a question with two answers. The browser keeps the focus in it.
import { $, setText } from './dom.js';

// Resolves to whether the answer was yes; closing it in any other way is a no.
export function ask(text, yes, no) {
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
