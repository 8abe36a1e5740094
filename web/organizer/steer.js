// Steering a sale: its phase, how fast people come in and how many are inside, and what is said to those who wait. Each
// change is shown with what it will do before it is made, and can be taken back from the line that reports it.
import { ask } from '../ask.js';
import { el, setText } from '../dom.js';
import { t } from '../text.js';
import { eventPath, get, post } from './api.js';
import { effectList, preview } from './effects.js';
import { Lever } from './lever.js';
import { done, field, number, problemBox, text } from './parts.js';

const PARTS_OF_A_VISITOR = 1e6; // as fine as admissions are counted
const phases = [['open', 'steer.open'], ['paused', 'steer.pause'], ['closed', 'steer.close']];

const plain = (value) => String(Math.round(value * PARTS_OF_A_VISITOR) / PARTS_OF_A_VISITOR);

export class Steering {
  #id; #name; #settings; #phase; #inForce = ''; #buttons = {}; #levers; #problem = problemBox();
  #rate = number({ required: true, name: 'rate' });
  #cap = number({ required: true, name: 'cap', step: '1' });
  #message = text({ maxlength: '280', name: 'message' });
  #now = el('p', { class: 'soft small' });

  constructor(event) {
    this.#id = event.id;
    this.#name = event.name;
    this.#settings = event.settings;
    this.#phase = event.phase;
    this.#levers = [
      this.#lever([field(t('steer.rate'), this.#rate), this.#now], this.#readRate, () => { this.#rate.value = this.#perSecond(); }),
      this.#lever([field(t('steer.cap'), this.#cap)], this.#readCap, () => { this.#cap.value = this.#settings.active_cap; }),
      this.#lever([field(t('steer.message'), this.#message, t('steer.messageHint'))], this.#readMessage,
        () => { this.#message.value = this.#settings.message ?? ''; }),
    ];
    const button = ([phase, key]) => {
      this.#buttons[phase] = el('button', { type: 'button', onclick: () => this.#turnTo(phase) }, t(key));
      return this.#buttons[phase];
    };
    this.node = el('section', { class: 'card steering' }, el('h2', {}, t('steer.title')),
      el('div', { class: 'buttons phases', role: 'group', 'aria-label': t('steer.phase') }, ...phases.map(button)), this.#problem.node,
      ...this.#levers.map((lever) => lever.node));
    this.#show();
  }

  // Figures of now. Somebody else may have steered meanwhile: then the settings are asked for again.
  hear({ phase, rate_per_s: rate }) {
    const inForce = `${phase} ${rate}`;
    setText(this.#now, t('steer.inForce', { n: plain(Math.round(rate * 10) / 10) }));
    if (this.#inForce && inForce !== this.#inForce) this.#refresh();
    this.#inForce = inForce;
    this.#phase = phase;
    this.#showPhase();
  }

  #lever(fields, read, reset) {
    return new Lever({ event: this.#id, fields, read: read.bind(this), reset, button: t('steer.apply'), make: (change) => this.#make(change) });
  }

  #perSecond() {
    return plain((Number(this.#settings.admit_per_tick) * 1000) / Number(this.#settings.tick_ms));
  }

  #readRate() {
    const typed = this.#rate.value;
    if (typed === '' || Number(typed) === Number(this.#perSecond())) return null;
    return { set: { admit_per_tick: plain((Number(typed) * Number(this.#settings.tick_ms)) / 1000) } };
  }

  #readCap() {
    const typed = this.#cap.value;
    return typed === '' || Number(typed) === Number(this.#settings.active_cap) ? null : { set: { active_cap: typed } };
  }

  #readMessage() {
    const typed = this.#message.value.trim();
    return typed === (this.#settings.message ?? '') ? null : { set: { message: typed } };
  }

  async #refresh() {
    const event = await get(eventPath(this.#id)).catch(() => null);
    if (!event) return;
    this.#settings = event.settings;
    this.#phase = event.phase;
    this.#show();
  }

  #show() {
    this.#showPhase();
    for (const lever of this.#levers) if (!lever.isTouched) lever.reset();
  }

  #showPhase() {
    this.#buttons.open.disabled = this.#phase === 'open' || this.#phase === 'sold_out';
    this.#buttons.paused.disabled = this.#phase !== 'open';
    this.#buttons.closed.disabled = this.#phase === 'closed';
  }

  async #make(change) {
    const { settings, log } = await post(eventPath(this.#id), change);
    this.#settings = { ...this.#settings, ...settings };
    done(t('steer.done'), log, () => this.#refresh());
  }

  async #turnTo(phase) {
    this.#problem.clear();
    try {
      const foreseen = await preview(this.#id, { phase });
      const isSure = await ask(t(`ask.${phase}`, { name: this.#name }), t(`ask.${phase}Yes`), t('ask.no'), { more: effectList(foreseen) });
      if (!isSure) return;
      await this.#make({ phase });
      await this.#refresh();
      phases.map(([name]) => this.#buttons[name]).find((button) => !button.disabled)?.focus(); // the one pressed is not to be pressed again
    } catch (error) {
      this.#problem.say(error);
    }
  }
}
