// What an entry of the log says of before and after, in words: settings as the forms call them, their values in the units of
// the forms, seats by their number, amounts as money. What has no words is shown as it is.
import { el } from '../dom.js';
import { count, dateIn, money } from '../format.js';
import { t } from '../text.js';
import { UNIT_MS, labelOf } from './said.js';

const SWITCHES = ['require_account', 'refill_at_once', 'adaptive', 'standby', 'draw', 'draw_beacon_wait'];
const names = { name: 'create.name', currency: 'create.currency', time_zone: 'create.zone', seats: 'stock.seats', role: 'people.role', is_disabled: 'people.isDisabled',
  must_change: 'people.mustChange', phase: 'office.phase', amount_minor: 'orders.amount', withhold: 'order.withhold', reason: 'order.reason',
  ends_ms: 'log.linkEnds', links: 'log.links', email: 'log.email' };
const IN_THE_HEAD = ['name', 'order']; // an account's name, an order's number: the entry begins with it

const isAmount = ({ verb }, key) => key === 'amount_minor' || (verb === 'event.edit' && !names[key]);
// Of a category: one price, or one for each ticket type; less than 0 = none yet.
const amount = (value, currency) => (typeof value === 'object' ? Object.entries(value).map(([type, minor]) => `${type} ${amount(minor, currency)}`).join(', ')
  : value < 0 || !currency ? '–' : money(value, currency));

function setting(key, value, event) {
  if (SWITCHES.includes(key)) return t(value === '1' ? 'log.yes' : 'log.no');
  if (UNIT_MS[key]) return count(Math.round((Number(value) / UNIT_MS[key]) * 100) / 100);
  if (key.endsWith('_at_ms') || key === 'ends_ms') return Number(value) === 0 ? '–' : dateIn(Number(value), event?.time_zone);
  return t(`phase.${value}`) || t(`role.${value}`) || (/^\d{4,}$/.test(value) ? count(Number(value)) : value) || '–';
}

function said(entry, key, value, event) {
  if (isAmount(entry, key)) return amount(value, event?.currency ?? entry.after?.currency);
  if (Array.isArray(value)) return t('log.seats', { n: value.length });
  if (typeof value === 'boolean') return t(value ? 'log.yes' : 'log.no');
  if (typeof value === 'number' && key !== 'ends_ms') return count(value);
  return typeof value === 'object' ? JSON.stringify(value) : setting(key, value, event);
}

const isOfAccountOrOrder = ({ verb }) => verb.startsWith('account.') || ['order.refund', 'order.resend'].includes(verb);
const nameOf = (entry, key) => (entry.verb.startsWith('stock.') ? key : names[key] ? t(names[key]) : labelOf(key));

// before and after side by side. event: of the entry, for its currency and its clock; it may be gone.
export function changes(entry, event) {
  const { before, after } = entry;
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((key) => !(isOfAccountOrOrder(entry) && IN_THE_HEAD.includes(key)));
  const was = (key) => (before?.[key] === undefined ? null : el('del', {}, said(entry, key, before[key], event)));
  const is = (key) => (after?.[key] === undefined ? null : el('ins', {}, said(entry, key, after[key], event)));
  return keys.map((key) => el('li', {}, el('span', { class: 'soft' }, nameOf(entry, key)), ' ', was(key), was(key) && is(key) ? ' → ' : null, is(key)));
}
