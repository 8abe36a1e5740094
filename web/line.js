// In line: a large number, an honest estimate, a bar that never goes back, and the promise that one may leave.
import { ask } from './ask.js';
import * as clock from './clock.js';
import { $, announce, setText, show } from './dom.js';
import { count, range, timeHere } from './format.js';
import { t } from './text.js';

const SPEAK_MS = 60000; // the number is read aloud at most this often, not with every tick

const phases = { paused: 'line.paused', prequeue: 'line.prequeue', announced: 'line.prequeue', sold_out: 'line.soldOut',
  closed: 'line.closed' };

// The server's estimate was made when it was sent; since then some of the time has gone by.
function estimate(place) {
  if (place.phase === 'paused' || place.eta_high_ms === undefined) return t('line.noEstimate');
  const gone = clock.now() - place.heard_ms;
  return range(Math.max(0, place.eta_low_ms - gone), Math.max(30000, place.eta_high_ms - gone));
}

export class LineView {
  #visit; #spokenMs = 0;

  constructor(visit) {
    this.#visit = visit;
    $('leave-line').onclick = async () => {
      if (await ask(t('line.leaveAsk'), t('line.leave'), t('line.stay'))) await visit.leave();
    };
  }

  draw(state) {
    const { place, event } = state;
    setText($('line-event'), event.name);
    const phase = phases[event.phase];
    show($('line-phase'), Boolean(phase));
    setText($('line-phase'), phase ? t(phase) : '');
    $('leave-line').disabled = !place;
    if (!place) return this.#drawEmpty();
    this.#drawNumber(count(place.ahead + 1));
    setText($('line-ahead'), place.ahead ? t('line.ahead', { n: place.ahead }) : t('line.next'));
    $('line-progress').value = Math.round(1000 * place.progress);
    this.tick(state);
    this.#speak(place);
  }

  #drawNumber(text) {
    setText($('line-number'), text);
    $('line-number').classList.toggle('is-long', text.length > 5);
    $('line-number').classList.toggle('is-longest', text.length > 7);
  }

  #drawEmpty() {
    setText($('line-number'), '·');
    setText($('line-ahead'), t('line.getting'));
    setText($('line-estimate'), t('line.noEstimate'));
    setText($('line-as-of'), '');
  }

  tick({ place }) {
    if (!place) return;
    setText($('line-estimate'), estimate(place));
    setText($('line-as-of'), t('line.asOf', { time: timeHere(place.server_ms) }));
  }

  #speak(place) {
    if (clock.now() - this.#spokenMs < SPEAK_MS) return;
    this.#spokenMs = clock.now();
    announce(`${place.ahead ? t('line.moved', { n: place.ahead }) : t('line.next')}. ${estimate(place)}`);
  }

  title({ place }) {
    if (!place) return t('line.title');
    return place.ahead ? t('line.tab', { n: place.ahead }) : t('line.next');
  }
}
