// What open maps cost: CPU of the gateways while many visitors look at the map and a thousand seats change each second. Not
// a test:
//
//   STANCHION_BIN=build/bin/stanchion node tests/support/open_maps_bench.mjs [MAPS] [GATEWAYS] [SEAT CHANGES/S] [SECONDS]
//
// The watchers are bare sockets in this process which, once their map is open, read and throw away.
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import { metricOfAll } from './gateways.mjs';
import { sleep, startStanchion } from './stanchion.mjs';
import { visit } from './visitor.mjs';

const [maps = 10_000, gateways = 2, changes = 1000, seconds = 15] = process.argv.slice(2).map(Number);
const SEATS_EACH = 3, BUYERS = 20, AT_ONCE = 200;
const server = await startStanchion({ flags: ['--gateways', String(gateways), '--connections_max', '19500'], event: 'arena' });
await server.cli(['event', 'set', 'arena', 'tick_ms=100', 'admit_per_tick=2000', 'active_cap=100000', 'select_ms=3600000', 'claim_ms=3600000']);
const pidsOf = (name) => Object.entries(server.children()).filter(([child]) => child.startsWith(name)).map(([, pid]) => pid);
const cpuS = (pids) => pids.reduce((sum, pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return sum + (Number(fields[11]) + Number(fields[12])) / 100;
}, 0);

// A masked frame of at most 65,535 bytes; the mask is all zeros.
function frame(message) {
  const body = Buffer.from(JSON.stringify(message));
  const head = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0])
    : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255, 0, 0, 0, 0]);
  return Buffer.concat([head, body]);
}
let bytes = 0;
// Resolves when the map is open.
const openMap = () => new Promise((resolve, reject) => {
  const socket = net.connect(server.port, '127.0.0.1');
  let text = '', step = 0;
  socket.setNoDelay(true);
  socket.on('error', reject);
  const look = (data) => {
    text += data.toString('latin1');
    const pass = /"pass":"([^"]+)"/.exec(text);
    if (step === 0 && text.includes('\r\n\r\n')) { step = 1; text = ''; socket.write(frame({ type: 'join' })); }
    else if (step === 1 && pass) { step = 2; text = ''; socket.write(frame({ type: 'enter', pass: pass[1] })); }
    else if (step === 2 && text.includes('"entered"')) { step = 3; text = ''; socket.write(frame({ type: 'map' })); }
    else if (step === 3 && text.includes('"states"')) {
      socket.off('data', look);
      socket.on('data', (more) => { bytes += more.length; });
      resolve(socket);
    }
  };
  socket.on('data', look);
  socket.write(`GET /api/v1/events/arena/ws HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
    + `Sec-WebSocket-Key: ${crypto.randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: stanchion.v1\r\n\r\n`);
});
const sockets = [];
while (sockets.length < maps) sockets.push(...await Promise.all(Array.from({ length: Math.min(AT_ONCE, maps - sockets.length) }, openMap)));

const buyers = await Promise.all(Array.from({ length: BUYERS }, async (_, i) => {
  const buyer = await visit(server);
  await buyer.enter();
  return { buyer, seats: [3 * i, 3 * i + 1, 3 * i + 2], isHolding: false };
}));
let changed = 0, isOver = false;
const trade = async (one) => { // its share of the changes, each of SEATS_EACH seats
  const pauseMs = 1000 * BUYERS * SEATS_EACH / changes;
  for (let next = performance.now(); !isOver; next += pauseMs) {
    await sleep(Math.max(0, next - performance.now()));
    const answer = await one.buyer.ask(one.isHolding ? { type: 'release' } : { type: 'hold', seats: one.seats }).catch(() => null);
    if (answer?.type === 'held' || answer?.type === 'released') { one.isHolding = !one.isHolding; changed += SEATS_EACH; }
  }
};
const trading = Promise.all(buyers.map(trade));
const frames = () => metricOfAll(server, 'frames_out_total');
await sleep(2000);
const look = async () => ({ cpu: cpuS(pidsOf('gateway')), redis: cpuS(pidsOf('redis')), frames: await frames(), changed, bytes, at: performance.now() });
const first = await look();
await sleep(seconds * 1000);
const last = await look(), took = (last.at - first.at) / 1000;
const rate = (name) => (last[name] - first[name]) / took;
console.log(`${maps} open maps on ${gateways} gateways, ${rate('changed').toFixed(0)} seat changes/s: gateways ${(100 * rate('cpu')).toFixed(1)} % of a core, `
  + `redis ${(100 * rate('redis')).toFixed(1)} %, ${rate('frames').toFixed(0)} frames/s (${(1e6 * rate('cpu') / rate('frames')).toFixed(1)} us each), `
  + `${(rate('bytes') / 1e6).toFixed(1)} MB/s read; load ${fs.readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`);
isOver = true;
await trading;
for (const socket of sockets) socket.destroy();
await Promise.all(buyers.map(({ buyer }) => buyer.close()));
await server.stop();
process.exit(0);
