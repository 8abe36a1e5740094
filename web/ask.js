// The one dialog of the pages: a question with two answers. The browser keeps the focus in it.
import { $, el, setText } from './dom.js';

const makeDialog = () => el('dialog', { id: 'ask', 'aria-labelledby': 'ask-text' }, el('form', { method: 'dialog' },
  el('p', { id: 'ask-text', class: 'lead' }),
  el('div', { class: 'buttons' }, el('button', { id: 'ask-yes', class: 'primary', value: 'yes' }),
    el('button', { id: 'ask-no', class: 'quiet', value: 'no' }))));

// Resolves to whether the answer was yes; closing it in any other way is a no. The answer that changes nothing has the
// focus, unless something else is named. `more` stands between question and answers.
export async function ask(text, yes, no, { focus = 'ask-no', more = null } = {}) {
  const dialog = makeDialog();
  document.body.append(dialog);
  setText($('ask-text'), text);
  setText($('ask-yes'), yes);
  setText($('ask-no'), no);
  if (more) $('ask-text').after(more);
  dialog.returnValue = 'no';
  dialog.showModal();
  $(focus).focus();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  dialog.remove();
  return dialog.returnValue === 'yes';
}
