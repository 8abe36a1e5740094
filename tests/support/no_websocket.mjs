// A proxy as some offices and hotels have it: HTTP goes through, a WebSocket does not. `mode` says how it keeps it out:
// 'refuse' (403), 'cut' (closes the connection), 'hang' (never answers), or 'pass' (it does not keep it out). Polls are counted, and those that listen can
// be held up for `listenDelayMs`; `listening` is how many of them the server has now.
import http from 'node:http';
import net from 'node:net';
import { freePort, sleep } from './stanchion.mjs';

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

export async function startProxy(server, mode = 'refuse') {
  const sockets = new Set();
  const proxy = { mode, polls: [], upgrades: 0, isDown: false, listenDelayMs: 0, listening: 0 };
  const front = http.createServer(async (request, answer) => {
    if (proxy.isDown) return void request.socket.destroy();
    const { method, url, headers } = request;
    const body = await bodyOf(request).catch(() => null);
    if (body === null) return;
    if (url.endsWith('/poll')) proxy.polls.push(Date.now());
    const isListening = body.includes('"wait_ms":25000');
    if (isListening) {
      await sleep(proxy.listenDelayMs);
      if (answer.destroyed) return;
      proxy.listening++;
      answer.on('close', () => { proxy.listening--; });
    }
    const back = http.request({ host: '127.0.0.1', port: server.port, method, path: url, headers, agent: false }, (from) => {
      answer.writeHead(from.statusCode, from.headers);
      from.pipe(answer);
    });
    back.on('error', () => answer.destroy());
    answer.on('close', () => back.destroy()); // who hangs up in front hangs up behind
    back.end(body);
  });
  front.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const pass = (request, socket) => {
    const back = net.connect(server.port, '127.0.0.1');
    const lines = request.rawHeaders.reduce((all, text, i) => all + text + (i % 2 ? '\r\n' : ': '), '');
    back.write(`GET ${request.url} HTTP/1.1\r\n${lines}\r\n`);
    back.on('error', () => socket.destroy());
    back.on('close', () => socket.destroy());
    socket.on('close', () => back.destroy());
    socket.pipe(back).pipe(socket);
  };
  front.on('upgrade', (request, socket) => {
    proxy.upgrades++;
    socket.on('error', () => {});
    if (proxy.isDown) socket.destroy();
    else if (proxy.mode === 'pass') pass(request, socket);
    else if (proxy.mode === 'refuse') socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    else if (proxy.mode === 'cut') socket.destroy();
  });
  const port = await freePort();
  await new Promise((resolve) => front.listen(port, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${port}`;
  proxy.cut = () => sockets.forEach((socket) => socket.destroy());
  proxy.stop = () => new Promise((resolve) => { front.close(resolve); proxy.cut(); });
  return proxy;
}
