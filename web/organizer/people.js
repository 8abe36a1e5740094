// Accounts of the console: who may do what. A password that was made up is shown once, and replaced at the first sign-in.
import { ask } from '../ask.js';
import { el } from '../dom.js';
import { t } from '../text.js';
import { get, post } from './api.js';
import { choice, done, field, form, shortDate, table, text } from './parts.js';

const roles = ['owner', 'operator', 'door'];
const roleChoice = (chosen, properties) => choice(roles.map((role) => [role, t(`role.${role}`)]), chosen, properties);

// Shown until it is dismissed: it cannot be asked for again.
function passwordCard({ name, password }) {
  return el('section', { class: 'card', role: 'status' }, el('h2', {}, t('people.passwordOf', { name })),
    el('p', {}, el('code', { class: 'secret' }, password)), el('p', { class: 'soft small' }, t('people.passwordOnce')));
}

export async function view({ session }) {
  const secret = el('div', {});
  const list = el('div', {});
  const path = ({ name }, rest = '') => `/accounts/${encodeURIComponent(name)}${rest}`;
  // One change, then the list as it is now.
  const act = async (change, sentence) => {
    try {
      const account = await change();
      secret.replaceChildren(account.password ? passwordCard(account) : '');
      done(sentence);
    } catch (error) {
      done(error.message);
    }
    await draw();
  };
  const sure = async (account, key) => ask(t(`people.${key}Ask`, account), t(`people.${key}`), t('ask.no'));

  function actions(account) {
    const button = (key, change) => el('button', { type: 'button', onclick: async () => {
      if (await sure(account, key)) await act(change, t(`people.${key}Done`, account));
    } }, t(`people.${key}`));
    return el('div', { class: 'buttons tight' }, button('reset', () => post(path(account, '/reset'))),
      button('signOut', () => post(path(account, '/sign_out'))),
      button(account.is_disabled ? 'enable' : 'disable', () => post(path(account), { is_disabled: !account.is_disabled })));
  }

  function row(account) {
    const isMe = account.name === session.name;
    const role = roleChoice(account.role, { 'aria-label': t('people.roleOf', account), disabled: isMe,
      onchange: async () => {
        const values = { name: account.name, role: t(`role.${role.value}`) };
        if (await ask(t('people.roleAsk', values), t('people.roleYes'), t('ask.no'))) await act(() => post(path(account), { role: role.value }), t('people.roleDone', account));
        else role.value = account.role;
      } });
    const state = account.is_disabled ? 'people.isDisabled' : account.must_change ? 'people.mustChange' : 'people.isActive';
    return [account.name, role, t(state), shortDate(account.changed_ms), isMe ? t('people.you') : actions(account)];
  }

  async function draw() {
    const { accounts } = await get('/accounts');
    const columns = ['name', 'role', 'state', 'changed', 'actions'].map((key) => ({ name: t(`people.${key}`) }));
    list.replaceChildren(table(t('office.accounts'), columns, accounts.map(row)));
  }

  const create = form({
    isPlain: true,
    fields: [field(t('people.name'), text({ name: 'name', required: true, maxlength: '32', pattern: '[a-z0-9_.\\-]+', autocapitalize: 'none' }), t('people.nameHint')),
      field(t('people.role'), roleChoice('operator', { name: 'role' }))],
    button: t('people.create'),
    action: async (values, node) => {
      const account = await post('/accounts', values);
      secret.replaceChildren(passwordCard(account));
      node.reset();
      await draw();
    },
  });
  const explain = el('dl', { class: 'pairs is-text' }, ...roles.map((role) => el('div', {}, el('dt', {}, t(`role.${role}`)), el('dd', {}, t(`role.${role}May`)))));
  await draw();
  const node = el('section', { class: 'office' }, el('h1', {}, t('office.accounts')), secret, list,
    el('div', { class: 'side-by-side' }, el('section', { class: 'card' }, el('h2', {}, t('people.new')), create),
      el('section', { class: 'card' }, el('h2', {}, t('people.roles')), explain)));
  return { title: t('office.accounts'), node };
}
