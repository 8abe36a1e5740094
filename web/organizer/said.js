// What the server refuses, in the reader's words: each refusal has a code and the values that it is about, and the catalogue
// words for the code. The server's own sentence is English, for scripts and the command line; it is shown only when there are
// no words, as when the server is newer than the page.
import { t } from '../text.js';

export const UNIT_MS = { claim_ms: 1000, select_ms: 60000, pay_ms: 60000 }; // as limits.js shows them

const filled = (key, values) => t(key, Object.fromEntries(values.map((value, at) => [at + 1, value])));

// A setting as the forms call it, and its values in their units.
export const labelOf = (setting) => t(`limit.${setting}`) || t(`schedule.${setting.replace(/_ms$/, '')}`) || (setting === 'message' ? t('steer.message') : setting);
const inUnits = (unit = 1) => (value) => (/^\d+$/.test(value) ? Math.round((Number(value) / unit) * 100) / 100 : value);
const asShown = ([setting = '', ...values]) => [labelOf(setting), ...values.map(inUnits(UNIT_MS[setting]))];

// The sentence for a refusal (docs/organizer.md, "Errors"); empty when there is none.
export function refusalText({ error, why = '', values = [], message = '' }) {
  const shown = why.startsWith('setting.') || why === 'why.setting_changed' ? asShown(values) : values;
  return filled(why, shown) || filled(`problem.${error}`, shown) || message;
}

// A problem of an inventory's files: columns and settings are called what they are called there. Wants the part 'import'.
export const problemText = ({ code = '', values = [], message }) => filled(code, values) || message;
