// What a refused request is called in front of a visitor: by its code, in the visitor's language.
import { t } from './text.js';

export function problemText({ code, fields = {} }) {
  if (code === 'connection' || code === 'no_answer') return t('error.connection');
  if (code === 'price_changed' || code === 'no_such_type') return t('seats.repriced');
  if (code === 'too_many_seats') return t('seats.tooMany', { n: fields.seats_max ?? 0 });
  if (code === 'area_full') return t('seats.areaFull', { n: fields.free ?? 0 });
  if (code === 'pass_expired' || code === 'not_admitted') return t('error.not_admitted');
  return t(`error.${code}`) || t('error.other', { code });
}
