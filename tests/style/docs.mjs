// What a document says of the program, checked without running anything: rules (text, file, facts) -> list of what is not
// true. `facts` is what the sources say (docs_facts.mjs); tests plant lies in a text and see them found.
import path from 'node:path';

const lineOf = (text, index) => text.slice(0, index).split('\n').length;
const matches = (text, pattern) => [...text.matchAll(pattern)].map((match) => ({ match, where: `line ${lineOf(text, match.index)}` }));

// --- links and files ---

export const anchorOf = (title) => title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
export const headings = (text) => [...text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm)].map((match) => match[1].replaceAll('`', ''));

// [text](target), src="target": the file is there, and so is the heading behind a #.
export function links(text, file, { files, read }) {
  return matches(text, /\]\(([^)\s]+)\)|\bsrc="([^"]+)"/g).flatMap(({ match, where }) => {
    const target = match[1] ?? match[2];
    if (/^https?:/.test(target)) return [];
    const [name, anchor] = target.split('#');
    const there = name === '' ? file : path.normalize(path.join(path.dirname(file), name));
    if (!files.some((each) => each === there || each.startsWith(`${there}/`))) return [`${where}: no file for the link ${target}`];
    return !anchor || headings(there === file ? text : read(there)).some((title) => anchorOf(title) === anchor)
      ? [] : [`${where}: no heading for the link ${target}`];
  });
}

// a{b,c}d -> abd, acd; * is anything but a slash.
function patterns(name) {
  const braces = name.match(/^(.*?)\{([^}]*)\}(.*)$/);
  return braces ? braces[2].split(',').flatMap((each) => patterns(braces[1] + each + braces[3]))
    : [new RegExp(`^${name.replace(/\/$/, '').replace(/[.+()]/g, '\\$&').replaceAll('*', '[^/]*').replace('NNN_', '\\d+_').replace('NAME\\.', '[^/]*\\.')}(/|$)`)];
}

// Names of files and folders, in documents and in comments.
export function paths(text, file, { files }) {
  const isThere = (name) => patterns(name).every((pattern) => files.some((each) => pattern.test(each)));
  const spans = matches(text, /`((?:server|queue|ticketing|web|loadtest|tests|docs|cmake)\/[\w./*{},-]*)`/g);
  const documents = matches(text, /\b(docs\/[\w/-]+\.md)\b/g);
  const decisions = matches(text, /\b(?:docs\/)?decisions\/(\d{4})(?!\d)/g);
  return [
    ...[...spans, ...documents].filter(({ match }) => !isThere(match[1])).map(({ match, where }) => `${where}: there is no ${match[1]}`),
    ...decisions.filter(({ match }) => !isThere(`docs/decisions/${match[1]}-*`)).map(({ match, where }) => `${where}: there is no decision ${match[1]}`),
  ];
}

// docs/x.md, "Title"; "Title" in docs/x.md; docs/x.md section 3.
export function sections(text, file, { files, read }) {
  const has = (name, is) => files.includes(name) && headings(read(name)).some(is);
  const titles = matches(text, /\b(docs\/\w+\.md), "([^"\n]+)"/g).map(({ match, where }) => [where, match[1], match[2]]);
  const under = matches(text, /\b(docs\/\w+\.md) \w+ under "([^"\n]+)"/g).map(({ match, where }) => [where, match[1], match[2]]);
  const numbers = matches(text, /\b(docs\/\w+\.md)\s+section (\d+)/g);
  return [
    ...[...titles, ...under].filter(([, name, title]) => !has(name, (each) => each.startsWith(title)))
      .map(([where, name, title]) => `${where}: ${name} has no heading "${title}"`),
    ...numbers.filter(({ match }) => !has(match[1], (each) => each.startsWith(`${match[2]}. `)))
      .map(({ match, where }) => `${where}: ${match[1]} has no section ${match[2]}`),
  ];
}

// --- commands ---

