// When a sale opens by itself: times on the clock of the place, not of whoever types them. Empty means by hand.
import { el } from '../dom.js';
import { dateHere, dateIn } from '../format.js';
import { t } from '../text.js';
import { field } from './parts.js';

const moments = ['starts_at', 'prequeue_at', 'opens_at', 'closes_at'];

// "2030-03-31 10:00:00+02:00" as the field wants it.
const asTyped = (moment) => (moment ? moment.slice(0, 16).replace(' ', 'T') : '');

export function scheduleFields(event) {
  const inputs = new Map();
  const nodes = moments.map((key) => {
    const input = el('input', { type: 'datetime-local', name: key, value: asTyped(event[key]) });
    const ms = event[`${key}_ms`] || Number(event.settings?.[`${key}_ms`]);
    const inZone = ms ? t('schedule.now', { zone: dateIn(ms, event.time_zone), here: dateHere(ms) }) : t(`schedule.${key}None`);
    inputs.set(key, input);
    return field(t(`schedule.${key}`), input, inZone);
  });
  const changes = () => Object.fromEntries([...inputs].filter(([key, input]) => input.value !== asTyped(event[key]))
    .map(([key, input]) => [key, input.value ? input.value.replace('T', ' ') : '0']));
  return { nodes: [el('p', { class: 'soft' }, t('schedule.zone', { zone: event.time_zone })), ...nodes], changes };
}
