// Bytes that are no HTTP and no WebSocket, or hardly: request lines, headers and bodies with tricks in them; frames that are
// cut, interleaved, masked wrongly, of reserved kinds, or longer than they say.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import { handshake } from '../support/raw.mjs';
import { judgeAnswer, readAnswers } from './answers.mjs';
import { jsonOf, texts, torn } from './words.mjs';

const QUIET_MS = 40;
const EXCHANGE_MS_MAX = 3000;

// Sends all (with `isPolite` everything but the first piece when something has come), waits until the peer closes or has
// been quiet for a moment; the bytes that came.
function send(port, pieces, isPolite = false) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1'), chunks = [];
    const last = setTimeout(finish, EXCHANGE_MS_MAX);
    let timer = null;
    function finish() {
      clearTimeout(timer);
      clearTimeout(last);
      socket.destroy();
      resolve(Buffer.concat(chunks));
    }
    const rest = () => { clearTimeout(timer); timer = setTimeout(finish, QUIET_MS); };
    const say = (some) => { some.forEach((piece) => socket.write(piece)); rest(); };
    socket.on('data', (data) => {
      chunks.push(data);
      if (isPolite && chunks.length === 1) say(pieces.slice(1));
      else rest();
    });
    socket.on('close', finish);
    socket.on('error', () => {});
    if (isPolite) socket.write(pieces[0]);
    else say(pieces);
  });
}

// --- HTTP ---

const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'HEAD', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'CONNECT', 'TRACE', 'get', 'PRI', '', 'GET\t', 'X'.repeat(300)];
export const visitorPaths = ['/', '/e/arena', '/e/arena/line', '/e/none/line', '/draw', '/organizer', '/a/x/y.js', '/healthz', '/metrics', '/api/v1/time',
  '/api/v1/events', '/api/v1/events/arena', '/api/v1/events/arena/plan', '/api/v1/events/arena/draw', '/api/v1/events/arena/draw/proof/1',
  '/api/v1/events/arena/line/head', '/api/v1/events/arena/ws', '/api/v1/events/arena/poll', '/api/v1/events/arena/continue',
  '/api/v1/payments/webhook', '/api/v1/account', '/api/v1/account/session', '/tickets', '/api/v1/tickets', '/api/v1/tickets', '/api/v1/organizer/session', '/api/v1/organizer/events',
  '/api/v1/organizer/events/arena/live', '/e/arena?lang=ko', '/e/arena?plain', '/e/arena?plain&lang=en', '*', '//e/arena'];

export function oddPath(dice, path) {
  const at = dice.whole(0, path.length), insert = (text) => path.slice(0, at) + text + path.slice(at);
  switch (dice.whole(0, 9)) {
    case 0: return path.replace(/[a-z]/g, (letter) => (dice.chance(0.3) ? `%${letter.charCodeAt(0).toString(16)}` : letter));
    case 1: return insert(dice.pick(['%00', '%0d%0aSet-Cookie:%20planted=1', '%2e%2e/', '%2f', '%', '%zz', '%u0041', '%ff', '%c0%af', '\\', '/../', '/./', '//', ';', '#', '?', '&']));
    case 2: return `${path}${path.includes('?') ? '&' : '?'}${dice.pick(['lang', 'plain', 'event', 'before', 'limit', 'q'])}=${encodeURIComponent(dice.pick(texts).toWellFormed?.() ?? 'x')}`;
    case 3: return `http://evil.example${path}`;
    case 4: return insert('a'.repeat(dice.pick([100, 255, 256, 300, 1000, 3000, 5000])));
    case 5: return `${path}?${'a=1&'.repeat(dice.whole(1, 300))}`;
    default: return path;
  }
}

const line = (dice, name, good, odd) => `${name}: ${dice.chance(0.7) ? good : dice.pick(odd)}`;
const oddHeaders = ['Host: evil.example', 'Host:', 'Transfer-Encoding: chunked', 'Content-Length: 0', 'Content-Length: 5', 'Content-Length: -1', 'Content-Length: +3',
  'Content-Length: 3, 3', 'Content-Length: 99999999999999999999', 'Expect: 100-continue', 'Upgrade: websocket', 'Upgrade: h2c', 'Connection: close',
  'Connection: Upgrade', 'Origin: https://evil.example', 'Origin: null', 'Range: bytes=0-0', 'If-None-Match: *', 'Accept-Encoding: gzip;q=0',
  'Accept-Language: ko;q=0.9,en;q=0.8', 'Authorization: Basic eDp5', 'X-Forwarded-For: 1.2.3.4, ::1', 'Stanchion-Signature: t=1,v1=00', 'Cookie: =;;=;',
  'Cookie : a=b', ' folded: x', 'NoColon', ': empty', 'X: \x01\x02', 'Content-Type: application/x-www-form-urlencoded', 'Sec-WebSocket-Key: x',
  'Referer: https://evil.example/', 'Forwarded: for=1', 'X-HTTP-Method-Override: DELETE', 'Te: trailers', 'Trailer: X', 'Via: 1.1 evil.example'];

