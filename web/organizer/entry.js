// Signing in, and choosing a password: the first one, which was printed for whoever set the server up or was made up by an
// owner, must be replaced before anything else can be done.
import { el } from '../dom.js';
import { t } from '../text.js';
import { post } from './api.js';
import { field, form, text } from './parts.js';

const password = (properties) => el('input', { type: 'password', required: true, ...properties });

export function signIn({ onDone }) {
  const node = el('section', { class: 'narrow entry' }, el('h1', {}, t('office.title')), form({
    fields: [
      field(t('office.name'), text({ name: 'name', value: 'organizer', autocomplete: 'username', autocapitalize: 'none', required: true })),
      field(t('office.password'), password({ name: 'password', autocomplete: 'current-password', 'data-focus': true })),
    ],
    button: t('office.signIn'),
    action: async ({ name, password: typed }) => onDone(await post('/session', { name: name.trim(), password: typed })),
  }), el('p', { class: 'soft small' }, t('office.signInHint')));
  return { title: t('office.signIn'), node };
}

export function askPassword({ name, isForced, onDone }) {
  const again = password({ name: 'again', autocomplete: 'new-password', minlength: '12' });
  const node = el('section', { class: 'narrow entry' }, el('h1', {}, t(isForced ? 'office.firstPassword' : 'office.newPassword')),
    el('p', { class: 'soft' }, t(isForced ? 'office.firstPasswordWhy' : 'office.newPasswordWhy')), form({
      fields: [
        el('input', { type: 'text', class: 'unseen', name: 'name', value: name, autocomplete: 'username', readonly: true, tabindex: '-1', 'aria-hidden': 'true' }),
        field(t('office.oldPassword'), password({ name: 'old', autocomplete: 'current-password', 'data-focus': true })),
        field(t('office.newPassword'), password({ name: 'new', autocomplete: 'new-password', minlength: '12' }), t('office.passwordRule')),
        field(t('office.passwordAgain'), again),
      ],
      button: t('office.setPassword'),
      action: async (values) => {
        if (values.new !== values.again) throw new Error(t('office.passwordsDiffer'));
        onDone(await post('/password', { old: values.old, new: values.new }));
      },
    }));
  return { title: t('office.newPassword'), node };
}
