// The holes of libwebsockets 4.1 and every malformed request, against a running gateway: each gets its own answer, and
// a visitor who was there all the time notices nothing.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answers, exchange, frame, handshake, readFrames, status } from '../support/raw.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server, bystander, gateways;
const gatewayPids = () => Object.entries(server.children()).filter(([name]) => name.startsWith('gateway')).map(([, pid]) => pid);

before(async () => {
  server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
  bystander = await visit(server);
  await bystander.ask({ type: 'join' });
  gateways = gatewayPids();
});

after(async () => {
  assert.equal(bystander.closed, null, 'the bystander was disturbed');
  assert.equal((await bystander.ask({ type: 'nothing' })).code, 'unknown_message');
  assert.deepEqual(gatewayPids(), gateways, 'a gateway died');
  await bystander.close();
  await server.stop();
});

const http = async (text, options) => (await exchange(server.port, [text], options));

describe('upgrades that are not WebSockets', () => {
  for (const upgrade of ['foobar', 'B'.repeat(100), 'websocket2', 'h2c']) {
    test(`CVE-2025-11677: keep-alive, then Upgrade: ${upgrade.slice(0, 12)}`, async () => {
      const { text, closed } = await exchange(server.port, [
        'GET /api/v1/time HTTP/1.1\r\nHost: l\r\nConnection: keep-alive\r\n\r\n', 300,
        `GET /b HTTP/1.1\r\nHost: l\r\nConnection: keep-alive, Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`,
      ], { isDone: answers(2) });
      assert.equal(status(text), 200);
      assert.match(text, /server_ms.*HTTP\/1\.[01] 40[03]/s, 'the second request is refused');
      assert.ok(closed);
    });
  }
  test('h2c at once gets 400, not 101', async () => {
    const { text } = await http('GET / HTTP/1.1\r\nHost: l\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n');
    assert.equal(status(text), 400);
    assert.match(text, /bad_upgrade/);
  });
  test('HTTP/2 with prior knowledge is not spoken', async () => {
    const { text, closed } = await http(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0`);
    assert.notEqual(status(text), 200);
    assert.ok(closed);
  });
});

describe('handshakes', () => {
  const refused = [
    ['POST', 400, { line: 'POST /api/v1/events/arena/ws HTTP/1.1' }],
    ['HTTP/1.0', 400, { line: 'GET /api/v1/events/arena/ws HTTP/1.0' }],
    ['no key', 400, { change: { 'Sec-WebSocket-Key': null } }],
    ['short key', 400, { change: { 'Sec-WebSocket-Key': 'abc' } }],
    ['two keys', 400, { extra: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' }],
    ['version 12', 426, { change: { 'Sec-WebSocket-Version': '12' } }],
    ['no version', 426, { change: { 'Sec-WebSocket-Version': null } }],
    ['no Host', 400, { change: { Host: null } }],
    ['two Hosts', 400, { extra: 'Host: other\r\n' }],
    ['foreign Origin', 403, { change: { Origin: 'https://evil.example' } }],
    ['an Origin too long to read', 403, { change: { Origin: `https://${'a'.repeat(600)}.example` } }],
    ['Origin null', 403, { change: { Origin: 'null' } }],
    ['no Connection', 426, { change: { Connection: null } }],
    ['no subprotocol', 400, { change: { 'Sec-WebSocket-Protocol': null } }],
    ['unknown subprotocol', 400, { change: { 'Sec-WebSocket-Protocol': 'nope' } }],
    ['unknown event', 404, { line: 'GET /api/v1/events/nothing/ws HTTP/1.1' }],
    ['wrong path', 404, { line: 'GET /other HTTP/1.1' }],
  ];
  for (const [name, expected, options] of refused) {
    test(`${name}: ${expected}`, async () => {
      const { text } = await http(handshake('arena', options));
      assert.equal(status(text), expected, text.slice(0, 300));
    });
  }
  test('the good one, and with our own Origin: 101', async () => {
    assert.equal(status((await http(handshake('arena'))).text), 101);
    const own = { change: { Origin: `http://127.0.0.1:${server.port}`, Host: `127.0.0.1:${server.port}` } };
    assert.equal(status((await http(handshake('arena', own))).text), 101);
  });
});

describe('bodies and their lengths', () => {
  const post = (headers, body = '') => `POST /api/v1/payments/webhook HTTP/1.1\r\nHost: l\r\n${headers}\r\n${body}`;
  const table = [
    ['negative', 400, post('Content-Length: -5\r\n', 'abc')],
    ['no number', 400, post('Content-Length: 5x\r\n', 'abc')],
    ['two of them', 400, post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abc')],
    ['missing', 411, post('')],
    ['too large', 413, post('Content-Length: 99999999\r\n', 'abc')],
    ['with Transfer-Encoding', 501, post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['Transfer-Encoding alone', 501, post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['empty and unsigned', 400, post('Content-Length: 0\r\n')],
    ['unsigned', 400, post('Content-Length: 3\r\n', 'abc')],
    ['wrongly signed', 400, post('Content-Length: 2\r\nStanchion-Signature: t=1,v1=00\r\n', '{}')],
  ];
  for (const [name, expected, text] of table) {
    test(`Content-Length ${name}: ${expected}`, async () => {
      const answer = await http(text);
      assert.equal(status(answer.text), expected, answer.text.slice(0, 200));
      assert.match(answer.text, /"error":"\w+","message":"/, 'the answer says what is wrong');
      assert.equal(answer.text.match(/HTTP\/1/g).length, 1, 'a smuggled request would be answered too');
    });
  }
  test('other odd requests', async () => {
    assert.equal(status((await http('PUT / HTTP/1.1\r\nHost: l\r\nContent-Length: 0\r\n\r\n')).text), 405);
    assert.equal(status((await http('GET /a/../../etc/passwd HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n')).text), 404);
    assert.equal(status((await http('GET /e/%00%ff HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n')).text), 404);
    assert.notEqual(status((await http(`GET / HTTP/1.1\r\nHost: l\r\nX: ${'a'.repeat(9000)}\r\n\r\n`)).text), 200);
    assert.notEqual(status((await http('\x00\x01\x02garbage\r\n\r\n')).text), 200);
  });
});

// libwebsockets 4.1 takes a request with a body that is already in its buffer for its own body, and loops for ever.
describe('requests with a body sent before the answer to the one before', () => {
  const get = 'GET /api/v1/time HTTP/1.1\r\nHost: l\r\n\r\n';
  const post = 'POST /api/v1/payments/webhook HTTP/1.1\r\nHost: l\r\nContent-Length: 3\r\n\r\nabc';
  const plan = 'GET /api/v1/events/arena/plan HTTP/1.1\r\nHost: l\r\n\r\n';
  const statuses = (text) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
  const table = [
    ['GET and POST at once', [get + post], [200, 400]],
    ['POST and POST at once', [post + post], [400, 400]],
    ['the last byte of a POST with the next', [post.slice(0, -1), 200, post.slice(-1) + post], [400, 400]],
    ['a large answer, then POST', [plan + post], [200, 400]],
    ['half a POST behind a GET', [get + post.slice(0, 40), 200, post.slice(40)], [200, 400]],
    ['one after the other is fine', [get, 200, post, 200, post, 200, get], [200, 400, 400, 200]],
    ['GETs may be pipelined', [get.repeat(5)], [200, 200, 200, 200, 200]],
  ];
  for (const [name, parts, expected] of table) {
    test(name, async () => {
      const { text } = await exchange(server.port, parts, { isDone: answers(expected.length) });
      assert.deepEqual(statuses(text), expected);
      assert.equal(status((await http(get)).text), 200, 'the gateway turns no more');
    });
  }
  test('GET and upgrade at once', async () => {
    const { text } = await exchange(server.port, [get + handshake('arena')], { isDone: answers(2) });
    assert.deepEqual(statuses(text), [200, 101]);
  });
});

describe('frames', () => {
  const isAnswered = (text) => { const { texts, close } = readFrames(Buffer.from(text, 'latin1')); return texts.length > 0 || close !== null; };
  const say = async (...frames) => readFrames((await exchange(server.port, [handshake('arena'), 100, ...frames], { isDone: isAnswered })).bytes);
  const closes = [
    ['binary', 1003, [frame(2, '{"type":"join"}')]],
    ['binary in fragments', 1003, [frame(2, '{"type":', { fin: false }), frame(0, '"join"}')]],
    ['invalid UTF-8', 1007, [frame(1, Buffer.from([0x22, 0xff, 0xfe, 0x22]))]],
    ['70,000 bytes', 1009, [frame(1, `{"a":"${'x'.repeat(70000)}"}`)]],
    ['endless fragments', 1009, [frame(1, 'x'.repeat(60000), { fin: false }), frame(0, 'x'.repeat(60000), { fin: false })]],
    ['close with 1 byte', 1002, [frame(8, Buffer.from([3]))]],
    ['close with 1005', 1002, [frame(8, Buffer.from([3, 237]))]],
    ['reserved opcode', 1002, [frame(3, 'x')]],
    ['good close', 1000, [frame(8, Buffer.from([3, 232]))]],
  ];
  for (const [name, code, frames] of closes) {
    test(`${name}: ${code}`, async () => assert.equal((await say(...frames)).close, code));
  }
  test('a message in fragments is one message', async () => {
    const { texts } = await say(frame(1, '{"type":', { fin: false }), frame(0, '"nope",', { fin: false }), frame(0, '"id":7}'));
    assert.deepEqual([texts[0].code, texts[0].re], ['unknown_message', 7]);
  });
  test('a flood is told so and ends with 1008', async () => {
    const burst = Array.from({ length: 125 }, (_, id) => frame(1, `{"type":"nope","id":${id}}`));
    const flood = Array.from({ length: 8 }, () => [...burst, 500]).flat(); // a busy machine reads one burst slowly enough
    const isDone = (text) => readFrames(Buffer.from(text, 'latin1')).close !== null;
    // What was said last may be lost when the flood goes on behind the close: the kernel answers that with a reset.
    const told = await until('a flood that hears of it', async () => {
      const { texts, close } = readFrames((await exchange(server.port, [handshake('arena'), 100, ...flood], { isDone })).bytes);
      return texts.some((text) => text.code === 'too_fast') && { close };
    });
    assert.equal(told.close, 1008);
  });
});
