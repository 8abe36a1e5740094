// Writes the example arena in both formats: node docs/examples/make_arena.mjs [directory]
//
// One model, two writers. The model is a bowl around a floor: rounded rectangles one behind the other, cut into
// sections; a row has as many seats as fit between the aisles, so rows in the corners grow towards the back. The
// stage takes the top side. plan.json has every seat with its position (pretix's seating plan), blocks.csv the same
// seats as ranges with prices; prices.csv belongs to plan.json.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const seatPitch = 25, rowPitch = 27, aisle = 46;
const letters = [...'ABCDEFGHJKLMNPQRSTUVWXYZ']; // no I and O: they look like 1 and 0
const k = 600, sideX = 0.8 * k, sideY = 1.15 * k; // radius of the corners in front; half the straight sides
const centre = { x: 2400, y: 2580 };

const categories = [
  { name: 'Floor standing', color: '#0072b2', price: '79.00' },
  { name: 'Premium', color: '#d55e00', price: '149.00' },
  { name: 'Lower tier', color: '#e69f00', price: '109.00' },
  { name: 'Lower tier end', color: '#cc79a7', price: '89.00' },
  { name: 'Upper tier', color: '#009e73', price: '69.00' },
  { name: 'Upper tier rear', color: '#56b4e9', price: '49.00' },
  { name: 'Restricted view', color: '#7f7f7f', price: '39.50' },
  { name: 'Wheelchair', color: '#5e3c99', price: '49.00' },
];
const areas = [
  { name: 'Front of stage', capacity: 350, category: 'Floor standing', x: -860, y: -640, width: 1720, height: 420 },
  { name: 'Floor', capacity: 1150, category: 'Floor standing', x: -860, y: -180, width: 1720, height: 1240 },
];
const shapes = [
  { text: 'Stage', color: '#333333', x: -600, y: -1270, width: 1200, height: 480 },
  { text: '', color: '#333333', x: -90, y: -790, width: 180, height: 130 }, // the runway
  { text: 'Sound', color: '#999999', x: -160, y: 1090, width: 320, height: 110 },
];

// --- the outline at a depth behind the front, clockwise from the middle of the top side ---

const pieces = (depth) => {
  const corner = Math.PI / 2 * (k + depth);
  return [sideX, corner, 2 * sideY, corner, 2 * sideX, corner, 2 * sideY, corner, sideX];
};

function find(along, lengths) {
  let piece = 0;
  while (piece < 8 && along > lengths[piece]) along -= lengths[piece++];
  return { piece, along };
}

function point(depth, distance) {
  const { piece, along } = find(distance, pieces(depth)), r = k + depth, a = along / r;
  const sin = r * Math.sin(a), cos = r * Math.cos(a);
  return [
    [along, -sideY - r], [sideX + sin, -sideY - cos], [sideX + r, -sideY + along],
    [sideX + cos, sideY + sin], [sideX - along, sideY + r], [-sideX - sin, sideY + cos],
    [-sideX - r, sideY - along], [-sideX - cos, -sideY - sin], [-sideX + along, -sideY - r],
  ][piece];
}

// The same place of the outline further out.
function movedOut(distance, from, to) {
  const inner = pieces(from), outer = pieces(to), { piece, along } = find(distance, inner);
  const before = outer.slice(0, piece).reduce((sum, length) => sum + length, 0);
  return before + along / inner[piece] * outer[piece];
}

// --- the model ---

const isBesideStage = (index, count) => index === 0 || index === count - 1;

function categoryOf(tier, index, row) {
  const fromEnd = Math.abs(index - (tier.sections - 1) / 2) / ((tier.sections - 1) / 2); // 0 opposite the stage
  if (isBesideStage(index, tier.sections) && row < 6) return 'Restricted view';
  if (tier.level === 'Upper tier') return row < 7 ? 'Upper tier' : 'Upper tier rear';
  if (row < 6 && fromEnd > 0.25) return 'Premium';
  return fromEnd > 0.25 ? 'Lower tier' : 'Lower tier end';
}

// Every second section of the lower tier has wheelchair places behind its last row, each with a companion's seat.
const hasWheelchairs = (tier, index) => tier.level === 'Lower tier' && index % 2 === 1;
// Stairs come up through the first rows of some sections: the seats there are missing, the numbers too.
const hasStairs = (tier, index, row) => tier.level === 'Upper tier' && index % 4 === 2 && row < 4;

function makeRow(tier, index, row, from, to) {
  const depth = tier.from + row * rowPitch;
  const left = movedOut(from, tier.from, depth), right = movedOut(to, tier.from, depth);
  const isWheelchairs = hasWheelchairs(tier, index) && row === tier.rows - 1;
  const pitch = isWheelchairs ? 2 * seatPitch : seatPitch;
  const count = Math.floor((right - left - aisle) / pitch) + 1, start = (left + right - (count - 1) * pitch) / 2;
  const seats = [];
  for (let i = 0; i < count; i++) {
    const number = i + 1, [x, y] = point(depth, start + i * pitch), flags = [];
    if (hasStairs(tier, index, row) && Math.abs(i - (count - 1) / 2) < 2) continue;
    if (isWheelchairs) flags.push(i % 2 === 0 ? 'accessible' : 'companion');
    else if (i === 0 || i === count - 1) flags.push('aisle');
    const category = isWheelchairs ? 'Wheelchair' : categoryOf(tier, index, row);
    if (category === 'Restricted view') flags.push('restricted_view');
    seats.push({ number: String(number), x, y, category, flags });
  }
  return { label: letters[row], seats };
}

