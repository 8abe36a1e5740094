// Amounts as people type them, to whole minor units and back: by digits, never by floating point.

export const digitsOf = (currency) => new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits;

// "39.5" of EUR is 3950. Null when it is not an amount of that currency.
export function minorOf(text, currency) {
  const digits = digitsOf(currency);
  const found = /^(\d{1,13})(?:[.,](\d*))?$/.exec(text.trim());
  if (!found || (found[2] ?? '').length > digits) return null;
  return Number(found[1] + (found[2] ?? '').padEnd(digits, '0'));
}

export function majorOf(minor, currency) {
  const digits = digitsOf(currency);
  const text = String(minor).padStart(digits + 1, '0');
  return digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
}
