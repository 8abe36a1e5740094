// The log: who did what, when, what was before and what after. What can still be taken back is taken back from here.
import { ask } from '../ask.js';
import { el } from '../dom.js';
import { language, t } from '../text.js';
import { get, post } from './api.js';
import { changes } from './changes.js';
import { choice, done, empty, pages } from './parts.js';

const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });

function entryNode(entry, event, reload) {
  const name = t(`verb.${entry.verb.replace('.', '_')}`) || entry.verb;
  const undo = async () => {
    if (!await ask(t('log.undoAsk', { what: name }), t('log.undo'), t('ask.no'))) return;
    try {
      await post(`/log/${entry.nr}/undo`);
      done(t('office.undone'));
    } catch (error) {
      done(error.message);
    }
    reload();
  };
  return el('li', { class: 'entry-row' },
    el('p', {}, el('strong', {}, name), [event?.name ?? entry.event, entry.note].filter(Boolean).map((part) => ` · ${part}`).join('')),
    el('p', { class: 'soft small' }, t('log.by', { who: entry.who, when: moment.format(entry.at_ms) }),
      entry.via === 'console' ? '' : ` · ${t('log.commandLine')}`),
    el('ul', { class: 'changes small' }, ...changes(entry, event)),
    entry.undone_by ? el('p', { class: 'soft small' }, t('log.undone')) : null,
    entry.can_undo && !entry.undone_by ? el('button', { type: 'button', class: 'quiet', onclick: undo }, t('log.undo')) : null);
}

export async function view({ reload }) {
  const { events } = await get('/events');
  const list = el('ol', { class: 'log' });
  const body = el('div', {});
  let event = '';
  async function draw() {
    list.replaceChildren();
    const { foot, load } = pages(list, async (before) => {
      const query = new URLSearchParams({ limit: '50', ...(event && { event }), ...(before && { before: String(before) }) });
      const { entries, next } = await get(`/log?${query}`);
      return { nodes: entries.map((entry) => entryNode(entry, events.find(({ id }) => id === entry.event), reload)), next };
    });
    body.replaceChildren(list, foot);
    await load();
    if (!list.children.length) body.replaceChildren(empty(t('log.none'), t('log.noneHint')));
  }
  const filter = choice([['', t('log.allEvents')], ...events.map(({ id, name }) => [id, name])], '', { 'aria-label': t('log.filter'),
    onchange: () => { event = filter.value; draw(); } });
  await draw();
  return { title: t('office.log'), node: el('section', { class: 'office' },
    el('div', { class: 'office-head' }, el('h1', {}, t('office.log')), filter), body) };
}
