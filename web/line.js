// In line: a large number, an honest estimate, a bar that never goes back, what is left, and the promise that one may
// leave. What else there may be to say comes from news.js.
import * as clock from './clock.js';
import { $, announce, setText, show } from './dom.js';
import { count, range, timeHere, timer } from './format.js';
import { drawStock } from './stock.js';
import { t } from './text.js';

// The number is read aloud at most this often, not with every tick.
const SPEAK_MS = 60000;

// The server's estimate was made when it was sent; since then some of the time has gone by.
function estimate({ place, event }) {
  if (event.phase === 'paused') return t('phase.paused');
  if (place.eta_high_ms === undefined) return t('line.noEstimate');
  const gone = clock.now() - place.heard_ms;
  return range(Math.max(0, place.eta_low_ms - gone), Math.max(30000, place.eta_high_ms - gone));
}

// Until news.js is there: a place that is to be drawn is not a place yet.
const withoutNews = ({ event: { draw, phase } }) =>
  ({ kind: '', text: '', lead: draw && phase !== 'open' ? t('line.getting') : undefined });

export class LineView {
  #visit; #spokenMs = 0; #newsOf = withoutNews; #saidKind = '';

  constructor(visit) {
    this.#visit = visit;
    $('leave-line').onclick = () => this.#leave();
    $('elsewhere').onclick = async () => (await import('./elsewhere.js')).showLink(visit);
    $('bell').onclick = async () => (await import('./bell.js')).arm(visit);
  }

  setNews(newsOf) {
    this.#newsOf = newsOf;
  }

  async #leave() {
    const { ask } = await import('./ask.js');
    if (await ask(t('line.leaveAsk'), t('line.leave'), t('line.stay'))) await this.#visit.leave();
  }

  draw(state) {
    const { place, event } = state;
    setText($('line-event'), event.name);
    show($('line-left'), event.categories.length > 0);
    drawStock($('line-stock'), event);
    this.tick(state);
    if (place) this.#speak(state);
  }

  tick(state) {
    const { place } = state;
    const { text, isCalm, lead, until } = this.#newsOf(state);
    const isNumber = Boolean(place && !lead);
    setText($('line-news'), text);
    show($('line-news'), text !== '');
    $('line-news').classList.toggle('calm', Boolean(isCalm));
    setText($('line-title'), lead ?? t(place ? 'line.title' : 'line.getting'));
    $('line-title').classList.toggle('waiting-dots', !isNumber && !until);
    show($('line-facts'), isNumber);
    for (const id of ['line-keep', 'line-buttons', 'leave-line']) show($(id), Boolean(place));
    if (isNumber) this.#drawPlace(state);
    else this.#drawNumber(until > clock.now() ? timer(clock.leftMs(until)) : '', until > clock.now() ? t('line.until') : '');
  }

  #drawPlace(state) {
    const { place } = state;
    this.#drawNumber(count(place.ahead + 1), place.ahead ? t('line.ahead', { n: place.ahead }) : t('line.next'));
    $('line-progress').value = Math.round(1000 * place.progress);
    setText($('line-estimate'), estimate(state));
    setText($('line-as-of'), t('line.asOf', { time: timeHere(place.server_ms) }));
  }

  #drawNumber(text, below) {
    setText($('line-number'), text);
    setText($('line-ahead'), below);
    $('line-number').classList.toggle('is-long', text.length > 5);
    $('line-number').classList.toggle('is-longest', text.length > 7);
  }

  // What is new at once, the number now and then.
  #speak(state) {
    const { place } = state;
    const { kind, text, lead } = this.#newsOf(state);
    const isNews = kind !== this.#saidKind;
    if (!isNews && (lead || clock.now() - this.#spokenMs < SPEAK_MS)) return;
    this.#spokenMs = clock.now();
    this.#saidKind = kind;
    const where = place.ahead ? t('line.ahead', { n: place.ahead }) : t('line.next');
    announce(`${isNews ? text : ''} ${lead ?? `${where}. ${estimate(state)}`}`.trim());
  }

  title(state) {
    const { place } = state;
    const { lead } = this.#newsOf(state);
    if (!place || lead) return lead ?? t('line.title');
    return place.ahead ? t('line.tab', { n: place.ahead }) : t('line.next');
  }
}