// The words of a line as a shell takes them, without what comes behind a comment, a redirection or another command.
export function shellWords(line) {
  const words = [];
  for (const match of line.matchAll(/\s*((?:"[^"]*"|'[^']*'|[^\s"'])+)/g)) {
    const word = match[1];
    if (/^(#|[>|&;<]|\d>)/.test(word) && !/^<\w+>$/.test(word)) break;
    words.push(word.replace(/["']/g, '').replace(/;$/, ''));
    if (word.endsWith(';')) break;
  }
  return words;
}

// Lines of code blocks and, in sentences, the spans: { line, where, isWhole } (a span may name only a part of a command).
export function codeLines(text) {
  const blocks = matches(text, /^```(\w*)[^\n]*\n(.*?)^```/gms).filter(({ match }) => ['', 'console', 'sh'].includes(match[1]));
  const indented = matches(text, /^ {4}(\S.*)$/gm).map(({ match, where }) => ({ line: match[1], where, isWhole: true }));
  const sentences = text.replace(/^```.*?^```/gms, (block) => block.replace(/[^\n]/g, ' '));
  const spans = matches(sentences, /`([^`]+)`/g).map(({ match, where }) => ({ line: match[1].replace(/\s+/g, ' '), where, isWhole: false }));
  const lines = blocks.flatMap(({ match }) => match[2].split('\n').map((line, i) => ({
    line: line.replace(/^\$ /, ''), where: `line ${lineOf(text, match.index) + 1 + i}`, isWhole: true,
  })));
  return [...lines, ...indented, ...spans];
}

function wordsOf(line) {
  const words = shellWords(line);
  while (/^[A-Z_]+=/.test(words[0] ?? '')) words.shift();
  if (words[0] === 'nice') words.splice(0, words[1] === '-n' ? 3 : 1);
  return words;
}

// What comes behind `stanchion`.
function stanchionFaults(words, isWhole, { commands, settings, eventSettings }) {
  if (words.length === 0 || ['help', '--help', '--version'].includes(words[0])) return [];
  const command = commands.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  if (!command) return commands.some(({ name }) => words.length === 1 && name.startsWith(`${words[0]} `)) ? [] : [`no command ${words.slice(0, 2).join(' ')}`];
  const faults = [], given = [];
  const rest = words.slice(command.name.split(' ').length);
  for (let i = 0; i < rest.length; i++) {
    if (!rest[i].startsWith('--')) { given.push(rest[i]); continue; }
    const [name] = rest[i].slice(2).split('=');
    const option = command.options.find((each) => each.name === name);
    const isSetting = settings.includes(name) || name === 'config';
    if (!option && !isSetting && name !== 'help') faults.push(`${command.name} has no option --${name}`);
    if (((option && option.hasValue) || isSetting) && !rest[i].includes('=')) i++;
  }
  if (given[0] === '=') return []; // a drawing
  const isOpen = given.some((word) => /^\.\.\.$|\.\.\.\]?$|^\[/.test(word));
  if (!isOpen && given.length > command.max) faults.push(`${command.name} takes no "${given[command.max]}"`);
  if (!isOpen && (isWhole || given.length > 0) && given.length < command.min) faults.push(`${command.name} needs more than "${given.join(' ')}"`);
  if (command.name === 'event set') {
    faults.push(...given.slice(1).map((pair) => pair.split('=')[0])
      .filter((key) => /^[a-z_]+$/.test(key) && key !== 'key' && !eventSettings.includes(key)).map((key) => `an event has no setting ${key}`));
  }
  return faults;
}

function stampedeFaults(words, { stampedeOptions, scenarios, eventSettings }) {
  const faults = [];
  const isKnown = (word) => !word || /^[-A-Z./]/.test(word) || scenarios.includes(word);
  const [first, second] = words;
  if (!['run', 'scenarios', 'page', 'compare', 'calibrate'].includes(first) && !isKnown(first)) faults.push(`stampede has no ${first}`);
  if (['run', 'scenarios'].includes(first) && !isKnown(second)) faults.push(`there is no scenario ${second}`);
  words.forEach((word, i) => {
    const [name] = word.slice(2).split('=');
    if (word.startsWith('--') && word !== '--' && name !== 'json' && !stampedeOptions.includes(name)) faults.push(`stampede has no --${name}`);
    const key = word === '--set' ? words[i + 1]?.split('=')[0] : null;
    if (key && /^[a-z_]+$/.test(key) && !eventSettings.includes(key)) faults.push(`an event has no setting ${key}`);
  });
  return faults;
}

// Scripts say no more about their flags than that they know the word.
function scriptFaults(program, words, { files, read }) {
  const folder = path.dirname(program);
  const sources = files.filter((each) => each === program || (folder !== '.' && path.dirname(each) === folder && /\.m?js$/.test(each))).map(read).join('\n');
  const behind = words.indexOf('--') >= 0 ? words.slice(0, words.indexOf('--')) : words;
  const flags = behind.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=')[0]);
  return flags.filter((flag) => !sources.includes(flag)).map((flag) => `${program} has no --${flag}`);
}

export function commands(text, file, facts) {
  return codeLines(text).flatMap(({ line, where, isWhole }) => {
    let [program, ...words] = wordsOf(line);
    if (program === 'node') [program, ...words] = words;
    const name = program?.replace(/^(?:build\/(?:dev\/)?bin\/|\.\/)/, '');
    const isCommand = facts.commands.some((each) => line.startsWith(`${each.name} `) || line === each.name);
    const isOfScript = facts.files.includes(name) && /^(run|test)$|^(loadtest|tests)\//.test(name) && /^(\.\/|loadtest\/|tests\/)/.test(program);
    let faults = [];
    if (name === 'stanchion') faults = stanchionFaults(words, isWhole, facts);
    else if (name === 'stampede' && !/[:,]$/.test(program)) faults = stampedeFaults(words, facts);
    else if (isOfScript && name === 'run') faults = words.filter((word) => word.startsWith('--')).filter((word) => !facts.settings.includes(word.slice(2).split('=')[0])).map((word) => `run takes no ${word}`);
    else if (isOfScript) faults = scriptFaults(name, words, facts);
    else if (/^(\.\/|loadtest\/bench\/|tests\/)[\w./-]+$/.test(program ?? '') && isWhole) faults = [`there is no ${program}`];
    else if (isCommand && /^[a-z]+ [a-z-]+/.test(line)) faults = stanchionFaults([program, ...words], isWhole && false, facts);
    return faults.map((fault) => `${where}: ${fault}: ${line.trim()}`);
  });
}

// `admit_per_tick=0` in a sentence. The others are forms, queries and SQLite's.
const elsewhere = new Set(['action', 'before', 'status', 'synchronous']);
export function pairs(text, file, { eventSettings }) {
  return matches(text, /`([a-z_]+)=[\w.:"#-]+`/g).filter(({ match }) => !eventSettings.includes(match[1]) && !elsewhere.has(match[1]))
    .map(({ match, where }) => `${where}: an event has no setting ${match[1]}`);
}

// `stanchion_...`: a metric, or a cookie.
export function metrics(text, file, { metricNames, cookies }) {
  const known = (name) => cookies.includes(name) || metricNames.includes(name.replace(/_(bucket|sum|count)$/, ''));
  return matches(text, /`(stanchion_[a-z_]+)/g).filter(({ match }) => !known(match[1])).map(({ match, where }) => `${where}: there is no ${match[1]}`);
}

// `NAME_MAX` (250): the number is that of the code.
export function limits(text, file, { limits: known }) {
  return matches(text, /`([A-Z][A-Z0-9]+_[A-Z0-9_]+)` \(([\d,]+)\)/g).filter(({ match }) => match[1] in known && known[match[1]] !== Number(match[2].replaceAll(',', '')))
    .map(({ match, where }) => `${where}: ${match[1]} is ${known[match[1]]}`);
}

// --- tables ---

// "GET /events/{e}/orders?q=TEXT" and, behind it, ".../orders.csv" -> "GET events/*/orders", "GET events/*/orders.csv".
export function routesIn(text) {
  let folder = '';
  return [...text.matchAll(/`(?:(GET|POST|DELETE) \/|\.\.\.\/)([^`?]+)[^`]*`/g)].map(([, method, name]) => {
    const route = `${method ?? 'GET'} ${method ? '' : folder}${name.replace(/\{\w+\}/g, '*')}`;
    folder = route.slice(route.indexOf(' ') + 1, route.lastIndexOf('/') + 1);
    return route;
  });
}

// The first column of a table's rows between a heading and the next one, each `name` in it.
export function firstColumn(text, heading) {
  const body = text.split(new RegExp(`^#+ ${heading}.*$`, 'm'))[1]?.split(/^#+ /m)[0] ?? '';
  return [...body.matchAll(/^\| ((?:`[^`]+`(?:,? (?:\/ )?)?)+)\|/gm)].flatMap((match) => [...match[1].matchAll(/`([^`]+)`/g)].map(([, name]) => name));
}

export function difference(documented, known) {
  return [...documented.filter((name) => !known.includes(name)).map((name) => `${name} is documented and not there`),
    ...known.filter((name) => !documented.includes(name)).map((name) => `${name} is not documented`)];
}
