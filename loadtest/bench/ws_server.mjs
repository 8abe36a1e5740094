// A WebSocket server as one writes it with `ws` on Node: accepts, holds, and sends "push N" to everybody.
//
//   node ws_server.mjs PORT
import readline from 'node:readline';
import { createRequire } from 'node:module';

const { WebSocketServer } = createRequire(new URL('../../tests/package.json', import.meta.url))('ws');
const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 65535, perMessageDeflate: false,
  handleProtocols: (offered) => [...offered][0] ?? false });
server.on('connection', (socket) => {
  socket.on('message', () => {});
  socket.on('error', () => {});
});
server.on('listening', () => process.stdout.write('ready\n'));
const commands = readline.createInterface({ input: process.stdin });
commands.on('line', (line) => {
  const text = 'x'.repeat(Number(line.replace('push ', '')));
  server.clients.forEach((socket) => socket.send(text));
});
commands.on('close', () => process.exit(0));
