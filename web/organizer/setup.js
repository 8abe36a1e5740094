// Setting an event up: the steps after its seats while it is a draft, and afterwards what may still be changed.
import { el, swatch } from '../dom.js';
import { money } from '../format.js';
import { t } from '../text.js';
import { digitsOf, majorOf, minorOf } from './amount.js';
import { eventPath, get, post } from './api.js';
import { basicsFields } from './basics.js';
import { frame } from './frame.js';
import { InventoryFiles } from './inventory.js';
import { limitFields } from './limits.js';
import { done, field, form, problemBox, text } from './parts.js';
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
    const files = new InventoryFiles({ currency: () => event.currency, onChecked: (inventory) => { submit.disabled = !inventory; } });
    return el('form', { class: 'stack', onsubmit: async (submitted) => {
      submitted.preventDefault();
      problem.clear();
      await post(eventPath(event.id, '/inventory'), files.body).then(next, problem.say);
    } }, el('p', { class: 'soft' }, t('files.replaceHint', { n: event.seats })), files.node, problem.node, el('div', { class: 'buttons' }, submit));
  },

  prices: async ({ event, next, save }) => {
    const { categories } = await get(eventPath(event.id, '/plan'));
    const step = digitsOf(event.currency) ? `0.${'0'.repeat(digitsOf(event.currency) - 1)}1` : '1';
    const simple = categories.filter(({ types }) => !types);
    const inputs = simple.map(({ name, price_minor: price }) => [name, text({ inputmode: 'decimal', required: true, placeholder: step,
      value: price >= 0 ? majorOf(price, event.currency) : '' })]);
    const nodes = simple.map(({ name, color }, at) => field(el('span', { class: 'with-swatch' }, swatch(color), t('price.of', { name, currency: event.currency })), inputs[at][1]));
    const typesText = (types) => types.map(({ name, price_minor: price }) => `${name} ${money(price, event.currency)}`).join(', ');
    const others = categories.filter(({ types }) => types).map(({ name, types }) => el('p', { class: 'soft' }, t('price.types', { name, types: typesText(types) })));
    return save([...nodes, ...others], async () => {
      const prices = Object.fromEntries(inputs.map(([name, input]) => {
        const minor = minorOf(input.value, event.currency);
        if (minor === null) throw new Error(t('price.bad', { name, example: step }));
        return [name, minor];
      }));
      if (inputs.length) await post(eventPath(event.id, '/edit'), { prices });
      next();
    });
  },

  limits: async ({ event, next, save }) => change(event, limitFields(event.settings), next, save),
  schedule: async ({ event, next, save }) => change(event, scheduleFields(event), next, save),

  check: async ({ event, go }) => {
    const { is_ready: isReady, findings } = await get(eventPath(event.id, '/check'));
    const finding = ({ level, code, message, what }) => el('li', { class: `finding is-${level}` }, el('strong', {}, t(`level.${level}`)),
      el('span', { class: 'grow' }, t(`finding.${code}`, { what }) || message),
      stepOf[code] || code ? el('a', { href: `#/e/${encodeURIComponent(event.id)}/setup/${stepOf[code] ?? 'limits'}` }, t('check.mend')) : null);
    const publish = form({ isPlain: true, fields: [], button: t('check.publish'), action: async () => {
      await post(eventPath(event.id, '/publish'));
      go(`/e/${encodeURIComponent(event.id)}/live`);
    } });
    publish.querySelector('button').disabled = !isReady;
    return el('div', { class: 'stack' }, findings.length ? el('ul', { class: 'findings' }, ...findings.map(finding)) : el('p', { class: 'calm' }, t('check.nothing')),
      el('p', { class: 'soft' }, t(isReady ? 'check.ready' : 'check.notReady')), publish);
  },
};

function change(event, { nodes, changes }, next, save) {
  return save(nodes, async () => {
    const set = changes();
    if (!Object.keys(set).length) return next();
    const { log } = await post(eventPath(event.id), { set });
    return next(log);
  });
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
  const body = await forms[step]({ event, go, next, save });
  const node = el('section', { class: 'office setup' }, head, isDraft ? steps(step, id) : choices, el('h2', {}, t(`step.${step}`)), body);
  return { title: t('title.setup', { name: event.name }), node };
}
