// The turn has come: a clear button; and because people wait for this, a page that is being looked at opens by itself.
import * as clock from './clock.js';
import { $, el, setText, show } from './dom.js';
import { duration } from './format.js';
import { need, t } from './text.js';

await need('news');

const AUTO_S = 5; // seconds of being looked at before the page enters by itself
const NEAR_DEADLINE_MS = 10000;

const markup = () => el('section', { 'data-for': 'turn', class: 'narrow turn', hidden: true },
  el('p', { id: 'turn-event', class: 'eyebrow', dir: 'auto' }),
  el('h1', { tabindex: '-1' }, t('turn.title')),
  el('p', { id: 'turn-body', class: 'lead' }),
  el('button', { id: 'enter', class: 'primary big', type: 'button' }, t('turn.enter')),
  el('p', { id: 'turn-auto', class: 'soft' }),
  el('p', { id: 'turn-error', class: 'problem', role: 'alert', hidden: true }));

export class TurnView {
  #visit; #lookedAt = 0; #isEntering = false; #isFlash = false;

  constructor(visit) {
    this.#visit = visit;
    $('main').append(markup());
    $('enter').onclick = () => this.#enter();
  }

  draw(state, isNew) {
    if (isNew) {
      this.#lookedAt = 0;
      this.#visit.ring?.(t('turn.title'), state.event.name);
    }
    setText($('turn-event'), state.event.name);
    this.#drawTime(state);
  }

  tick(state) {
    if (!document.hidden) this.#lookedAt++;
    else this.#flash(state);
    this.#drawTime(state);
    const isNear = clock.leftMs(state.admission.deadline_ms) < NEAR_DEADLINE_MS;
    if (!document.hidden && (this.#lookedAt >= AUTO_S || isNear)) this.#enter();
  }

  title() {
    return t('turn.tab');
  }

  // Who looks at another tab sees this one's title change, words and nothing else.
  #flash({ event }) {
    this.#isFlash = !this.#isFlash;
    document.title = this.#isFlash ? event.name : `${t('turn.tab')} · ${event.name}`;
  }

  #drawTime({ admission }) {
    setText($('turn-body'), t('turn.body', { time: duration(clock.leftMs(admission.deadline_ms)) }));
    setText($('turn-auto'), t('turn.auto', { n: Math.max(0, AUTO_S - this.#lookedAt) }));
  }

  async #enter() {
    if (this.#isEntering) return;
    this.#isEntering = true;
    show($('turn-error'), false);
    try {
      await this.#visit.claim();
    } catch (error) {
      setText($('turn-error'), error.fields ? t('error.other', { code: error.code }) : t('error.connection'));
      show($('turn-error'), true);
      this.#lookedAt = 0;
    } finally {
      this.#isEntering = false;
    }
  }
}
