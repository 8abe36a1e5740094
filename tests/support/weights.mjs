// How heavy the visitor's pages are: gzip as served, without HTTP heads, in each language.
//
//   node tests/support/weights.mjs
//
// Each part with all the modules that it imports at once, and without what an earlier part has brought.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { root, startStanchion } from './stanchion.mjs';

const PARTS = [ // [name, what is fetched, its words]
  ['sale and line', ['event.js', 'style.css', 'icon.svg'], 'line'],
  ['a turn, and what else a line may say', ['turn.js', 'news.js'], 'news'],
  ['seats, payment and tickets', ['inside.js', 'purchase.js', 'inside.html', 'inside.css', 'forms.css'], 'inside'],
  ['another device, a bell', ['elsewhere.js', 'linkout.js', 'bell.js'], 'more'],
  ['an account', ['signin.js', 'account.js', 'account.css'], 'account'],
  ['polls instead of a socket', ['poll.js']],
];
const IMPORTS = /(?:^|\n)(?:import|export)\b[^;]*?['"]\.\/([\w.]+)['"];/g;

const get = (url, headers) => new Promise((resolve, reject) => http.get(url, { headers: { 'Accept-Encoding': 'gzip', ...headers } }, (answer) => {
  const pieces = [];
  answer.on('data', (piece) => pieces.push(piece)).on('end', () => {
    const bytes = Buffer.concat(pieces);
    if (answer.statusCode !== 200) reject(new Error(`${url}: ${answer.statusCode}`));
    else resolve({ bytes: bytes.length, text: String(answer.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(bytes) : bytes) });
  });
}).on('error', reject));

async function weigh(server, language) {
  const page = await get(`${server.url}/e/${server.event}`, { 'Accept-Language': language });
  const folder = /\/a\/\w+\//.exec(page.text)[0];
  const seen = new Set();
  const add = async (name) => {
    if (seen.has(name)) return 0;
    seen.add(name);
    const { bytes, text } = await get(server.url + folder + name);
    let sum = bytes;
    if (name.endsWith('.js')) for (const [, more] of text.matchAll(IMPORTS)) sum += await add(more);
    return sum;
  };
  const weights = [];
  for (const [, names, words] of PARTS) {
    let sum = weights.length === 0 ? page.bytes : 0;
    for (const name of words ? [...names, `${language}-${words}.json`] : names) sum += await add(name);
    weights.push(sum);
  }
  return weights;
}

const languages = fs.readdirSync(path.join(root, 'web/words')).map((name) => name.replace('.json', ''));
const server = await startStanchion({ event: 'arena' });
try {
  const columns = await Promise.all(languages.map((language) => weigh(server, language)));
  PARTS.forEach(([name], at) => console.log(`${name}: ${columns.map((weights, i) => `${(weights[at] / 1000).toFixed(1)} KB ${languages[i]}`).join(', ')}`));
} finally {
  await server.stop();
}
