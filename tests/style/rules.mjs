// The rules a machine can uphold, each a function (text, path) -> list of violations, so that each can be tried on a
// planted sample. Numbers are ratchets: they only go down.

export const FUNCTION_LINES_MAX = 70;
export const FILE_LINES_MAX = 700;
export const LINE_CHARS_MAX = 100;

// C without comments and without the contents of strings, line structure kept.
export function code(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (match) => {
    if (match[0] === '"') return '""';
    if (match[0] === "'") return "' '";
    return match.replace(/[^\n]/g, ' ');
  });
}

const lineOf = (text, index) => text.slice(0, index).split('\n').length;

function find(text, pattern, say) {
  return [...text.matchAll(pattern)].map((match) => `line ${lineOf(text, match.index)}: ${say(match)}`);
}

// --- direction of dependencies ---

const folder = (file) => (file.startsWith('server/base/') ? 'server/base' : file.split('/')[0]);
const mayInclude = {
  'server/base': ['server/base'],
  queue: ['queue', 'server/base'],
  ticketing: ['ticketing', 'server/base'],
  web: ['web', 'server/base'],
  loadtest: ['loadtest'],
  server: ['server', 'server/base', 'queue', 'ticketing', 'web'],
};
const forbiddenLibraries = {
  'server/base': /libwebsockets|sqlite3|curl\/|microhttpd/,
  queue: /libwebsockets|sqlite3|curl\/|microhttpd/,
  ticketing: /libwebsockets|microhttpd/,
  web: /libwebsockets|sqlite3|hiredis|curl\//,
  loadtest: /libwebsockets|hiredis/,
};

export function includes(text, file) {
  const from = folder(file);
  if (!mayInclude[from]) return [];
  const found = [];
  for (const match of text.matchAll(/^\s*#\s*include\s+([<"])([^>"]+)[>"]/gm)) {
    const [, kind, name] = match, where = `line ${lineOf(text, match.index)}`;
    if (kind === '<' && forbiddenLibraries[from]?.test(name)) found.push(`${where}: ${from} includes <${name}>`);
    const isOurs = kind === '"' && name.includes('/');
    if (isOurs && !mayInclude[from].includes(folder(name))) found.push(`${where}: ${from} includes "${name}"`);
  }
  return found;
}

// --- sizes ---

// The formatter leaves comments alone, so that their drawings stay what they are.
export const lineLengths = (text) => text.split('\n').flatMap((line, index) => ([...line].length > LINE_CHARS_MAX
  ? [`line ${index + 1}: ${[...line].length} characters, at most ${LINE_CHARS_MAX}`] : []));

export function fileLength(text) {
  const lines = text.split('\n').length - 1;
  return lines > FILE_LINES_MAX ? [`${lines} lines, at most ${FILE_LINES_MAX}`] : [];
}

// A function's body is a `{` alone in column 0 (the house style) up to the `}` in column 0.
export function functionLengths(text) {
  const found = [], lines = code(text).split('\n');
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] !== '{') continue;
    const end = lines.indexOf('}', i);
    if (end - i - 1 > FUNCTION_LINES_MAX) found.push(`line ${i + 1}: a function of ${end - i - 1} lines`);
  }
  return found;
}

// --- words ---

const banned = ['strcpy', 'strcat', 'strncpy', 'strncat', 'stpcpy', 'sprintf', 'vsprintf', 'strtok', 'atoi', 'atol', 'atoll',
  'atof', 'gets', 'localtime', 'gmtime', 'ctime', 'asctime', 'system', 'popen', 'alloca', 'tmpnam', 'mktemp', 'rand'];
// rand() with a printed seed is good enough for a test.
export function bannedCalls(text, file) {
  const names = banned.filter((name) => !(name === 'rand' && file.startsWith('tests/'))).join('|');
  return find(code(text), new RegExp(`(?<![\\w.>])(${names})\\s*\\(`, 'g'), (match) => `${match[1]}() is banned`);
}

export const floatingMoney = (text) =>
  find(code(text), /\b(?:float|double)\s+\w*(?:minor|amount|price)\w*/g, (match) => `money is int64: ${match[0]}`);

export const typedefs = (text) =>
  find(code(text), /\btypedef\s+(?:struct|enum|union)\b/g, () => 'tagged structs, no typedef');

// The words are put together here so that this file does not contain them.
const marks = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK', 'WI' + 'P'];
export const leftovers = (text, file) => [
  ...find(text, new RegExp(`\\b(${marks.join('|')})\\b(?!X)`, 'g'), (match) => `leftover ${match[1]}`),
  ...(/\.(js|html)$/.test(file) ? find(text, /\bconsole\.(log|debug)\(|\bdebugger\b/g, (match) => match[0]) : []),
  ...(/\.lua$/.test(file) ? find(text, /\b(?:redis\.log|print)\s*\(/g, (match) => match[0]) : []),
];

const machine = ['/wo' + 'rk/', '/ro' + 'ot/', '/ho' + 'me/[a-z]', 'regis' + 'try\\.', 'npm' + 'js\\.', 'deb\\.deb' + 'ian'];
const making = ['cla' + 'ude', 'anthro' + 'pic', 'open' + 'ai', 'chat' + 'gpt', 'copi' + 'lot', 'll' + 'm', 'language mo' + 'del',
  'artificial intelli' + 'gence', 'coding ag' + 'ent', 'co-autho' + 'red-by'];
export const foreignWords = (text) => [
  ...find(text, new RegExp(machine.join('|'), 'g'), (match) => `a place of some machine: ${match[0]}`),
  ...find(text, new RegExp(`\\b(?:${making.join('|')})\\b`, 'gi'), (match) => `not about the product: ${match[0]}`),
];

// --- shape ---

export const opensWithDesign = (text) =>
  (/^(\/\*[\s\S]{20,}?\*\/|--[^\n]{10,}|(#![^\n]*\n)?(# |\/\/ )[^\n]{10,})/.test(text) ? [] : ['does not open by telling what it is']);

export function includeGuard(text, file) {
  if (!file.endsWith('.h')) return [];
  const guard = text.match(/^#ifndef (STANCHION_\w+_H|STAMPEDE_\w+_H)\n#define \1$/m);
  return guard ? [] : ['has no include guard STANCHION_..._H'];
}

export const whitespace = (text) => [
  ...find(text, /[ \t]+$/gm, () => 'space at the end of a line'),
  ...find(text, /\r/g, () => 'CR'),
  ...(text.length === 0 || text.endsWith('\n') ? [] : ['no newline at the end']),
];