function makeTier(tier) {
  const usable = pieces(tier.from).reduce((sum, length) => sum + length, 0) - 2 * sideX;
  const width = usable / tier.sections, sections = [];
  for (let index = 0; index < tier.sections; index++) {
    const from = sideX + index * width, rows = [];
    for (let row = 0; row < tier.rows; row++) rows.push(makeRow(tier, index, row, from, from + width));
    sections.push({ name: String(tier.number + index), level: tier.level, rows });
  }
  return sections;
}

const lower = { level: 'Lower tier', number: 101, sections: 18, rows: 17, from: 60 };
const upper = { level: 'Upper tier', number: 201, sections: 24, rows: 13, from: lower.from + 17 * rowPitch + 110 };
const sections = [...makeTier(lower), ...makeTier(upper)];

// --- pretix's seating plan ---

const round = (value) => Math.round(value * 4) / 4;
const position = (x, y) => ({ x: round(x), y: round(y) });

function pretixRow(section, row) {
  const first = position(row.seats[0].x + centre.x, row.seats[0].y + centre.y);
  return {
    row_number: row.label,
    position: first,
    seats: row.seats.map((seat) => ({
      seat_guid: `${section.name}-${row.label}-${seat.number}`,
      seat_number: seat.number,
      position: position(seat.x + centre.x - first.x, seat.y + centre.y - first.y),
      category: seat.category,
      ...(seat.flags.length > 0 && { flags: seat.flags }),
    })),
  };
}

const pretixArea = ({ x, y, width, height, text, color }, standing) => ({
  shape: 'rectangle', position: { x, y }, rectangle: { width, height }, rotation: 0, color,
  text: { text, position: { x: width / 2, y: height / 2 } }, standing,
});

const floor = {
  name: 'Floor', position: centre, rows: [],
  areas: [
    ...shapes.map((shape) => pretixArea(shape, false)),
    ...areas.map((area) => pretixArea({ ...area, text: area.name, color: '#0072b2' },
      { name: area.name, capacity: area.capacity, category: area.category })),
  ],
};

// One line per row: short enough for a diff, long enough for a small file.
function planJson() {
  const zones = sections.map((section) => `  {"name":${JSON.stringify(section.name)},"level":${JSON.stringify(section.level)},`
    + '"position":{"x":0,"y":0},"rows":[\n'
    + section.rows.map((row) => `    ${JSON.stringify(pretixRow(section, row))}`).join(',\n') + '\n  ]}');
  return '{"name":"Arena","categories":[\n'
    + categories.map(({ name, color }) => `  ${JSON.stringify({ name, color })}`).join(',\n')
    + `\n],"size":{"width":${2 * centre.x},"height":${2 * centre.y}},"zones":[\n`
    + `${[...zones, `  ${JSON.stringify(floor)}`].join(',\n')}\n]}\n`;
}

// --- block rows ---

// "1-7,12-18" for [1..7, 12..18].
function ranges(numbers) {
  const runs = [];
  for (const number of numbers.map(Number)) {
    const last = runs.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

const csvCell = (text) => (/[",]/.test(text) ? `"${text}"` : text);
const priceOf = new Map(categories.map(({ name, price }) => [name, price]));
const csvLine = (cells) => cells.map(csvCell).join(',');

function blockLines(section, row) {
  const groups = new Map();
  for (const seat of row.seats) {
    const key = JSON.stringify([seat.category, seat.flags.join(' ')]);
    groups.set(key, [...(groups.get(key) ?? []), seat.number]);
  }
  return [...groups].map(([key, numbers]) => {
    const [category, flags] = JSON.parse(key), list = ranges(numbers), run = list.match(/^(\d+)-(\d+)$/);
    const [from, to] = run ? [run[1], run[2]] : [list, ''];
    return csvLine([section.level, section.name, row.label, from, to, '', category, priceOf.get(category), 'EUR', flags, '']);
  });
}

function blocksCsv() {
  const lines = sections.flatMap((section) => section.rows.flatMap((row) => blockLines(section, row)));
  for (const area of areas)
    lines.push(csvLine(['', area.name, '', '', '', '', area.category, priceOf.get(area.category), 'EUR', 'standing', `${area.capacity}`]));
  return `level,section,row,seat_from,seat_to,step,category,price,currency,flags,capacity\n${lines.join('\n')}\n`;
}

const pricesCsv = () => 'category,price,currency,color\n'
  + categories.map(({ name, price, color }) => `${csvLine([name, price, 'EUR', color])}\n`).join('');

const directory = process.argv[2] ?? path.join(path.dirname(fileURLToPath(import.meta.url)), 'arena');
fs.mkdirSync(directory, { recursive: true });
for (const [name, text] of [['plan.json', planJson()], ['prices.csv', pricesCsv()], ['blocks.csv', blocksCsv()]])
  fs.writeFileSync(path.join(directory, name), text);
const seated = sections.flatMap((section) => section.rows).reduce((sum, row) => sum + row.seats.length, 0);
process.stdout.write(`${seated} seats in ${sections.length} sections, ${areas[0].capacity + areas[1].capacity} standing\n`);
