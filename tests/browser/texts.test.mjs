// The words and the pages fit: every text that is asked for exists, every text that exists is asked for, no page has words
// of its own, and every language says the same things with the same places to fill in.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../support/stanchion.mjs';

const folder = path.join(root, 'web');
const read = (where, ending) => fs.readdirSync(where, { recursive: true }).filter((name) => name.endsWith(ending))
  .map((name) => ({ name, text: fs.readFileSync(path.join(where, name), 'utf8') }));
const languages = read(path.join(folder, 'words'), '.json').map(({ name, text }) => ({ id: name.replace('.json', ''), ...JSON.parse(text) }));
const textsOf = ({ parts }) => Object.assign({}, ...Object.values(parts));
const english = languages.find(({ id }) => id === 'en');
const others = languages.filter((each) => each !== english);

const keys = new Set(Object.keys(textsOf(english)));

const sources = read(folder, '.js');
const pages = read(folder, '.html');
const server = ['gateway/line/html.c', 'gateway/line/line_page_html.c', 'ledger/mail_text.c'].map((name) => fs.readFileSync(path.join(root, 'server', name), 'utf8'));

// 'a.b' anywhere in a script, `a.${...}` as the beginning of some key; data-text="a.b", data-label="a.b" and @a.b@ in a
// page; "a.b" in what makes the page without JavaScript.
const find = (texts, pattern) => texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]));
const words = find(sources.map(({ text }) => text), /'([a-z]+\.[A-Za-z_]+)'/g).filter((word) => word !== 'seats.csv');
const starts = find(sources.map(({ text }) => text), /`([a-z]+\.[a-z_]*)\$\{/g);
const inPages = find(pages.map(({ text }) => text), /(?:data-(?:text|label)="|@)([a-z]+\.[^"@]+)["@]/g);
const inServer = find(server, /"([a-z]+\.[A-Za-z_]+)"/g);
// The console's rights look like keys: docs/organizer.md has them all.
const rights = find([fs.readFileSync(path.join(root, 'docs/organizer.md'), 'utf8')], /^\| `([a-z]+\.[a-z]+)` \| yes /gm);
// What the importer and the office refuse has its words by the code that it is refused with.
const refusals = ['ticketing', 'server/office', 'server/gateway/organizer'].flatMap((where) => read(path.join(root, where), '.c'));
const reasons = find(refusals.map(({ text }) => text), /"((?:import|setting|why)\.[a-z0-9_]+)"/g);
const groups = new Set([...keys].map((key) => key.split('.')[0]));
const asked = [...[...words, ...inServer].filter((word) => groups.has(word.split('.')[0]) && !rights.includes(word)), ...inPages, ...reasons];

test('every text that is asked for exists', () => {
  assert.ok(asked.length > 100);
  assert.ok(rights.length > 5);
  assert.deepEqual(asked.filter((key) => !keys.has(key)), []);
  assert.deepEqual(starts.filter((start) => ![...keys].some((key) => key.startsWith(start))), []);
});

test('every text that exists is asked for', () => {
  const isAsked = (key) => asked.includes(key) || starts.some((start) => key.startsWith(start));
  assert.deepEqual([...keys].filter((key) => !isAsked(key)), []);
});

test('no key is in two parts', () => {
  const all = Object.values(english.parts).flatMap((part) => Object.keys(part));
  assert.deepEqual(all.filter((key, at) => all.indexOf(key) !== at), []);
});

test('every language has the same parts, keys and places to fill in', () => {
  assert.ok(others.length > 0);
  const forms = (text) => (typeof text === 'string' ? [text] : Object.values(text));
  const places = (text) => [...new Set(forms(text).flatMap((form) => [...form.matchAll(/\{\w+\}/g)].map(([place]) => place)))].sort();
  for (const { id, name, direction, parts } of others) {
    assert.ok(name && ['ltr', 'rtl'].includes(direction), id);
    assert.deepEqual(Object.keys(parts), Object.keys(english.parts), id);
    for (const [part, texts] of Object.entries(english.parts)) {
      assert.deepEqual(Object.keys(parts[part]).sort(), Object.keys(texts).sort(), `${id} ${part}`);
      for (const [key, text] of Object.entries(texts)) {
        assert.deepEqual(places(parts[part][key]), places(text), `${id} ${key}`);
        for (const form of forms(parts[part][key])) assert.notEqual(form.trim(), '', `${id} ${key}`);
      }
    }
  }
});

test('every language has the plural forms that its numbers need', () => {
  for (const { id, parts } of languages) {
    const needed = new Intl.PluralRules(id).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(textsOf({ parts })))
      if (typeof text === 'object') assert.deepEqual(Object.keys(text).sort(), [...needed].sort(), `${id} ${key}`);
  }
});

test('nothing was left in English', () => {
  const texts = textsOf(english);
  const allowed = ['site.name', 'part.redis', 'live.ms', 'live.percent', 'log.by']; // names, units and order only
  for (const each of others) {
    const same = Object.entries(textsOf(each)).filter(([key, text]) => JSON.stringify(text) === JSON.stringify(texts[key]));
    assert.deepEqual(same.map(([key]) => key).filter((key) => !allowed.includes(key)), [], each.id);
  }
});

// What the server words in English for who reads the wire, pages word by its code.
test('every forecast and every finding that the server makes has its words', () => {
  for (const [file, prefix, least] of [['server/gateway/organizer/forecast.c', 'effect', 10], ['server/office/event_check.c', 'finding', 12]]) {
    const code = fs.readFileSync(path.join(root, file), 'utf8');
    const made = [...new Set(find([code], /\badd\([\w>-]+,\s*"([a-z_]+)"/g))];
    assert.ok(made.length >= least, `${file}: ${made}`);
    assert.deepEqual(made.filter((each) => !keys.has(`${prefix}.${each}`)), [], file);
    const values = new Set(find([code], /"(\w+)",\s*(?:\(json_int_t\)|rate_json)/g));
    const texts = textsOf(english);
    if (prefix === 'effect')
      for (const each of made)
        for (const [, place] of texts[`effect.${each}`].matchAll(/\{(\w+)\}/g)) assert.ok(values.has(place), `effect.${each} wants ${place}`);
  }
});

// Verbs that the console never asks for: the command line's, and visitors' accounts.
const NOT_OF_CONSOLE = ['office_audit.c', 'office_dead.c', 'office_return.c', 'office_tickets.c', 'office_visitors.c'];

test('every error that the office and the console\'s gateway can give has its words', () => {
  const office = refusals.filter(({ name }) => /^office/.test(name) && !NOT_OF_CONSOLE.includes(name)).map(({ text }) => text);
  const ledger = [fs.readFileSync(path.join(root, 'server/ledger/ledger.c'), 'utf8')];
  const http = [...read(path.join(root, 'server/gateway/organizer'), '.c'), ...read(path.join(root, 'server/gateway/wire'), 'http.c')].map(({ text }) => text);
  const codes = new Set([...find(office, /office_fail(?:_why|_said)?\(\s*answer,\s*"([a-z_]+)"/g), ...find(ledger, /office_refuse\([^;]*?"([a-z_]+)"/g),
    ...find(http, /\b[45]\d\d,\s*"([a-z_]+)"/g)].filter((code) => !['bad_upgrade', 'pipelined'].includes(code))); // no browser does either
  assert.ok(codes.size > 30 && ['bad_request', 'too_late', 'interrupted', 'full', 'bad_message'].every((code) => codes.has(code)), [...codes].join());
  for (const { id, parts } of languages) assert.deepEqual([...codes].filter((code) => !parts.office[`problem.${code}`]), [], id);
});

test('whatever the page of a link to tickets may hear has its words', () => {
  const heard = ['server/gateway/orders/link_desk.c', 'server/office/office_tickets.c'].map((name) => fs.readFileSync(path.join(root, name), 'utf8'));
  const codes = new Set(find(heard, /(?:\b[45]\d\d,|office_fail\(\s*answer,)\s*"([a-z_]+)"/g));
  assert.deepEqual([...codes].sort(), ['bad_origin', 'busy', 'ledger_down', 'link_ended', 'link_invalid', 'link_void', 'no_such_order', 'too_fast']);
  assert.deepEqual([...codes].filter((code) => !keys.has(`refusal.${code}`)), []);
});

test('every reason why money is not where it should be has its words', () => {
  const code = fs.readFileSync(path.join(root, 'server/ledger/captures.c'), 'utf8');
  const reasons = find([code], /"([a-z]+ [^"%]+)"/g).map((reason) => reason.replace(/\W+/g, '_'));
  assert.ok(reasons.length >= 9, reasons.join());
  assert.deepEqual(reasons.filter((each) => !keys.has(`reason.${each}`)), []);
});

test('every end of a rehearsal has its words', () => {
  const code = fs.readFileSync(path.join(root, 'server/rehearsal/rehearsal.c'), 'utf8');
  const codes = [...new Set(find([code], /end_as\(r, "\w+",\s*"([a-z_]+)"/g))];
  assert.ok(codes.length >= 8, codes.join());
  assert.deepEqual(codes.filter((each) => !keys.has(`rehearse.why.${each}`)), []);
});

test('the words for a problem of an inventory fill in what the importer gives with it', () => {
  const formats = refusals.flatMap(({ text }) => [...text.matchAll(/(?:import_error|import_warning|office_fail_why|said_set)\([^;"]*(?:"[a-z_]+",\s*)?"((?:import|setting|why)\.[a-z0-9_]+)",\s*((?:"(?:[^"\\]|\\.)*"\s*|PRI\w+\s*|JSON_\w+\s*)+)/g)]
    .map(([, key, format]) => [key, (format.replaceAll('%%', '').match(/%/g) ?? []).length]));
  assert.ok(formats.length > 80, `${formats.length}`);
  for (const { id, parts } of languages) {
    const texts = textsOf({ parts });
    for (const [key, count] of formats) {
      const most = Math.max(0, ...[...texts[key].matchAll(/\{(\d+)\}/g)].map(([, place]) => Number(place)));
      assert.ok(most <= count, `${id} ${key} wants {${most}} of ${count}`);
    }
  }
});

test('pages have no words of their own, no script and no style in line', () => {
  for (const { name, text } of pages) {
    const plain = text.replace(/<title>.*?<\/title>|<!--[\s\S]*?-->|@[\w.]+@/g, '');
    const found = [...plain.matchAll(/>([^<]*[A-Za-z]{2}[^<]*)</g)].map((match) => match[1].trim());
    assert.deepEqual(found, [], name);
    const labels = [...plain.matchAll(/\s(?:aria-label|alt|title|placeholder)="([^"]*[A-Za-z]{2}[^"]*)"/g)].map((match) => match[1]);
    assert.deepEqual(labels, [], name);
    assert.doesNotMatch(text, /\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)/, name);
  }
});

test('what makes the page without JavaScript has no words of its own', () => {
  const sentence = /"[^"\n]*(?:>|^|")[A-Z][a-z]+ ?[a-z]*[^"\n]*"/g;
  for (const text of server) {
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^#include.*$/gm, '');
    const found = [...code.matchAll(sentence)].map(([each]) => each).filter((each) => !/>Stanchion<|charset|Cookie/.test(each));
    assert.deepEqual(found, []);
  }
});
