// Setting an event up: the steps after its seats while it is a draft, and afterwards what may still be changed.
import { ask } from '../ask.js';
import { el } from '../dom.js';
import { dateIn } from '../format.js';
import { t } from '../text.js';
import { call, eventPath, get, post } from './api.js';
import { basicsFields } from './basics.js';
import { frame } from './frame.js';
import { InventoryFiles } from './inventory.js';
import { Lever } from './lever.js';
import { limitFields } from './limits.js';
import { done, form, problemBox } from './parts.js';
import { priceFields } from './prices.js';
import { rehearsal } from './rehearse.js';
import { scheduleFields } from './schedule.js';
import { after, steps } from './steps.js';

const openSteps = ['limits', 'schedule']; // those that an event has after it was published

// What to do about a finding is done in this step.
const stepOf = { no_price: 'prices', free_of_charge: 'prices', no_seats: 'seats', no_coordinates: 'seats', no_accessible: 'seats', one_category_empty: 'seats',
  opens_in_past: 'schedule', no_opening: 'schedule', prequeue_after_opening: 'schedule', closes_before_opening: 'schedule', closes_in_past: 'schedule',
  draw_without_prequeue: 'schedule' };

const forms = {
  basics: async ({ event, next, save }) => {
    const { nodes, values } = basicsFields(event, false);
    return save(nodes, async () => {
      const { name, time_zone } = values();
      await post(eventPath(event.id, '/edit'), { name, time_zone });
      next();
    });
  },

  seats: async ({ event, next }) => {
    const problem = problemBox();
    const submit = el('button', { type: 'submit', class: 'primary', disabled: true }, t('files.replace'));
    const files = new InventoryFiles({ event: () => ({ currency: event.currency, time_zone: event.time_zone }), onChecked: (inventory) => { submit.disabled = !inventory; } });
    return el('form', { class: 'stack', onsubmit: async (submitted) => {
      submitted.preventDefault();
      problem.clear();
      if (event.seats && !await ask(t('ask.replace', { n: event.seats }), t('files.replace'), t('ask.no'), { more: outlook() })) return;
      await post(eventPath(event.id, '/inventory'), files.body).then(next, problem.say);
    } }, el('p', { class: 'soft' }, t('files.replaceHint', { n: event.seats })), files.node, problem.node, el('div', { class: 'buttons' }, submit));
  },

  prices: async ({ event, next, save }) => {
    const { categories } = await get(eventPath(event.id, '/plan'));
    const { nodes, changes } = priceFields(categories, event.currency);
    return save(nodes, async () => {
      await post(eventPath(event.id, '/edit'), changes());
      next();
    });
  },

  limits: async ({ event, next, save, reload }) => change(event, limitFields(event.settings), next, save, reload),
  schedule: async ({ event, next, save, reload }) => change(event, scheduleFields(event), next, save, reload),

  check: async ({ event, go }) => {
    const { is_ready: isReady, findings } = await get(eventPath(event.id, '/check'));
    const finding = ({ level, code, message, what }) => el('li', { class: `finding is-${level}` }, el('strong', {}, t(`level.${level}`)),
      el('span', { class: 'grow' }, t(`finding.${code}`, { what }) || message),
      stepOf[code] || code ? el('a', { href: `#/e/${encodeURIComponent(event.id)}/setup/${stepOf[code] ?? 'limits'}` }, t('check.mend')) : null);
    const publish = form({ isPlain: true, fields: [], button: t('check.publish'), action: async () => {
      const more = outlook(Number(event.settings.opens_at_ms) ? t('ask.publishOpens', { date: dateIn(Number(event.settings.opens_at_ms), event.time_zone) })
        : t('ask.publishByHand'), t('ask.publishStays'));
      if (!await ask(t('ask.publish', { name: event.name, n: event.seats }), t('check.publish'), t('ask.no'), { more })) return;
      await post(eventPath(event.id, '/publish'));
      go(`/e/${encodeURIComponent(event.id)}/live`);
    } });
    publish.querySelector('button').disabled = !isReady;
    return el('div', { class: 'stack' }, findings.length ? el('ul', { class: 'findings' }, ...findings.map(finding)) : el('p', { class: 'calm' }, t('check.nothing')),
      await rehearsal(event), el('p', { class: 'soft' }, t(isReady ? 'check.ready' : 'check.notReady')), publish,
      el('div', { class: 'buttons' }, el('button', { type: 'button', class: 'quiet', onclick: () => remove(event, go) }, t('check.delete'))));
  },
};

// What will be, before what cannot be undone.
const outlook = (...sentences) => el('ul', { class: 'effects' }, ...sentences.map((sentence) => el('li', {}, sentence)), el('li', { class: 'final' }, t('effect.final')));

// A draft goes for good: asked once.
async function remove(event, go) {
  if (!await ask(t('ask.delete', { name: event.name, n: event.seats }), t('ask.deleteYes'), t('ask.no'))) return;
  try {
    await call('DELETE', eventPath(event.id));
    addEventListener('hashchange', () => done(t('check.deleted', { name: event.name })), { once: true }); // behind the view's change
    go('/');
  } catch (error) {
    done(error.message);
  }
}

// Of a draft: saved, and on to the next step. Of an event that people see: what it will do is said before it is done.
function change(event, { nodes, changes }, next, save, reload) {
  if (event.phase !== 'draft') return steered(event, nodes, changes, next, reload);
  return save(nodes, async () => {
    const set = changes();
    if (!Object.keys(set).length) return next();
    const { log } = await post(eventPath(event.id), { set });
    return next(log);
  });
}

function steered(event, nodes, changes, next, reload) {
  let isMade = false;
  const lever = new Lever({
    event: event.id, fields: nodes, button: t('office.save'), isAlways: true,
    read: () => {
      const set = changes();
      return Object.keys(set).length && lever.node.checkValidity() ? { set } : null;
    },
    reset: () => isMade || reload(),
    make: async (wanted) => {
      const { log } = await post(eventPath(event.id), wanted);
      isMade = true;
      next(log);
    },
  });
  lever.node.classList.add('form');
  return lever.node;
}

export async function view({ can, go, reload }, id, asked) {
  const event = await get(eventPath(id));
  const isDraft = event.phase === 'draft';
  const step = isDraft ? (forms[asked] ? asked : 'check') : (openSteps.includes(asked) ? asked : 'limits');
  const { head } = frame(event, 'setup', can);
  const next = (log = null) => {
    const following = isDraft ? after(step) : null;
    if (following) return go(`/e/${encodeURIComponent(id)}/setup/${following}`);
    reload();
    return done(t('steer.done'), log, reload);
  };
  const save = (fields, action) => form({ fields, action, button: t(isDraft ? 'step.saveNext' : 'office.save') });
  const choices = el('nav', { class: 'tabs is-small', 'aria-label': t('step.all') }, ...openSteps.map((name) => el('a', {
    href: `#/e/${encodeURIComponent(id)}/setup/${name}`, 'aria-current': name === step ? 'page' : undefined }, t(`step.${name}`))));
  const body = await forms[step]({ event, go, next, save, reload });
  const node = el('section', { class: 'office setup' }, head, isDraft ? steps(step, id) : choices, el('h2', {}, t(`step.${step}`)), body);
  return { title: t('title.setup', { name: event.name }), node };
}
