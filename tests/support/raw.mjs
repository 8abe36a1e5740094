// Bytes on a socket, for what well-behaved clients cannot say: odd HTTP requests and odd WebSocket frames.
import crypto from 'node:crypto';
import net from 'node:net';

const ANSWER_MS_MAX = 20_000;

// Sends each part (a string or bytes; a number waits that many ms) and collects what comes until the peer closes, or
// until it has said what is expected (`isDone` of the text: something, unless said otherwise) and then nothing for
// quietMs; at most 20 s. { text, closed }
export function exchange(port, parts, { quietMs = 1500, latin1 = true, isDone = (text) => text !== '' } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const chunks = [];
    const end = Date.now() + ANSWER_MS_MAX;
    let timer = null, isSent = false;
    const onQuiet = () => {
      if (!isSent) return;
      if (isDone(Buffer.concat(chunks).toString('latin1')) || Date.now() > end) finish(false);
      else rest();
    };
    function finish(closed) {
      clearTimeout(timer);
      socket.destroy();
      const all = Buffer.concat(chunks);
      resolve({ text: all.toString(latin1 ? 'latin1' : 'utf8'), bytes: all, closed });
    }
    const rest = () => { clearTimeout(timer); timer = setTimeout(onQuiet, quietMs); };
    socket.on('data', (data) => { chunks.push(data); rest(); });
    socket.on('close', () => finish(true));
    socket.on('error', () => {});
    (async () => {
      for (const part of parts) {
        if (typeof part === 'number') await new Promise((done) => setTimeout(done, part));
        else socket.write(part);
      }
      isSent = true;
      rest();
    })();
  });
}

// isDone of exchange(): so many HTTP answers are there.
export const answers = (count) => (text) => (text.match(/HTTP\/1\.[01] \d/g) ?? []).length >= count;

export const status = (text) => Number(text.match(/^HTTP\/1\.[01] (\d{3})/)?.[1] ?? 0);

// A handshake's text; `change` replaces, adds or (null) removes headers, `line` the request line.
export function handshake(event, { line = null, change = {}, extra = '' } = {}) {
  const headers = {
    Host: '127.0.0.1', Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Protocol': 'stanchion.v1', ...change,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}`);
  return `${line ?? `GET /api/v1/events/${event}/ws HTTP/1.1`}\r\n${lines.join('\r\n')}\r\n${extra}\r\n`;
}

// A client's frame. opcode 1 text, 2 binary, 8 close, 9 ping.
export function frame(opcode, payload, { fin = true, mask = true } = {}) {
  let body = Buffer.from(payload);
  const size = body.length < 126 ? Buffer.from([body.length])
    : body.length < 65536 ? Buffer.from([126, body.length >> 8, body.length & 255])
      : Buffer.from([127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (body.length >>> shift) & 255)]);
  if (mask) size[0] |= 0x80;
  const key = crypto.randomBytes(4);
  if (mask) body = Buffer.concat([key, body.map((byte, i) => byte ^ key[i % 4])]);
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode]), size, body]);
}

// Text frames and the close code in what a server sent after the handshake.
export function readFrames(bytes) {
  let at = bytes.indexOf('\r\n\r\n') + 4;
  const frames = { texts: [], close: null };
  while (at + 2 <= bytes.length) {
    const opcode = bytes[at] & 15;
    let length = bytes[at + 1] & 127;
    at += 2;
    if (length === 126) { length = bytes.readUInt16BE(at); at += 2; } else if (length === 127) { length = Number(bytes.readBigUInt64BE(at)); at += 8; }
    const body = bytes.subarray(at, at + length);
    at += length;
    if (opcode === 1) frames.texts.push(JSON.parse(body.toString()));
    if (opcode === 8) frames.close = body.length >= 2 ? body.readUInt16BE(0) : 1005;
  }
  return frames;
}
