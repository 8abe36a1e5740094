// What may be answered. Whatever was asked, an answer must be whole, of a known status, readable as what it says it is,
// without a header of somebody else's making, without a mark of ours as part of a page, and without anybody's secret.
import assert from 'node:assert/strict';

const statuses = [101, 200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 409, 410, 411, 413, 414, 422, 426, 429, 431, 501, 503];
const placesForHtml = /<fuzz-mark/;

// The answers in these bytes: [{ status, headers, body }]; a torn one at the end has `isTorn`.
export function readAnswers(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n\r\n', at);
    const [line, ...lines] = bytes.toString('latin1', at, end < 0 ? undefined : end).split('\r\n');
    const status = Number(line.match(/^HTTP\/1\.[01] (\d{3})\b/)?.[1] ?? 0);
    assert.notEqual(status, 0, `this is no answer: ${JSON.stringify(line.slice(0, 200))}`);
    const headers = lines.map((one) => [one.slice(0, one.indexOf(':')).toLowerCase(), one.slice(one.indexOf(':') + 1).trim()]);
    if (end < 0) return [...found, { status, headers, body: Buffer.alloc(0), isTorn: true }];
    const length = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? 0);
    if (status === 101) return [...found, { status, headers, body: bytes.subarray(end + 4) }];
    const isHead = bytes.toString('latin1', end + 4, end + 9) === 'HTTP/' || end + 4 === bytes.length;
    const body = isHead ? Buffer.alloc(0) : bytes.subarray(end + 4, end + 4 + length);
    found.push({ status, headers, body, isTorn: !isHead && body.length < length });
    at = end + 4 + body.length;
  }
  return found;
}

const known = new Set(['connection', 'content-type', 'cache-control', 'etag', 'content-encoding', 'vary', 'content-language', 'set-cookie', 'location',
  'retry-after', 'allow', 'x-content-type-options', 'referrer-policy', 'content-security-policy', 'content-length', 'content-disposition',
  'sec-websocket-version', 'sec-websocket-accept', 'sec-websocket-protocol', 'upgrade', 'date', 'server', 'strict-transport-security']);

export function judgeAnswer({ status, headers, body, isTorn }, what) {
  assert.ok(statuses.includes(status), `${status}: ${what}`);
  for (const [name, value] of headers) {
    assert.ok(known.has(name), `header ${name}: ${what}`);
    assert.doesNotMatch(value, /planted|evil\.example/, `${name} says what a visitor made up: ${what}`);
    assert.ok(name === 'set-cookie' || headers.filter(([other]) => other === name).length === 1, `${name} twice: ${what}`);
  }
  if (isTorn || headers.some(([name]) => name === 'content-encoding')) return;
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  const text = body.toString();
  if (type.includes('json') && text !== '') assert.doesNotThrow(() => JSON.parse(text), `no JSON: ${text.slice(0, 300)}: ${what}`);
  if (type.includes('html')) assert.doesNotMatch(text, placesForHtml, `a page has a mark of ours as its own: ${what}`);
  if (type.includes('json') && status >= 400 && text !== '') assert.match(text, /"error":"\w+"/, what);
}
