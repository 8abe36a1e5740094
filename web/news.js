// What a line says besides its number: that it is paused, drawn, put together again, that everything is held or sold.
// Fetched when there is something of the kind to say.
import * as clock from './clock.js';
import { duration } from './format.js';
import { t } from './text.js';
import './text-news.js';

// A sentence with a time in it, or its like when the time is over or unknown.
function inTime(atMs, key, keyWithout) {
  return atMs > clock.now() ? t(key, { time: duration(clock.leftMs(atMs)) }) : t(keyWithout);
}

const isBefore = (phase) => phase === 'prequeue' || phase === 'announced';

// text: a notice, '' for none; isCalm: it is nothing to worry about. lead: what is said while there is no number, and
// until: the moment counted down to in its place.
export function newsOf({ place, event }) {
  const { phase, opens_at_ms, draw, standby, held_out } = event;
  if (place?.recovers_at_ms) return { text: inTime(place.recovers_at_ms, 'news.recovering', 'news.recoveringSoon') };
  if (place?.drawing) return { text: t('news.drawing'), isCalm: true, lead: t('news.drawingLead') };
  if (phase === 'paused') return { text: t('news.paused') };
  if (isBefore(phase) && draw) return { text: t('news.draw'), isCalm: true, lead: t('news.drawLead'), until: opens_at_ms };
  if (isBefore(phase)) return { text: inTime(opens_at_ms, 'news.prequeue', 'news.prequeueSoon'), isCalm: true };
  if (phase === 'sold_out') return { text: t(standby ? 'news.standby' : 'news.soldOut') };
  if (phase === 'closed') return { text: t('news.closed') };
  return { text: held_out ? t('news.heldOut') : '' };
}
