// The draw of an event whose line is put in a random order (docs/draw.md): how far it is, what has been published about it,
// and the beacon, which is mixed in when it is set in time.
import { el, setText } from '../dom.js';
import { t } from '../text.js';
import { eventPath, post } from './api.js';
import { Lever } from './lever.js';
import { done, field, text } from './parts.js';

const PAUSE_MS = 2000; // figures come once a second; a draw takes some seconds
const PUBLISHED = ['commitment', 'root', 'beacon'];

const read = async (path) => (await fetch(path, { cache: 'no-store' })).json();

// What is published to everybody; null when there is nothing yet, undefined when that cannot be said now.
async function published(id) {
  const path = `/api/v1/events/${encodeURIComponent(id)}`;
  try {
    const { draw } = await read(path);
    return draw ? await read(`${path}/draw`) : null;
  } catch {
    return undefined;
  }
}

export class Lottery {
  #event; #settings; #askedMs = 0; #isDone = false; #drawn = '';
  #where = el('p', { role: 'status' }); #facts = el('dl', { class: 'pairs is-text hashes' });
  #beacon = text({ name: 'draw_beacon', maxlength: '280' });
  #lever = null;

  constructor(event, maySteer) {
    this.#event = event;
    this.#settings = event.settings;
    if (maySteer) this.#lever = this.#makeLever();
    this.#lever?.reset();
    this.node = el('section', { class: 'card steering' }, el('h2', {}, t('lottery.title')), this.#where, this.#facts, this.#lever?.node,
      el('p', {}, el('a', { href: `/draw?event=${encodeURIComponent(event.id)}`, target: '_blank', rel: 'noopener' }, t('lottery.check'))));
    this.hear();
  }

  // Called with each news of the sale.
  hear() {
    if (this.#isDone || Date.now() - this.#askedMs < PAUSE_MS) return;
    this.#askedMs = Date.now();
    published(this.#event.id).then((draw) => draw !== undefined && this.#show(draw));
  }

  #makeLever() {
    return new Lever({
      event: this.#event.id, button: t('steer.apply'), fields: [field(t('lottery.beacon'), this.#beacon, t('lottery.beaconHint'))],
      read: () => {
        const typed = this.#beacon.value.trim();
        return typed === (this.#settings.draw_beacon ?? '') ? null : { set: { draw_beacon: typed } };
      },
      reset: () => { this.#beacon.value = this.#settings.draw_beacon ?? ''; },
      make: async (change) => {
        const { settings, log } = await post(eventPath(this.#event.id), change);
        this.#settings = { ...this.#settings, ...settings };
        done(t('steer.done'), log);
      },
    });
  }

  #show(draw) {
    const state = draw?.state ?? 'none';
    const isWaiting = state === 'pending' && this.#settings.draw_beacon_wait === '1' && !this.#settings.draw_beacon;
    setText(this.#where, t(isWaiting ? 'lottery.waits' : `lottery.${state}`, { n: draw?.places ?? 0 }));
    const facts = JSON.stringify(PUBLISHED.map((name) => draw?.[name] ?? ''));
    if (facts !== this.#drawn) {
      this.#facts.replaceChildren(...PUBLISHED.filter((name) => draw?.[name]).map((name) => el('div', {}, el('dt', {}, t(`lottery.${name}`)), el('dd', {}, el('code', {}, draw[name])))));
    }
    this.#drawn = facts;
    this.#isDone = state === 'done';
    if (this.#isDone) this.#lever?.node.remove();
  }
}
