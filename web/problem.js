// What a refused request is called in front of a visitor.
import { t } from './text.js';

const known = ['payments_down', 'ledger_down', 'busy', 'too_fast'];

export function problemText({ code, fields = {}, message }) {
  if (code === 'connection' || code === 'no_answer') return t('error.connection');
  if (known.includes(code)) return t(`error.${code}`);
  if (code === 'too_many_seats') return t('seats.tooMany', { n: fields.seats_max ?? 0 });
  if (code === 'area_full') return t('seats.areaFull', { n: fields.free ?? 0 });
  return message;
}
