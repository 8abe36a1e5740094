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

// Whom the tables of docs/redis.md name as writers: scripts, or processes.
test('docs/redis.md names scripts that are there', () => {
  const others = ['ledger', 'registrar', 'rehearser', 'gateway', 'gateways', 'same'];
  const writers = [...read('docs/redis.md').matchAll(/^\| `[^|]+\|[^|]*\| ([^|]+) \|/gm)].flatMap((match) => match[1].split(', ')).filter((word) => /^[a-z_*]+$/.test(word));
  assert.ok(writers.length > 20);
  assert.deepEqual([...new Set(writers)].filter((word) => !others.includes(word) && !facts.scripts.includes(word)), []);
});
