// An event whose order is drawn: where the draw can be checked stands before the line and in it.
import { $, el } from './dom.js';
import { need, t } from './text.js';

await need('news');

export function addDrawLinks(event) {
  const href = `/draw?event=${encodeURIComponent(event)}`;
  const link = (text) => el('p', { class: 'small' }, el('a', { href }, text));
  $('sale-hint').after(link(t('news.drawLink')));
  $('line-keep').after(link(t('news.checkDraw')));
}
