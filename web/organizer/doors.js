// At the door: a code is typed or scanned into one field, and the answer is large, in words, and said aloud to a screen
// reader. The list for a door without a network is here, too.
import { el, setText } from '../dom.js';
import { language, t } from '../text.js';
import { address, eventPath, get, post } from './api.js';
import { frame } from './frame.js';
import { checkbox, field, problemBox, text } from './parts.js';

const moment = new Intl.DateTimeFormat(language, { timeStyle: 'medium', dateStyle: 'short' });

function verdictNode(answer, id) {
  const seat = [answer.section, answer.row, answer.number].filter(Boolean).join(' · ');
  const isElsewhere = answer.event && answer.event !== id;
  const verdict = isElsewhere ? 'elsewhere' : answer.verdict;
  return el('div', { class: `verdict is-${verdict}` }, el('p', { class: 'verdict-word' }, t(`door.${verdict}`)),
    seat ? el('p', { class: 'lead' }, [seat, answer.category, answer.type].filter(Boolean).join(' · ')) : null,
    answer.used_ms ? el('p', {}, t('door.usedAt', { when: moment.format(answer.used_ms), door: answer.door || '–' })) : null,
    el('p', { class: 'soft' }, t(`door.${verdict}Hint`)));
}

export async function view({ can }, id) {
  const event = await get(eventPath(id));
  const { head } = frame(event, 'doors', can);
  const problem = problemBox();
  const answer = el('div', { class: 'door-answer', 'aria-live': 'assertive' });
  const code = text({ name: 'code', required: true, maxlength: '200', autocapitalize: 'none', 'data-focus': true });
  const door = text({ name: 'door', maxlength: '40', value: t('door.main'), required: true });
  const look = checkbox(t('door.look'));
  const check = async (submitted) => {
    submitted.preventDefault();
    problem.clear();
    try {
      const isLooking = look.querySelector('input').checked;
      const said = await post('/tickets/check', { code: code.value.trim(), ...(isLooking ? { look: true } : { door: door.value.trim() }) });
      answer.replaceChildren(verdictNode(said, id));
      code.value = '';
    } catch (error) {
      setText(answer, '');
      problem.say(error);
    }
    code.focus();
  };
  const form = el('form', { class: 'card form', onsubmit: check }, field(t('door.code'), code, t('door.codeHint')), field(t('door.door'), door), look, problem.node,
    el('div', { class: 'buttons' }, el('button', { type: 'submit', class: 'primary big' }, t('door.check'))));
  const list = el('section', { class: 'card' }, el('h2', {}, t('door.list')), el('p', { class: 'soft' }, t('door.listHint')),
    el('a', { class: 'button', href: address(eventPath(id, '/door.csv')), download: `${id}-door.csv` }, t('door.download')));
  const node = el('section', { class: 'office' }, head, el('div', { class: 'side-by-side' }, form, el('div', { class: 'stack' }, answer, list)));
  return { title: t('title.doors', { name: event.name }), node };
}