function cookies(dice, world) {
  const value = (world.memory.pick(dice, 'cookie') ?? 'a=b').split('=').slice(1).join('=');
  const names = ['stanchion_visitor', 'stanchion_account', 'stanchion_organizer', 'stanchion_receipt', 'stanchion_language'];
  const values = [value, world.memory.pick(dice, 'receipt'), world.memory.pick(dice, 'pass'), 'ko', 'x'.repeat(600), `${value}x`, value.slice(1), '"', '\x01'];
  return Array.from({ length: dice.whole(1, 3) }, () => `${dice.pick(names)}=${dice.pick(values)}`).join('; ');
}

function request(dice, world) {
  const path = oddPath(dice, dice.pick(visitorPaths)), body = dice.pick(['', 'action=join', 'action=leave', '{}', '{"messages":[]}', '{"email":"a@b","password":"x"}',
    jsonOf(dice, { link: world.memory.pick(dice, dice.pick(['link', 'receipt'])) }).toString('latin1'),
    jsonOf(dice, { wait_ms: 0, messages: [{ type: 'join', id: 1 }] }).toString('latin1'), 'x'.repeat(dice.whole(1, 70000))]);
  const headers = [line(dice, 'Host', `127.0.0.1:${world.server.port}`, ['evil.example', '', '127.0.0.1, evil', 'a'.repeat(600)])];
  if (dice.chance(0.6)) headers.push(`Origin: ${world.server.url}`);
  if (dice.chance(0.5)) headers.push(`Cookie: ${cookies(dice, world)}`);
  if (body !== '' && dice.chance(0.9)) headers.push(`Content-Length: ${Buffer.byteLength(body, 'latin1') + (dice.chance(0.9) ? 0 : dice.whole(-2, 2))}`);
  for (let more = dice.whole(0, 3); more > 0; more--) headers.splice(dice.whole(0, headers.length), 0, dice.pick(oddHeaders));
  if (dice.chance(0.02)) headers.push(...Array.from({ length: 120 }, (_, i) => `X-${i}: ${'y'.repeat(40)}`));
  const version = dice.chance(0.9) ? 'HTTP/1.1' : dice.pick(['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.11', '', 'http/1.1']);
  return `${dice.pick(methods)} ${path} ${version}\r\n${headers.join(dice.chance(0.97) ? '\r\n' : '\n')}\r\n\r\n${body}`;
}

export async function oddRequests(world, dice) {
  const asked = Array.from({ length: dice.chance(0.8) ? 1 : dice.whole(2, 5) }, () => request(dice, world));
  let bytes = Buffer.from(asked.join(''), 'latin1');
  if (dice.chance(0.1)) bytes = torn(dice, bytes);
  world.note(JSON.stringify(bytes.toString('latin1').slice(0, 3000)));
  const at = dice.whole(0, bytes.length);
  const came = await send(world.server.port, dice.chance(0.7) ? [bytes] : [bytes.subarray(0, at), bytes.subarray(at)]);
  world.must(() => {
    for (const answer of came.length > 0 ? readAnswers(came) : []) {
      judgeAnswer(answer, JSON.stringify(bytes.toString('latin1').slice(0, 1500)));
      world.secrets.judge(answer.body.toString('latin1'));
      if (answer.status === 101) break;
    }
  });
}

// --- frames ---

function frame(dice, { opcode, payload, fin = true }) {
  const body = Buffer.from(payload), claimed = dice.chance(0.95) ? body.length : dice.pick([0, 125, 126, 127, 65535, 65536, 65537, 2 ** 31, 2 ** 32, 2 ** 53]);
  const isMasked = dice.chance(0.95), width = dice.chance(0.9) ? (claimed < 126 ? 0 : claimed < 65536 ? 2 : 8) : dice.pick([2, 8]);
  const head = Buffer.alloc(2 + width);
  head[0] = (fin ? 0x80 : 0) | (dice.chance(0.95) ? 0 : dice.pick([0x40, 0x20, 0x10, 0x70])) | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (width === 0 ? Math.min(claimed, 125) : width === 2 ? 126 : 127);
  if (width === 2) head.writeUInt16BE(Math.min(claimed, 65535), 2);
  if (width === 8) head.writeBigUInt64BE(dice.chance(0.9) ? BigInt(claimed) : 0xffffffffffffffffn, 2);
  if (!isMasked) return Buffer.concat([head, body]);
  const key = crypto.createHash('md5').update(body).digest().subarray(0, 4);
  return Buffer.concat([head, key, body.map((byte, i) => byte ^ key[i % 4])]);
}

