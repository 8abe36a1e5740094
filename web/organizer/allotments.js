// Allotments: seats kept from sale under a name, for sponsors or for the house, and given free again, all at once or some of
// them. Both show what they will do first.
import { ask } from '../ask.js';
import { el, show } from '../dom.js';
import { need, t } from '../text.js';
import { eventPath, get, post } from './api.js';
import { effectList, preview } from './effects.js';
import { frame } from './frame.js';
import { Lever } from './lever.js';
import { checkbox, choice, done, empty, field, number, problemBox, table, text } from './parts.js';
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

// Sections as the server calls them: with the level where several have one name.
function titleOf(plan, { name, level }) {
  const isShared = plan.sections.filter((other) => other.name === name).length > 1;
  return level && isShared ? `${level} ${name}` : name;
}

// Seats to be chosen one by one, in groups: [{ title, seats: [[seat, name], ...] }].
function seatChoice(groups) {
  const boxes = new Map();
  const node = el('div', { class: 'seat-choice' }, ...groups.map(({ title, seats }) => el('fieldset', {}, el('legend', {}, title),
    el('div', { class: 'seat-boxes' }, ...seats.map(([seat, name]) => {
      const box = checkbox(name, { value: String(seat) });
      boxes.set(seat, box.querySelector('input'));
      return box;
    })))));
  return { node, chosen: () => [...boxes].filter(([, box]) => box.checked).map(([seat]) => seat) };
}

// What can be kept from sale: a section, one of its rows or some seats of that; so many places of a standing area.
function withholdForm(event, plan, onDone) {
  const name = text({ name: 'name', maxlength: '60', required: true });
  const parts = [...plan.sections.map((one) => ({ title: titleOf(plan, one), label: plan.sectionName(one), rows: one.rows })),
    ...plan.areas.map((area) => ({ title: area.name, label: area.name, rows: [], capacity: area.capacity }))];
  const section = choice([['', t('stock.choose')], ...parts.map(({ title, label }) => [title, label])], '', { name: 'section' });
  const row = el('select', { name: 'row' });
  const places = number({ name: 'places', step: '1', min: '1' });
  const rowField = field(t('stock.row'), row);
  const placesField = field(t('stock.places'), places, t('stock.placesHint'));
  const seatsBox = el('div', {});
  let seats = null;
  const chosenPart = () => parts.find(({ title }) => title === section.value) ?? null;
  const drawSeats = () => {
    const { first, numbers = [] } = row.value === '' ? {} : chosenPart().rows[Number(row.value)];
    seats = numbers.length ? seatChoice([{ title: t('stock.rowSeats'), seats: numbers.map((number, at) => [first + at, number]) }]) : null;
    seatsBox.replaceChildren(...(seats ? [seats.node] : []));
  };
  const drawPart = () => {
    const part = chosenPart();
    row.replaceChildren(el('option', { value: '' }, t('stock.allRows')), ...(part?.rows ?? []).map(({ label }, at) => el('option', { value: String(at) }, label)));
    row.disabled = !part;
    show(rowField, !part?.capacity);
    show(placesField, Boolean(part?.capacity));
    places.value = '';
    places.max = String(part?.capacity ?? 1);
    drawSeats();
  };
  section.addEventListener('change', drawPart);
  row.addEventListener('change', drawSeats);
  drawPart();
  const read = () => {
    const part = chosenPart();
    if (!name.value.trim() || !part) return null;
    const one = { name: name.value.trim(), section: part.title };
    const chosen = seats?.chosen() ?? [];
    if (chosen.length) return { withhold: { name: one.name, seats: chosen } };
    if (places.value) return { withhold: { ...one, count: Number(places.value) } };
    return { withhold: row.value === '' ? one : { ...one, row: part.rows[Number(row.value)].label } };
  };
  return new Lever({
    event, read, button: t('stock.keepNow'), isAlways: true,
    fields: [field(t('stock.name'), name, t('stock.nameHint')), field(t('stock.section'), section), rowField, placesField, seatsBox],
    reset: () => { name.value = ''; section.value = ''; drawPart(); },
    make: async ({ withhold }) => {
      const { changed, refused, log } = await post(eventPath(event, '/withhold'), withhold);
      onDone(t('stock.kept', { n: changed }) + (refused.length ? ` ${t('stock.refused', { n: refused.length })}` : ''), log);
    },
  });
}

// The seats of an allotment by row, the places of each area.
function groupsOf(plan, seats) {
  const rows = new Map();
  for (const seat of seats) {
    const area = plan.areaOf(seat);
    const key = area ?? plan.rows[plan.rowOf[seat]];
    if (!rows.has(key)) rows.set(key, { title: area ? area.name : t('stock.inRow', { section: plan.sectionName(key.section), row: key.label }), seats: [] });
    rows.get(key).seats.push([seat, area ? String(seat - area.first + 1) : plan.number(seat)]);
  }
  return [...rows.values()];
}

// Some of an allotment: its seats are drawn when somebody wants to choose among them.
function someOf(plan, name, seats, release) {
  const body = el('div', { class: 'stack' });
  const node = el('details', { class: 'some' }, el('summary', {}, t('stock.chooseSeats')), body);
  node.addEventListener('toggle', () => {
    if (!node.open || body.childElementCount) return;
    const choosing = seatChoice(groupsOf(plan, seats));
    const problem = problemBox();
    const button = el('button', { type: 'button', onclick: () => {
      problem.clear();
      const chosen = choosing.chosen();
      if (chosen.length) release(name, chosen);
      else problem.say(t('stock.noneChosen'));
    } }, t('stock.releaseChosen'));
    body.replaceChildren(choosing.node, problem.node, el('div', { class: 'buttons' }, button));
  });
  return node;
}

export async function view({ can }, id) {
  const [event, planJson] = await Promise.all([get(eventPath(id)), get(eventPath(id, '/plan')), need('inside')]);
  const plan = new Plan(planJson);
  const { head } = frame(event, 'seats', can);
  const list = el('div', {});
  const problem = problemBox();

  async function draw() {
    const { withheld } = await get(eventPath(id, '/withheld'));
    const rows = Object.entries(withheld).filter(([, seats]) => seats.length).map(([name, seats]) => [name, String(seats.length),
      el('div', {}, seatsText(plan, seats), someOf(plan, name, seats, release)),
      el('button', { type: 'button', 'aria-label': t('stock.releaseOf', { name }), onclick: () => release(name) }, t('stock.release'))]);
    const columns = [{ name: t('stock.name') }, { name: t('stock.seats'), isFigure: true }, { name: t('stock.which'), isText: true }, { name: t('office.actions') }];
    list.replaceChildren(rows.length ? table(t('stock.title'), columns, rows) : empty(t('stock.none'), t('stock.noneHint')));
  }

  // All that is kept under the name, or these seats of it.
  async function release(name, seats = null) {
    problem.clear();
    const change = seats ? { name, seats } : { name };
    try {
      const foreseen = await preview(id, { release: change });
      const question = seats ? t('stock.someAsk', { name, n: seats.length }) : t('stock.releaseAsk', { name });
      if (!await ask(question, t('stock.releaseYes'), t('ask.no'), { more: effectList(foreseen) })) return;
      const { changed, log } = await post(eventPath(id, '/release'), change);
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
