// What an event is called, what it is paid in, and whose clock it keeps.
import { el } from '../dom.js';
import { t } from '../text.js';
import { field, text } from './parts.js';

// A name as an address: small letters, digits and dashes. Empty when the name has none of them.
export const addressOf = (name) => name.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 40);

const known = (kind) => (Intl.supportedValuesOf?.(kind) ?? []);
const options = (id, values) => el('datalist', { id }, ...values.map((value) => el('option', { value })));

// Fields and what is in them. An existing draft keeps its address and its currency.
export function basicsFields({ name, id, currency, time_zone: zone }, isNew = true) {
  let isOwnAddress = false;
  const inputs = {
    name: text({ name: 'name', value: name, required: true, maxlength: '200', 'data-focus': true,
      oninput: () => { if (isNew && !isOwnAddress) inputs.id.value = addressOf(inputs.name.value); } }),
    id: text({ name: 'id', value: id, required: true, maxlength: '40', pattern: '[a-z0-9][a-z0-9_\\-]*', autocapitalize: 'none', oninput: () => { isOwnAddress = true; } }),
    currency: text({ name: 'currency', value: currency, required: true, pattern: '[A-Z]{3}', maxlength: '3', list: 'currencies' }),
    time_zone: text({ name: 'time_zone', value: zone, required: true, list: 'time-zones' }),
  };
  const nodes = [field(t('create.name'), inputs.name)];
  if (isNew) nodes.push(field(t('create.id'), inputs.id, t('create.idHint')), field(t('create.currency'), inputs.currency, t('create.currencyHint')));
  nodes.push(field(t('create.zone'), inputs.time_zone, t('create.zoneHint')), options('currencies', known('currency')), options('time-zones', known('timeZone')));
  return { nodes, values: () => Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, input.value.trim()])) };
}
