// README and docs against the program: every link, file, command, flag, setting and verb that they name is there, and the
// tables that claim to be complete are. Each rule finds a planted lie first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as docs from './docs.mjs';
import { facts } from './docs_facts.mjs';
import { files, read } from './sources.mjs';

const documents = files.filter((file) => /^(README\.md|docs\/(decisions\/)?[^/]+\.md)$/.test(file));
const current = documents.filter((file) => !file.startsWith('docs/decisions/')); // decisions tell how it was
const sources = files.filter((file) => /\.(c|h|js|mjs|css|html|lua|sql|sh|txt|cmake|ini)$|^(run|test|\.packages)$/.test(file) && !file.startsWith('tests/style/docs'));
const block = (line) => `\`\`\`\n${line}\n\`\`\`\n`;

const checks = [
  ['links lead somewhere', docs.links, documents, ['[a](nowhere.md)', '[a](queue.md#no-such-heading)', '<img src="screens/none.png">']],
  ['files that are named are there', docs.paths, [...current, ...sources],
    ['`server/nothing/`', '`tests/unit/test_{phase,nothing}.c`', 'see docs/nothing.md', 'decisions/9999', '`queue/*.cpp`']],
  ['sections that are named are there', docs.sections, [...current, ...sources], ['docs/queue.md, "Nothing"', 'docs/protocol.md section 99']],
  ['commands and flags are there', docs.commands, current, [
    block('stanchion evnt list'), block('$ build/bin/stanchion event list --nothing'), block('stanchion event show'), block('stanchion event list more'),
    block('stanchion event set arena admit=3'), block('stanchion serve --listen.prt 3'), '`stanchion orders nothing`', '`orders refund --nothing`',
    block('stampede --visitrs 3'), block('stampede run no-such'), block('./run --nothing'), block('loadtest/bench/run --no-such-flag'), block('node tests/nothing.mjs'),
    '    stanchion draw verify', block('nice -n 19 build/bin/stampede million --nothing x')]],
  ['metrics and cookies are there', docs.metrics, documents, ['`stanchion_no_such_total`', '`stanchion_nothing` is a cookie']],
  ['limits are those of the code', docs.limits, current, ['`TICK_PIECE_MAX` (500)']],
  ['settings of events are there', docs.pairs, current, ['`admit_per_tik=0`']],
];

for (const [name, rule, over, planted] of checks) {
  test(`${name}: the rule finds planted lies`, () => {
    for (const text of planted) assert.notEqual(rule(text, 'docs/x.md', facts).length, 0, text);
  });
  test(name, () => {
    const found = over.flatMap((file) => rule(read(file), file, facts).map((fault) => `${file}: ${fault}`));
    assert.equal(found.length, 0, `\n${found.join('\n')}`);
  });
}

test('the tables of the sources were read', () => {
  const { commands, settings, eventSettings, stampedeOptions, verbs, errorCodes, metricNames, organizerRoutes } = facts;
  const counts = [commands, settings, eventSettings, stampedeOptions, verbs, errorCodes, metricNames, organizerRoutes].map((list) => list.length);
  assert.ok(counts.every((count) => count >= 20), `${counts}`);
});

test('docs/schema.md has the settings of an event, with their defaults and ranges', () => {
  const table = read('docs/schema.md').split('## Settings of an event')[1];
  const rows = [...table.matchAll(/^\| `(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|/gm)].map((row) => row.map((cell) => cell.trim()));
  assert.deepEqual(rows.map((row) => row[1]), facts.settingsTable.map(({ name }) => name));
  rows.forEach(([, name, , preset, range], i) => {
    const { type, min, max, preset: known } = facts.settingsTable[i];
    assert.equal(preset.match(/^[\w.]+/)?.[0] ?? '', type === 'TEXT' ? 'empty' : known, `${name}: default`);
    const numbers = range.match(/(\d+) to (\d+)/);
    if (numbers && /^\d+$/.test(max)) assert.deepEqual(numbers.slice(1), [min, max], `${name}: range`);
    else assert.ok(['PHASE', 'TEXT'].includes(type) || max === 'MS_MAX' || /^[01]$/.test(max), `${name}: ${range} is no range`);
  });
});

test('docs/stampede.md has the options and scenarios that there are', () => {
  const text = read('docs/stampede.md');
  const options = docs.firstColumn(text, 'What a visitor does').map((option) => option.match(/^--([a-z-]+)/)?.[1]).filter(Boolean);
  assert.deepEqual(docs.difference(options, facts.stampedeOptions.filter((name) => !['data-dir', 'stanchion', 'set'].includes(name))), []);
  assert.deepEqual(docs.difference(docs.firstColumn(text, 'Scenarios'), facts.scenarios), []);
});

test('docs/office.md has every verb of the ledger', () => {
  const documented = docs.firstColumn(read('docs/office.md'), 'The office');
  assert.deepEqual(docs.difference(documented, facts.verbs), []);
});

test('docs/protocol.md has every code that a visitor is refused with', () => {
  const documented = docs.firstColumn(read('docs/protocol.md'), 'Errors').filter((code) => code !== 'not_found'); // that is HTTP's
  assert.deepEqual(docs.difference(documented, facts.errorCodes), []);
});

test('docs/organizer.md has every call of the console', () => {
  const documented = [...new Set(docs.routesIn(read('docs/organizer.md')))].filter((route) => route !== 'GET events/*/live'); // a WebSocket
  assert.deepEqual(docs.difference(documented, facts.organizerRoutes), []);
});

test('every code that HTTP or the ledger answers is explained', () => {
  const explained = ['protocol', 'organizer', 'office'].map((name) => read(`docs/${name}.md`)).join('\n');
  const known = [...facts.httpCodes, ...facts.officeCodes, ...facts.findings, ...facts.effects];
  assert.ok(known.length > 80, `${known.length}`);
  assert.deepEqual(known.filter((code) => !explained.includes(`\`${code}\``)), []);
});

