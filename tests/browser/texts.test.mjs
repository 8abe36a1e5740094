// The catalogue and the pages fit: every text that is asked for exists, every text that exists is asked for, and no page
// has words of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { root } from '../support/stanchion.mjs';

const folder = path.join(root, 'web');
const read = (ending) => fs.readdirSync(folder).filter((name) => name.endsWith(ending))
  .map((name) => ({ name, text: fs.readFileSync(path.join(folder, name), 'utf8') }));
const isCatalogue = ({ name }) => /^text.*\.js$/.test(name);

// Browsers know a module by how it is loaded, Node 18 by the package beside it: the catalogues are read from a copy.
const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'stanchion-texts-'));
after(() => fs.rmSync(copy, { recursive: true, force: true }));
fs.writeFileSync(path.join(copy, 'package.json'), '{"type": "module"}');
const catalogues = read('.js').filter(isCatalogue);
for (const { name, text } of catalogues) fs.writeFileSync(path.join(copy, name), text);
const keys = new Set();
for (const { name } of catalogues) await import(path.join(copy, name));
const { allTexts, t } = await import(path.join(copy, 'text.js'));
for (const key of Object.keys(allTexts())) keys.add(key);

const sources = read('.js').filter((file) => !isCatalogue(file));
const pages = read('.html');

// 'a.b' anywhere in a script, `a.${...}` as the beginning of some key, data-text="a.b" and data-label="a.b" in a page.
const words = sources.flatMap(({ text }) => [...text.matchAll(/'([a-z]+\.[A-Za-z_]+)'/g)].map((match) => match[1]));
const starts = sources.flatMap(({ text }) => [...text.matchAll(/`([a-z]+\.[a-z_]*)\$\{/g)].map((match) => match[1]));
const inPages = pages.flatMap(({ text }) => [...text.matchAll(/data-(?:text|label)="([^"]+)"/g)].map((match) => match[1]));
const groups = new Set([...keys].map((key) => key.split('.')[0]));
const asked = [...words.filter((word) => groups.has(word.split('.')[0])), ...inPages];

test('every text that is asked for exists', () => {
  assert.ok(asked.length > 100);
  assert.deepEqual(asked.filter((key) => !keys.has(key)), []);
  assert.deepEqual(starts.filter((start) => ![...keys].some((key) => key.startsWith(start))), []);
});

test('every text that exists is asked for', () => {
  const isAsked = (key) => asked.includes(key) || starts.some((start) => key.startsWith(start));
  assert.deepEqual([...keys].filter((key) => !isAsked(key)), []);
});

test('pages have no words of their own, no script and no style in line', () => {
  for (const { name, text } of pages) {
    const plain = text.replace(/<noscript>[\s\S]*?<\/noscript>|<title>.*?<\/title>|<!--[\s\S]*?-->/g, '');
    const found = [...plain.matchAll(/>([^<]*[A-Za-z]{2}[^<]*)</g)].map((match) => match[1].trim());
    assert.deepEqual(found, [], name);
    assert.doesNotMatch(text, /\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)/, name);
  }
});

test('numbers are put into the right form', () => {
  assert.equal(t('line.ahead', { n: 1 }), '1 person ahead of you');
  assert.equal(t('line.ahead', { n: 1234 }), '1,234 people ahead of you');
  assert.equal(t('done.order', { order: '<b>' }), 'Order <b>');
});
