// The private Redis of a running server, for tests that look inside it or take it away.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { until } from './stanchion.mjs';

function read(text, at) {
  const end = text.indexOf('\r\n', at);
  if (end < 0) return null;
  const line = text.slice(at + 1, end);
  const next = end + 2;
  if (text[at] === '+' || text[at] === '-') return { value: line, next };
  if (text[at] === ':') return { value: Number(line), next };
  const count = Number(line);
  if (count < 0) return { value: null, next };
  if (text[at] === '$') return text.length < next + count + 2 ? null : { value: text.slice(next, next + count), next: next + count + 2 };
  const list = [];
  for (let from = next; ;) {
    if (list.length === count) return { value: list, next: from };
    const item = read(text, from);
    if (!item) return null;
    list.push(item.value);
    from = item.next;
  }
}

// One command, one answer: text, number, list or null; an error is its text.
export function askRedis(server, ...args) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path.join(server.dir, 'redis/redis.sock'));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('data', (data) => {
      text += data;
      const answer = read(text, 0);
      if (!answer) return;
      socket.destroy();
      resolve(answer.value);
    });
    socket.write(`*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(String(arg))}\r\n${arg}\r\n`).join('')}`);
  });
}

const logDirectory = (server) => path.join(server.dir, 'redis/appendonlydir');
export const logFile = (server) => path.join(logDirectory(server),
  fs.readdirSync(logDirectory(server)).filter((name) => name.endsWith('.incr.aof')).sort().at(-1));

// How much of the log there is: to be given to loseRedis as what is kept.
export const logBytes = (server) => fs.statSync(logFile(server)).size;

// kill -9; before it is started again its log is shortened to `keptBytes`, or removed with 0.
export async function loseRedis(server, { keptBytes = null } = {}) {
  const { redis } = server.children();
  process.kill(server.pid, 'SIGSTOP'); // the supervisor, so that it does not start it at once
  try { process.kill(redis, 'SIGKILL'); } catch { /* it has just died by itself */ }
  const isDead = () => { try { return /^State:\s+Z/m.test(fs.readFileSync(`/proc/${redis}/status`, 'utf8')); } catch { return true; } };
  await until('Redis is dead', isDead, { stepMs: 10 });
  if (keptBytes === 0) fs.rmSync(logDirectory(server), { recursive: true });
  else if (keptBytes !== null) fs.truncateSync(logFile(server), keptBytes);
  process.kill(server.pid, 'SIGCONT');
  await until('Redis runs again', () => { const now = server.children().redis; return now && now !== redis; });
}

// While the line is put together again nobody is admitted for recovery_ms: a test that needs no more of it ends it here.
export const endRecovery = (server) => askRedis(server, 'HSET', `ev:${server.event}:line`, 'recovers_at_ms', 1);
