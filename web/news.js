// What a line says besides its number: that it is paused, drawn, put together again, that everything is held or sold.
// Fetched when there is something of the kind to say.
import * as clock from './clock.js';
import { duration } from './format.js';
import { need, t } from './text.js';

await need('news');

// A sentence with a time in it, or its like when the time is over or unknown.
function inTime(atMs, key, keyWithout) {
  return atMs > clock.now() ? t(key, { time: duration(clock.leftMs(atMs)) }) : t(keyWithout);
}

const isBefore = (phase) => phase === 'prequeue' || phase === 'announced';

// kind: changes when there is something else to say. text: a notice, '' for none; isCalm: it is nothing to worry about.
// lead: what is said while there is no number, and until: the moment counted down to in its place.
export function newsOf({ place, event }) {
  const { phase, opens_at_ms, draw, standby, held_out } = event;
  const said = (kind, text, more) => ({ kind, text, ...more });
  if (place?.recovers_at_ms) return said('recovering', inTime(place.recovers_at_ms, 'news.recovering', 'news.recoveringSoon'));
  if (place?.drawing) return said('drawing', t('news.drawing'), { isCalm: true, lead: t('news.drawingLead') });
  if (phase === 'paused') return said(phase, t('news.paused'));
  if (isBefore(phase) && draw) {
    return said('draw', t('news.draw'), { isCalm: true, ...(place && { lead: t('news.drawLead'), until: opens_at_ms }) });
  }
  if (isBefore(phase)) return said(phase, inTime(opens_at_ms, 'news.prequeue', 'news.prequeueSoon'), { isCalm: true });
  if (phase === 'sold_out') return said(phase, t(standby ? 'news.standby' : 'news.soldOut'));
  if (phase === 'closed') return said(phase, t('news.closed'));
  return held_out ? said('held', t('news.heldOut')) : said('', '');
}
