// The prices of a draft: one for each category, or several with ticket types such as adult and reduced.
import { el, swatch } from '../dom.js';
import { t } from '../text.js';
import { majorOf, minorOf } from './amount.js';
import { field, text } from './parts.js';

const TYPES_MAX = 16; // of a category: ticketing/plan.h

const EXAMPLE = '12500'; // by its digits: 125.00 or 12500

// The fields of one category: { node, take }. take() gives a price in minor units or a list of types, and throws what is wrong.
function categoryFields({ name, color, price_minor: price, types = [] }, currency) {
  const example = majorOf(EXAMPLE, currency);
  const rows = el('div', { class: 'type-rows' });
  const amountInput = (minor) => text({ inputmode: 'decimal', required: true, placeholder: example, value: minor >= 0 ? majorOf(minor, currency) : '' });
  const amountOf = (input) => {
    const minor = minorOf(input.value, currency);
    if (minor === null) throw new Error(t('price.bad', { name, example }));
    return minor;
  };
  const add = el('button', { type: 'button', class: 'quiet', onclick: () => {
    if (!list.length) turnIntoTypes();
    else addType({ name: '', price_minor: -1 });
    list.at(-1).label.focus();
  } }, t('price.add'));
  let list = []; // of { node, label, amount }; empty = one price
  let one = null; // the field of that price

  function turnIntoTypes() {
    const was = minorOf(one.value, currency) ?? -1;
    rows.replaceChildren();
    addType({ name: '', price_minor: was });
  }

  function addType(type) {
    const label = text({ required: true, maxlength: '100', value: type.name });
    const amount = amountInput(type.price_minor);
    const row = { label, amount };
    const remove = el('button', { type: 'button', class: 'quiet', onclick: () => removeType(row) }, t('price.remove'));
    const nameIt = () => remove.setAttribute('aria-label', t('price.removeType', { name: label.value || t('price.type') }));
    label.addEventListener('input', nameIt);
    nameIt();
    row.node = el('div', { class: 'type-row' }, field(t('price.type'), label), field(t('price.amount', { currency }), amount), remove);
    list.push(row);
    rows.append(row.node);
    add.hidden = list.length >= TYPES_MAX;
  }

  function removeType(row) {
    list = list.filter((each) => each !== row);
    row.node.remove();
    add.hidden = false;
    if (!list.length) showOne(minorOf(row.amount.value, currency) ?? -1);
    add.focus();
  }

  function showOne(minor) {
    one = amountInput(minor);
    rows.replaceChildren(field(t('price.amount', { currency }), one));
  }

  function take() {
    if (!list.length) return amountOf(one);
    const taken = list.map(({ label, amount }) => ({ name: label.value.trim(), price_minor: amountOf(amount) }));
    if (taken.some((type) => !type.name)) throw new Error(t('price.typeEmpty', { name }));
    const twice = taken.find((type, at) => taken.findIndex((other) => other.name === type.name) !== at);
    if (twice) throw new Error(t('price.typeTwice', { name, type: twice.name }));
    return taken;
  }

  if (types.length) types.forEach(addType);
  else showOne(price);
  const node = el('fieldset', {}, el('legend', {}, el('span', { class: 'with-swatch' }, swatch(color), name)), rows, el('div', { class: 'buttons' }, add));
  return { node, take, name, had: types };
}

// { nodes, changes }: changes() is what event.edit takes.
export function priceFields(categories, currency) {
  const fields = categories.map((category) => categoryFields(category, currency));
  function changes() {
    const prices = {};
    const types = {};
    for (const { name, had, take } of fields) {
      const taken = take();
      if (!Array.isArray(taken)) {
        prices[name] = taken;
        if (had.length) types[name] = [];
      } else if (JSON.stringify(taken) !== JSON.stringify(had.map(({ name: label, price_minor: price }) => ({ name: label, price_minor: price })))) {
        types[name] = taken;
      }
    }
    return { prices, ...(Object.keys(types).length && { types }) };
  }
  return { nodes: [el('p', { class: 'soft' }, t('price.oneHint')), ...fields.map(({ node }) => node)], changes };
}