// Numbers in sentences, beside the limits that they are.
const said = [
  ['security', /bytes of a frame \((\d+) KB\)/, 'FRAME_BYTES_MAX', 1024],
  ['protocol', /one JSON object each, at most\s+([\d,]+) bytes/, 'FRAME_BYTES_MAX'],
  ['security', /requests under way of a connection \((\d+)\)/, 'REQUESTS_PENDING_MAX'],
  ['security', /polls at once \(([\d,]+) of a gateway/, 'POLLS_MAX'],
  ['security', /of a gateway, (\d+) of a visitor/, 'POLLS_PER_VISITOR_MAX'],
  ['security', /of a visitor; (\d+) messages/, 'POLL_MESSAGES_MAX'],
  ['security', /messages, (\d+) s\s+and an answer/, 'POLL_WAIT_MS_MAX', 1000],
  ['security', /an answer of (\d+) KB/, 'POLL_OUT_BYTES_MAX', 1024],
  ['security', /after (\d+) in a row 1008/, 'REFUSED_IN_ROW_MAX'],
  ['security', /waiting for a slow reader \((\d+) KB/, 'OUT_BYTES_MAX', 1024],
  ['security', /inventories uploaded \((\d+) MiB/, 'UPLOAD_BYTES_MAX', 1 << 20],
  ['organizer', /the whole body at\s+most (\d+) MiB/, 'UPLOAD_BYTES_MAX', 1 << 20],
  ['security', /consoles that watch \((\d+) of a gateway/, 'LIVE_MAX'],
  ['security', /remembered as signed out \(([\d,]+)\)/, 'SIGNED_OUT_MAX'],
  ['accounts', /at most ([\d,]+) entries?\)|16 bytes an entry, at most ([\d,]+)\)/, 'SIGNED_OUT_MAX'],
  ['inventory', /up to (\d+) MiB/, 'PLAN_FILE_BYTES_MAX', 1 << 20],
  ['inventory', /up to ([\d,]+) seats and standing places/, 'PLAN_SEATS_MAX'],
  ['inventory', /([\d,]+) sections, /, 'PLAN_SECTIONS_MAX'],
  ['inventory', /sections, ([\d,]+)\s+rows/, 'PLAN_ROWS_MAX'],
  ['inventory', /(\d+) categories and/, 'PLAN_CATEGORIES_MAX'],
  ['inventory', /(\d+) standing areas/, 'PLAN_AREAS_MAX'],
  ['inventory', /up to ([\d,]+) events/, 'EVENTS_MAX'],
  ['inventory', /A label has at most\s+(\d+) bytes/, 'PLAN_LABEL_BYTES_MAX'],
  ['inventory', /may have up to (\d+) types/, 'PLAN_TYPES_MAX'],
  ['inventory', /the first ([\d,]+); the rest/, 'PLAN_ERRORS_MAX'],
  ['inventory', /after ([\d,]+) the file is read no further/, 'IMPORT_ERRORS_COUNT_MAX'],
  ['draw', /([\d,]+) is the most/, 'DRAW_PLACES_MAX'],
  ['history', /the stream keeps ([\d,]+)\s+notes/, 'NOTES_MAX'],
  ['redis', /at most ([\d,]+) a tick/, 'TICK_GONE_MAX'],
  ['configuration', /A line has at most (\d+) bytes/, 'IMPORT_INI_LINE_BYTES_MAX'],
];
test('numbers in sentences are those of the code', () => {
  for (const [name, pattern, limit, unit = 1] of said) {
    const found = read(`docs/${name}.md`).match(pattern);
    assert.ok(found, `docs/${name}.md no longer says ${pattern}`);
    assert.equal(Number((found[1] ?? found[2]).replaceAll(',', '')) * unit, facts.limits[limit], `docs/${name}.md: ${found[0]}`);
  }
});

// Whom the tables of docs/redis.md name as writers: scripts, or processes.
test('docs/redis.md names scripts that are there', () => {
  const others = ['ledger', 'registrar', 'rehearser', 'gateway', 'gateways', 'same'];
  const writers = [...read('docs/redis.md').matchAll(/^\| `[^|]+\|[^|]*\| ([^|]+) \|/gm)].flatMap((match) => match[1].split(', ')).filter((word) => /^[a-z_*]+$/.test(word));
  assert.ok(writers.length > 20);
  assert.deepEqual([...new Set(writers)].filter((word) => !others.includes(word) && !facts.scripts.includes(word)), []);
});
