// The limits of a sale as people say them: visitors a second, minutes, tickets each. Only what was changed is sent.
import { el } from '../dom.js';
import { t } from '../text.js';
import { checkbox, field, number, text } from './parts.js';

const plain = (value) => String(Math.round(value * 1e6) / 1e6);
const scaled = (factor) => ({ shown: (text) => plain(Number(text) / factor), kept: (typed) => String(Math.round(Number(typed) * factor)) });
const asIs = { shown: (text) => text, kept: (typed) => typed };
const minutes = scaled(60000);
const seconds = scaled(1000);
const perSecond = { shown: (text, settings) => plain((Number(text) * 1000) / Number(settings.tick_ms)),
  kept: (typed, settings) => plain((Number(typed) * Number(settings.tick_ms)) / 1000) };

// Setting, how it is shown, and the step of its field (a word: what else it is).
const groups = [
  ['limit.groupTickets', [['seats_per_visitor_max', asIs, '1'], ['seats_per_order_max', asIs, '1'], ['require_account', asIs, 'switch']]],
  ['limit.groupLine', [['admit_per_tick', perSecond, 'any'], ['active_cap', asIs, '1'], ['waiting_max', asIs, '1'], ['refill_at_once', asIs, 'switch'],
    ['adaptive', asIs, 'switch'], ['standby', asIs, 'switch'], ['draw', asIs, 'switch'], ['draw_beacon_wait', asIs, 'switch']]],
  ['limit.groupTime', [['claim_ms', seconds, 'any'], ['select_ms', minutes, 'any'], ['pay_ms', minutes, 'any']]],
  ['limit.groupPage', [['accent', asIs, 'colour']]],
];

export function limitFields(settings) {
  const inputs = new Map();
  const make = ([key, { shown }, step]) => {
    const label = t(`limit.${key}`);
    if (step === 'switch') {
      const node = checkbox(label, { name: key, checked: settings[key] === '1' });
      inputs.set(key, node.querySelector('input'));
      return node;
    }
    const input = step === 'colour' ? text({ name: key, value: settings[key] ?? '', pattern: '#[0-9a-fA-F]{6}', maxlength: '7', placeholder: '#0b5d57' })
      : number({ name: key, step, required: true, value: shown(settings[key], settings) });
    inputs.set(key, input);
    return field(label, input, t(`limit.${key}Hint`));
  };
  const nodes = groups.map(([title, fields]) => el('fieldset', {}, el('legend', {}, t(title)), ...fields.map(make)));
  const changes = () => Object.fromEntries(groups.flatMap(([, fields]) => fields).flatMap(([key, { shown, kept }, step]) => {
    const input = inputs.get(key);
    if (step === 'switch') return input.checked === (settings[key] === '1') ? [] : [[key, input.checked ? '1' : '0']];
    return input.value === shown(settings[key] ?? '', settings) ? [] : [[key, kept(input.value, settings)]];
  }));
  return { nodes, changes };
}
