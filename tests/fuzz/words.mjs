// What an adversary says: values that are at a limit or of the wrong kind, texts that mean something to somebody further
// down (HTML, JSON, CSV, Redis, a terminal, a header), and good things with something wrong in them.

export const texts = [
  '', ' ', '0', '-1', 'null', 'arena', '../../etc/passwd', '%00', '\0', 'a\0b', '\r\nSet-Cookie: planted=1', '\u2028', '\ufeff',
  '</script><fuzz-mark>', '"><fuzz-mark onload=x>', "'><fuzz-mark>", '<!--<fuzz-mark>', '&lt;fuzz&gt;', '${7*7}', '{{7*7}}', '{1}{2}%s%n%d',
  '=1+1', '@SUM(1)', '+1', '-1+1', '\t=1', "'; DROP TABLE orders; --", '" OR ""="', '*1\r\n$4\r\nPING\r\n', 'EPOCH', ':', '|', '* | *',
  'é', '\u202etfel', '\u{1f3ab}'.repeat(20), 'a\u0300'.repeat(40), 'İ', 'ß', '\ud800', 'x'.repeat(48), 'x'.repeat(49), 'x'.repeat(64), 'x'.repeat(65),
  'x'.repeat(200), 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(257), 'x'.repeat(1000), 'x'.repeat(5000), 'ü'.repeat(128), '\x1b[2J', '\x7f', '1e9', '0x10', '１２',
  'javascript:alert(1)', '//evil.example/', 'http://evil.example/', 'data:text/html,<fuzz-mark>', '__proto__', 'constructor',
];

export const numbers = [0, -0, 1, -1, 2, 3, 63, 64, 65, 127, 128, 255, 256, 999, 1000, 1001, 10411, 10412, 65535, 65536, 16777215, 16777216,
  2147483647, 2147483648, -2147483648, 4294967295, 4294967296, 9007199254740991, 9007199254740992, 0.5, 1e18, -1e18];

// Numbers that JSON.stringify cannot say; put into texts as they are.
export const rawNumbers = ['9223372036854775807', '9223372036854775808', '-9223372036854775808', '18446744073709551616', '1e309', '-0', '1E5', '00', '1.0',
  '1e-400', '-', 'NaN', '1'.repeat(400)];

export function anything(dice, depth = 0) {
  const kind = dice.whole(0, depth > 2 ? 4 : 6);
  if (kind < 2) return dice.pick(texts);
  if (kind < 4) return dice.pick(numbers);
  if (kind === 4) return dice.pick([null, true, false]);
  const parts = Array.from({ length: dice.whole(0, 4) }, () => anything(dice, depth + 1));
  return kind === 5 ? parts : Object.fromEntries(parts.map((part) => [dice.pick(texts), part]));
}

// The same object with one thing changed, somewhere in it.
export function spoiled(dice, value) {
  if (value === null || typeof value !== 'object' || dice.chance(0.1)) return anything(dice);
  const keys = Object.keys(value), copy = Array.isArray(value) ? [...value] : { ...value };
  if (keys.length === 0 || dice.chance(0.15)) {
    if (Array.isArray(copy)) copy.push(anything(dice));
    else copy[dice.pick(texts)] = anything(dice);
    return copy;
  }
  const key = dice.pick(keys);
  if (dice.chance(0.15)) {
    if (Array.isArray(copy)) copy.splice(Number(key), 1);
    else delete copy[key];
  } else copy[key] = spoiled(dice, value[key]);
  return copy;
}

// A text with bytes changed, lost, doubled, or put in.
export function torn(dice, text) {
  let bytes = Buffer.from(text);
  for (let times = dice.whole(1, 4); times > 0; times--) {
    const at = dice.whole(0, bytes.length), length = dice.whole(0, Math.min(20, bytes.length));
    const put = dice.pick([Buffer.from([dice.whole(0, 255)]), Buffer.from(dice.pick(texts)), Buffer.from(dice.pick(rawNumbers)),
      bytes.subarray(at, at + length), Buffer.alloc(0)]);
    bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(Math.min(bytes.length, at + (dice.chance(0.5) ? length : 0)))]);
  }
  return bytes;
}

// A JSON text that is mostly good: as meant, spoiled in its meaning, or torn as a text.
export function jsonOf(dice, value) {
  if (dice.chance(0.4)) return Buffer.from(JSON.stringify(value));
  if (dice.chance(0.7)) return Buffer.from(JSON.stringify(spoiled(dice, value)));
  const text = JSON.stringify(value);
  const odd = dice.whole(0, 4);
  if (odd === 0) return Buffer.from(text.replace(/\d+/, () => dice.pick(rawNumbers)));
  if (odd === 1) return Buffer.from(text.replace(/^\{(.*)\}$/s, (_, inner) => `{${inner},${inner}}`));
  if (odd === 2) return Buffer.from(`${'['.repeat(dice.whole(1, 3000))}${text}`);
  return torn(dice, text);
}
