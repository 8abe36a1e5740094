// A turn or a wait is over: why, and what can be done now.
import { $, el, setText, show } from './dom.js';
import { need, t } from './text.js';

await need('news');

const isOpen = ({ phase, standby }) => phase !== 'closed' && (phase !== 'sold_out' || standby);

const markup = () => el('section', { 'data-for': 'ended', class: 'narrow ended', hidden: true },
  el('p', { id: 'ended-event', class: 'eyebrow', dir: 'auto' }),
  el('h1', { id: 'ended-title', tabindex: '-1' }),
  el('p', { id: 'ended-body', class: 'lead' }),
  el('p', { class: 'buttons' }, el('button', { id: 'again', class: 'primary', type: 'button' }),
    el('a', { class: 'button', href: '/' }, t('site.home'))));

export class EndedView {
  #visit;

  constructor(visit) {
    this.#visit = visit;
    $('main').append(markup());
    $('again').onclick = () => visit.join();
  }

  draw({ reason, event }) {
    const isBack = reason === 'sold_out' && isOpen(event);
    const canAgain = isOpen(event) && !isBack && t('ended.canAgain');
    setText($('ended-event'), event.name);
    setText($('ended-title'), this.title());
    setText($('ended-body'), [t(isBack ? 'ended.backHint' : `ended.${reason}Hint`), canAgain].filter(Boolean).join(' '));
    setText($('again'), t(isBack ? 'ended.backToPlace' : 'ended.again'));
    show($('again'), isOpen(event));
  }

  title() {
    const { reason, event } = this.#visit.state;
    return t(reason === 'sold_out' && isOpen(event) ? 'ended.back' : `ended.${reason}`) || t('ended.gone');
  }
}
