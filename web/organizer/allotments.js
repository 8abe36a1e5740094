// Allotments: seats kept from sale under a name, for sponsors or for the house, and given free again. Both show what they
// will do first.
import { ask } from '../ask.js';
import { el } from '../dom.js';
import { need, t } from '../text.js';
import { eventPath, get, post } from './api.js';
import { effectList, preview } from './effects.js';
import { frame } from './frame.js';
import { Lever } from './lever.js';
import { choice, done, empty, field, problemBox, table, text } from './parts.js';
import { Plan } from '../plan.js';

const NAMES_SHOWN = 3; // groups of seats named in a row of the list

// Whole sections by their names, the rest row by row.
function seatsText(plan, seats) {
  const kept = new Set(seats);
  const seatsOf = ({ rows }) => rows.flatMap(({ first, numbers }) => numbers.map((_, at) => first + at));
  const whole = plan.sections.filter((section) => seatsOf(section).every((seat) => kept.has(seat)));
  for (const seat of whole.flatMap(seatsOf)) kept.delete(seat);
  const names = [...whole.map((section) => plan.sectionName(section)), ...(kept.size ? plan.names([...kept]).split('; ') : [])];
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join('; ') + (more > 0 ? ` ${t('stock.more', { n: more })}` : '');
}

// The parts of the plan that can be kept back as one: sections, and standing areas by their seats.
function withholdForm(event, plan, onDone) {
  const name = text({ name: 'name', maxlength: '80', required: true });
  const section = choice([['', t('stock.choose')], ...plan.sections.map((one) => [one.name, plan.sectionName(one)])], '', { name: 'section' });
  const rows = el('select', { name: 'row' });
  const drawRows = () => {
    const chosen = plan.sections.find((one) => one.name === section.value);
    rows.replaceChildren(el('option', { value: '' }, t('stock.allRows')), ...(chosen?.rows ?? []).map(({ label }) => el('option', { value: label }, label)));
    rows.disabled = !chosen;
  };
  section.addEventListener('change', drawRows);
  drawRows();
  const read = () => (name.value.trim() && section.value
    ? { withhold: { name: name.value.trim(), section: section.value, ...(rows.value && { row: rows.value }) } } : null);
  return new Lever({
    event, read, button: t('stock.keepNow'), isAlways: true,
    fields: [field(t('stock.name'), name, t('stock.nameHint')), field(t('stock.section'), section), field(t('stock.row'), rows)],
    reset: () => { name.value = ''; section.value = ''; drawRows(); },
    make: async ({ withhold }) => {
      const { changed, refused, log } = await post(eventPath(event, '/withhold'), withhold);
      onDone(t('stock.kept', { n: changed }) + (refused.length ? ` ${t('stock.refused', { n: refused.length })}` : ''), log);
    },
  });
}

export async function view({ can }, id) {
  const [event, planJson] = await Promise.all([get(eventPath(id)), get(eventPath(id, '/plan')), need('inside')]);
  const plan = new Plan(planJson);
  const { head } = frame(event, 'seats', can);
  const list = el('div', {});
  const problem = problemBox();

  async function draw() {
    const { withheld } = await get(eventPath(id, '/withheld'));
    const rows = Object.entries(withheld).filter(([, seats]) => seats.length).map(([name, seats]) => [name, String(seats.length), seatsText(plan, seats),
      el('button', { type: 'button', 'aria-label': t('stock.releaseOf', { name }), onclick: () => release(name) }, t('stock.release'))]);
    const columns = [{ name: t('stock.name') }, { name: t('stock.seats'), isFigure: true }, { name: t('stock.which'), isText: true }, { name: t('office.actions') }];
    list.replaceChildren(rows.length ? table(t('stock.title'), columns, rows) : empty(t('stock.none'), t('stock.noneHint')));
  }

  async function release(name) {
    problem.clear();
    try {
      const foreseen = await preview(id, { release: { name } });
      if (!await ask(t('stock.releaseAsk', { name }), t('stock.releaseYes'), t('ask.no'), { more: effectList(foreseen) })) return;
      const { changed, log } = await post(eventPath(id, '/release'), { name });
      done(t('stock.released', { n: changed }), log, draw);
      await draw();
    } catch (error) {
      problem.say(error);
    }
  }

  const keep = withholdForm(id, plan, (sentence, log) => { done(sentence, log, draw); draw(); });
  await draw();
  const node = el('section', { class: 'office' }, head, problem.node, el('div', { class: 'side-by-side is-wide' },
    el('section', {}, el('h2', {}, t('stock.title')), list), el('section', { class: 'card' }, el('h2', {}, t('stock.keep')), keep.node)));
  return { title: t('title.seats', { name: event.name }), node };
}
