// Numbers, money and times in the reader's language.
import { language, t } from './text.js';

const number = new Intl.NumberFormat(language);
export const count = (n) => number.format(n);

// Whole minor units to text; how many digits a currency has is the browser's knowledge.
export function money(minor, currency) {
  const format = new Intl.NumberFormat(language, { style: 'currency', currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const pad = (n) => String(n).padStart(2, '0');

// 4:05, 1:02:03; with hours in any case when days stand before it
export function timer(ms, isAfterDays = false) {
  const s = Math.ceil(ms / 1000);
  const hours = Math.floor(s / 3600);
  const rest = `${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
  return hours || isAfterDays ? `${hours}:${rest}` : rest.replace(/^0/, '');
}

export function duration(ms) {
  const s = Math.max(1, Math.ceil(ms / 1000));
  if (s < 60) return t('time.seconds', { n: s });
  if (s < 5400) return t('time.minutes', { n: Math.round(s / 60) });
  return t('time.hours', { n: Math.round(s / 360) / 10 });
}

// An honest range: coarse, and never a lower end that sounds like a promise.
export function range(lowMs, highMs) {
  if (highMs < 60000) return t('time.underMinute');
  const low = Math.max(1, Math.floor(lowMs / 60000));
  const high = Math.ceil(highMs / 60000);
  if (high >= 120) {
    const from = Math.floor(low / 60);
    return from < 1 ? t('time.upToHours', { n: Math.ceil(high / 60) })
      : t('time.rangeHours', { from, to: Math.max(from + 1, Math.ceil(high / 60)) });
  }
  return low >= high ? t('time.minutes', { n: high }) : t('time.range', { from: low, to: high });
}

const long = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' };

export function dateIn(ms, timeZone) {
  try {
    return new Intl.DateTimeFormat(language, { ...long, timeZone, timeZoneName: 'short' }).format(ms);
  } catch {
    return new Intl.DateTimeFormat(language, { ...long, timeZone: 'UTC', timeZoneName: 'short' }).format(ms);
  }
}

export const dateHere = (ms) => new Intl.DateTimeFormat(language, { ...long, timeZoneName: 'short' }).format(ms);
export const timeHere = (ms) =>
  new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
