// A QR code for a text that must not leave the browser (ISO/IEC 18004): bytes, level L, versions 1 to 15, always mask 0
// (every mask can be read; the standard's choice among them helps poor prints). Fetched when somebody asks for it.
const ECC = [0, 7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22]; // per block, by version
const BLOCKS = [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6];
const FORMAT_L = 1 << 3;

const alignments = (version) => (version < 2 ? 0 : Math.floor(version / 7) + 2);

// All modules that are neither pattern nor information about the code, in bytes.
function codewordsOf(version) {
  const n = alignments(version);
  const modules = (16 * version + 128) * version + 64 - (n ? (25 * n - 10) * n - 55 : 0) - (version < 7 ? 0 : 36);
  return modules >> 3;
}

const roomOf = (version) => codewordsOf(version) - ECC[version] * BLOCKS[version];
const headBytes = (version) => (version < 10 ? 1.5 : 2.5); // mode and length

// --- Reed-Solomon over GF(256) ---

function times(x, y) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((y >> bit) & 1) * x);
  return product;
}

function divisorOf(degree) {
  const divisor = [...Array(degree - 1).fill(0), 1];
  for (let i = 0, root = 1; i < degree; i++, root = times(root, 2))
    for (let at = 0; at < degree; at++) divisor[at] = times(divisor[at], root) ^ (divisor[at + 1] ?? 0);
  return divisor;
}

function remainderOf(data, divisor) {
  const rest = divisor.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    divisor.forEach((coefficient, at) => { rest[at] ^= times(coefficient, factor); });
  }
  return rest;
}

function dataOf(bytes, version) {
  const bits = [0, 1, 0, 0];
  const put = (value, count) => { for (let at = count - 1; at >= 0; at--) bits.push((value >> at) & 1); };
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const room = roomOf(version);
  put(0, Math.min(4, room * 8 - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  const data = Array.from({ length: bits.length / 8 }, (_, at) => parseInt(bits.slice(8 * at, 8 * at + 8).join(''), 2));
  for (let pad = 0xec; data.length < room; pad ^= 0xec ^ 0x11) data.push(pad);
  return data;
}

// Blocks of data and of what corrects them, taken from in turns.
function interleave(data, version) {
  const count = BLOCKS[version];
  const short = Math.floor(data.length / count);
  const shortCount = count - (data.length % count);
  const divisor = divisorOf(ECC[version]);
  let from = 0;
  const blocks = Array.from({ length: count }, (_, at) => data.slice(from, from += short + (at < shortCount ? 0 : 1)));
  const checks = blocks.map((block) => remainderOf(block, divisor));
  const turns = (lists, length) => Array.from({ length }, (_, at) => lists.map((each) => each[at])).flat().filter((byte) => byte !== undefined);
  return [...turns(blocks, short + 1), ...turns(checks, ECC[version])];
}

// --- modules: undefined = free, otherwise whether it is dark ---

class Matrix {
  constructor(version) {
    this.side = version * 4 + 17;
    this.modules = Array(this.side * this.side);
    this.version = version;
    for (let at = 0; at < this.side; at++) [[6, at], [at, 6]].forEach(([x, y]) => this.set(x, y, at % 2 === 0));
    for (const [x, y] of [[3, 3], [this.side - 4, 3], [3, this.side - 4]]) this.#square(x, y, 4, (ring) => ring !== 2 && ring !== 4);
    const places = this.#alignmentPlaces();
    const last = places.length - 1;
    places.forEach((x, i) => places.forEach((y, j) => {
      const isFinder = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
      if (!isFinder) this.#square(x, y, 2, (ring) => ring !== 1);
    }));
    this.#information();
  }

  set(x, y, isDark) {
    if (x >= 0 && y >= 0 && x < this.side && y < this.side) this.modules[y * this.side + x] = isDark;
  }

  #square(x, y, reach, isDark) {
    for (let dy = -reach; dy <= reach; dy++)
      for (let dx = -reach; dx <= reach; dx++) this.set(x + dx, y + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))));
  }

  #alignmentPlaces() {
    const count = alignments(this.version);
    const step = Math.ceil((this.side - 13) / (2 * count - 2)) * 2;
    return count ? [6, ...Array.from({ length: count - 1 }, (_, at) => this.side - 7 - at * step).reverse()] : [];
  }

  // Level and mask, twice; from version 7 on the version, twice.
  #information() {
    let rest = FORMAT_L;
    for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const format = ((FORMAT_L << 10) | rest) ^ 0x5412;
    const bit = (at) => ((format >> at) & 1) === 1;
    for (let at = 0; at < 6; at++) this.set(8, at, bit(at));
    this.set(8, 7, bit(6));
    this.set(8, 8, bit(7));
    this.set(7, 8, bit(8));
    for (let at = 9; at < 15; at++) this.set(14 - at, 8, bit(at));
    for (let at = 0; at < 8; at++) this.set(this.side - 1 - at, 8, bit(at));
    for (let at = 8; at < 15; at++) this.set(8, this.side - 15 + at, bit(at));
    this.set(8, this.side - 8, true);
    if (this.version >= 7) this.#versionBits();
  }

  #versionBits() {
    let rest = this.version;
    for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (this.version << 12) | rest;
    for (let at = 0; at < 18; at++) {
      const [near, far] = [Math.floor(at / 3), this.side - 11 + (at % 3)];
      this.set(far, near, ((bits >> at) & 1) === 1);
      this.set(near, far, ((bits >> at) & 1) === 1);
    }
  }

  // Two columns at a time, from the right, up and down in turns; the mask is on them.
  fill(codewords) {
    let at = 0;
    for (let right = this.side - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < this.side; step++)
        for (const x of [right, right - 1]) {
          const y = ((right + 1) & 2) === 0 ? this.side - 1 - step : step;
          if (this.modules[y * this.side + x] !== undefined) continue;
          const bit = (codewords[at >> 3] >> (7 - (at & 7))) & 1;
          this.set(x, y, (bit === 1) !== ((x + y) % 2 === 0));
          at++;
        }
    }
  }
}

// { side, modules } as web/qr.js draws them, or null when the text is too long.
export function qrOf(text) {
  const bytes = [...new TextEncoder().encode(text)];
  const version = ECC.findIndex((_, each) => each > 0 && roomOf(each) >= bytes.length + headBytes(each));
  if (version < 0) return null;
  const matrix = new Matrix(version);
  matrix.fill(interleave(dataOf(bytes, version), version));
  const packed = new Uint8Array(Math.ceil(matrix.modules.length / 8));
  matrix.modules.forEach((isDark, at) => { packed[at >> 3] |= (isDark ? 1 : 0) << (at & 7); });
  return { side: matrix.side, modules: btoa(String.fromCharCode(...packed)) };
}
