// A new event: what it is called, then its seats. With both the server keeps a draft, and the other steps follow there.
import { el, show } from '../dom.js';
import { t } from '../text.js';
import { post } from './api.js';
import { InventoryFiles } from './inventory.js';
import { basicsFields } from './basics.js';
import { problemBox } from './parts.js';
import { steps } from './steps.js';

export async function view({ go }) {
  const problem = problemBox();
  const basics = basicsFields({ name: '', id: '', currency: 'EUR', time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
  const create = el('button', { type: 'submit', class: 'primary', disabled: true }, t('create.draft'));
  let inventory = null;
  const files = new InventoryFiles({
    event: () => ({ currency: basics.values().currency, time_zone: basics.values().time_zone }),
    onChecked: (checked) => {
      inventory = checked;
      create.disabled = !checked;
    },
  });
  const head = el('div', {});
  const first = el('form', { class: 'form card', onsubmit: (event) => { event.preventDefault(); showStep(2); } }, ...basics.nodes,
    el('div', { class: 'buttons' }, el('button', { type: 'submit', class: 'primary' }, t('step.next')), el('a', { class: 'button', href: '#/' }, t('step.leave'))));
  const second = el('form', { class: 'stack', onsubmit: (event) => { event.preventDefault(); submit(); } }, files.node, problem.node,
    el('div', { class: 'buttons' }, create, el('button', { type: 'button', onclick: () => showStep(1) }, t('step.back'))));

  function showStep(nr) {
    show(first, nr === 1);
    show(second, nr === 2);
    head.replaceChildren(steps(nr === 1 ? 'basics' : 'seats', null));
    (nr === 1 ? first : second).querySelector('input').focus();
  }

  async function submit() {
    problem.clear();
    try {
      const { event } = await post('/events', { ...basics.values(), ...files.body, settings: inventory.settings ?? {} });
      go(`/e/${encodeURIComponent(event)}/setup/prices`);
    } catch (error) {
      problem.say(error);
    }
  }

  showStep(1);
  const node = el('section', { class: 'office setup' }, el('h1', {}, t('create.title')), el('p', { class: 'soft' }, t('create.hint')), head, first, second);
  return { title: t('create.title'), node };
}
