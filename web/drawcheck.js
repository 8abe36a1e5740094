// Works a draw out again from its transcript (docs/draw.md), with the browser's own SHA-256 and HMAC. Knows nothing of the
// page: also for Node, in a test.

const BATCH = 2000; // digests under way at once
const encoder = new TextEncoder();

// What is wrong with a file, in a word of the texts and the line where it was noticed.
export class DrawProblem extends Error {
  constructor(what, line) {
    super(`${what} (line ${line})`);
    Object.assign(this, { what, line });
  }
}

const sha = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function concat(...parts) {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  parts.reduce((at, part) => { all.set(part, at); return at + part.length; }, 0);
  return all;
}

// work(i) for all i < count, BATCH at a time; says how far it is in between.
async function forAll(count, work, onProgress) {
  for (let from = 0; from < count; from += BATCH) {
    const to = Math.min(count, from + BATCH);
    await Promise.all(Array.from({ length: to - from }, (_, k) => work(from + k)));
    onProgress?.(to - from);
  }
}

// --- reading ---

const HEX = /^[0-9a-f]{64}$/, NUMBER = /^(0|[1-9]\d{0,14})$/;
const HEAD = [['event', /^[!-~]{1,48}$/], ['committed_at_ms', NUMBER], ['commitment', HEX], ['cut', NUMBER], ['rooted_at_ms', NUMBER],
  ['root', HEX], ['drawn_at_ms', NUMBER], ['secret', HEX], ['beacon', /^/], ['seed', HEX], ['places', NUMBER]];

// { event, commitment, root, secret, beacon, seed, ..., seqs, visitors, nexts } of a transcript.
export function parseDraw(text) {
  const lines = text.split('\n');
  if (lines[0] !== 'stanchion-draw 1') throw new DrawProblem('noDraw', 1);
  const draw = {};
  HEAD.forEach(([name, form], i) => {
    const line = lines[i + 1] ?? '', value = line.slice(name.length + 1);
    if (!line.startsWith(`${name} `) || !form.test(value)) throw new DrawProblem('damaged', i + 2);
    draw[name] = form === NUMBER ? Number(value) : value;
  });
  const first = HEAD.length + 1, count = draw.places;
  if (lines.length !== first + count + 1 || lines.at(-1) !== '') throw new DrawProblem('damaged', lines.length);
  draw.seqs = new Float64Array(count);
  draw.nexts = new Float64Array(count);
  draw.visitors = new Array(count);
  for (let i = 0, before = 0; i < count; i++) {
    const parts = /^([1-9]\d{0,14}) ([!-~]{1,12}) ([1-9]\d{0,14})$/.exec(lines[first + i]);
    if (!parts || !(Number(parts[1]) > before) || Number(parts[1]) > draw.cut) throw new DrawProblem('damaged', first + i + 1);
    [draw.seqs[i], draw.visitors[i], draw.nexts[i]] = [Number(parts[1]), parts[2], Number(parts[3])];
    before = draw.seqs[i];
  }
  return draw;
}

// --- the tree ---

const NODE = Uint8Array.of(1), LEAF = Uint8Array.of(0);
export const leafOf = (event, seq, visitor) => sha(concat(LEAF, encoder.encode(`${event} ${seq} ${visitor}`)));
const nodeOf = (left, right) => sha(concat(NODE, left, right));

async function rootOf(draw, onProgress) {
  const count = draw.places;
  if (count === 0) return sha(new Uint8Array(0));
  let level = new Array(count);
  await forAll(count, async (i) => { level[i] = await leafOf(draw.event, draw.seqs[i], draw.visitors[i]); }, onProgress);
  while (level.length > 1) {
    const above = new Array(Math.ceil(level.length / 2)), below = level;
    await forAll(above.length, async (i) => {
      above[i] = 2 * i + 1 < below.length ? await nodeOf(below[2 * i], below[2 * i + 1]) : below[2 * i];
    }, onProgress);
    level = above;
  }
  return level[0];
}

// The root that a leaf and its proof lead to, or null when the proof has not the length it must have.
export async function rootByProof(leaf, { index, places, path }) {
  let at = leaf, used = 0;
  if (!(index >= 0 && index < places)) return null;
  for (let level = places, i = index; level > 1; level = Math.ceil(level / 2), i = Math.floor(i / 2)) {
    const sibling = i % 2 === 0 ? i + 1 : i - 1;
    if (sibling >= level) continue;
    if (used === path.length) return null;
    const other = fromHex(path[used++]);
    at = await (i % 2 === 0 ? nodeOf(at, other) : nodeOf(other, at));
  }
  return used === path.length ? at : null;
}

// --- the order ---

async function isOrderRight(draw, onProgress) {
  const key = await crypto.subtle.importKey('raw', fromHex(draw.seed), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const ranks = new Array(draw.places);
  await forAll(draw.places, async (i) => {
    ranks[i] = hex(new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(draw.visitors[i]))));
  }, onProgress);
  const order = Array.from(ranks.keys()).sort((a, b) => (ranks[a] < ranks[b] ? -1 : Number(ranks[a] > ranks[b])));
  return order.every((i, k) => draw.nexts[i] === draw.seqs[k] && (k === 0 || ranks[i] !== ranks[order[k - 1]]));
}

// { commitment, root, seed, order }: whether each is right. onProgress(done) with done from 0 to 1.
export async function checkDraw(draw, onProgress) {
  const total = 3 * draw.places + 1;
  let done = 0;
  const tell = (more) => { done += more; onProgress?.(Math.min(1, done / total)); };
  const secret = fromHex(draw.secret);
  return {
    commitment: hex(await sha(secret)) === draw.commitment,
    root: hex(await rootOf(draw, tell)) === draw.root,
    seed: hex(await sha(concat(secret, fromHex(draw.root), encoder.encode(draw.beacon)))) === draw.seed,
    order: await isOrderRight(draw, tell),
  };
}

// The payload of a receipt, or null. Its signature is the server's affair.
export function readReceipt(token) {
  try {
    const [kind, payload] = token.trim().split('.');
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const receipt = JSON.parse(new TextDecoder().decode(bytes));
    return kind === 'r1' && Number.isSafeInteger(receipt.seq) && typeof receipt.visitor === 'string' ? receipt : null;
  } catch {
    return null;
  }
}