function someFrames(dice, world) {
  const text = jsonOf(dice, { type: 'join', id: dice.whole(1, 9) });
  switch (dice.whole(0, 7)) {
    case 0: { // one message in fragments, with control frames between them
      const cuts = [0, ...Array.from({ length: dice.whole(1, 5) }, () => dice.whole(0, text.length)).sort((a, b) => a - b), text.length];
      return cuts.slice(1).flatMap((cut, i) => [
        frame(dice, { opcode: i === 0 ? 1 : dice.chance(0.95) ? 0 : 1, payload: text.subarray(cuts[i], cut), fin: i === cuts.length - 2 }),
        ...(dice.chance(0.4) ? [frame(dice, { opcode: dice.pick([9, 10]), payload: 'x'.repeat(dice.pick([0, 1, 125, 126])) })] : []),
      ]);
    }
    case 1: return [frame(dice, { opcode: 8, payload: Buffer.from(dice.pick([[], [3], [3, 232], [3, 237], [0, 0], [3, 231], [3, 236], [15, 160], [255, 255], [3, 232, 0xff]])) })];
    case 2: return [frame(dice, { opcode: dice.pick([2, 3, 7, 11, 15, 0]), payload: text })];
    case 3: return [frame(dice, { opcode: 1, payload: Buffer.from(dice.pick([[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0]])) })];
    case 4: return Array.from({ length: dice.whole(1, 80) }, () => frame(dice, { opcode: dice.pick([1, 9]), payload: '' }));
    case 5: return [frame(dice, { opcode: 1, payload: ' '.repeat(dice.pick([125, 126, 127, 65535, 65536, 65537, 70000])) })];
    case 6: return [Buffer.from(request(dice, world), 'latin1')];
    default: return [frame(dice, { opcode: 1, payload: text })];
  }
}

export async function oddFrames(world, dice) {
  const offers = ['permessage-deflate', 'permessage-deflate; client_max_window_bits', 'permessage-deflate; server_max_window_bits=8, x-webkit-deflate-frame', 'x'.repeat(200)];
  const change = {
    ...(dice.chance(0.3) ? { 'Sec-WebSocket-Extensions': dice.pick(offers) } : {}),
    ...(dice.chance(0.1) ? { 'Sec-WebSocket-Protocol': dice.pick(['stanchion.v1, x', 'x, stanchion.v1', 'stanchion.organizer.v1', 'stanchion.v1,stanchion.v1']) } : {}),
    ...(dice.chance(0.1) ? { 'Content-Length': '10' } : {}),
    ...(dice.chance(0.5) ? { Cookie: cookies(dice, world) } : {}),
  };
  let pieces = Array.from({ length: dice.whole(1, 4) }, () => someFrames(dice, world)).flat();
  if (dice.chance(0.1)) pieces = [torn(dice, Buffer.concat(pieces))];
  if (dice.chance(0.2)) pieces = [...Buffer.concat(pieces).subarray(0, 400)].map((byte) => Buffer.from([byte]));
  world.note(`frames ${Buffer.concat(pieces).toString('hex').slice(0, 3000)}`);
  const isPolite = dice.chance(0.8);
  const came = await send(world.server.port, [handshake('arena', { change }), ...pieces], isPolite);
  world.must(() => {
    const [answer] = readAnswers(came);
    if (!answer && !isPolite) return; // what follows a request that was refused may take its answer away: a reset
    assert.ok(answer, `no answer to a handshake: ${JSON.stringify(change)}`);
    judgeAnswer(answer, JSON.stringify(change));
    if (answer.status === 101) judgeFrames(came.subarray(came.indexOf('\r\n\r\n') + 4));
  });
}

// What a server may send: whole, unmasked, of the kinds that were agreed.
function judgeFrames(bytes) {
  for (let at = 0; at + 2 <= bytes.length;) {
    const opcode = bytes[at] & 15, isPlain = (bytes[at] & 0x70) === 0 && (bytes[at + 1] & 0x80) === 0;
    assert.ok(isPlain && [0, 1, 8, 9, 10].includes(opcode), `an odd frame: ${bytes.subarray(at, at + 10).toString('hex')}`);
    let length = bytes[at + 1] & 127;
    at += 2;
    if (length === 126) { length = bytes.readUInt16BE(at); at += 2; } else if (length === 127) { length = Number(bytes.readBigUInt64BE(at)); at += 8; }
    if (opcode === 1 && (bytes[at - 2] & 0x80) !== 0 && at + length <= bytes.length) JSON.parse(bytes.subarray(at, at + length).toString());
    at += length;
  }
}
