// The servers that are measured against each other. Each has name, port, path (of its WebSocket), pids (whose CPU
// counts) and stop(); those that can push have push(bytes).
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, sleep, startStanchion, until } from '../../tests/support/stanchion.mjs';
import { childrenOf, programs, Talker } from './processes.mjs';

export const CONNECTIONS = 19_000; // on one process: beside its other files below 20,000

async function byLines(name, program, args, port, options) {
  const server = new Talker(program, args, options);
  if (await server.heard() !== 'ready') throw new Error(`${name} does not start`);
  return { name, port, path: '/', pids: [server.pid], push: (bytes) => server.tell(`push ${bytes}`), stop: () => server.end() };
}

export async function startFloor(port) {
  const on = port ?? await freePort();
  return byLines('floor', path.join(programs, 'bench_floor'), [on], on);
}

export async function startWs() {
  const port = await freePort();
  return byLines('ws', process.execPath, [fileURLToPath(new URL('ws_server.mjs', import.meta.url)), port], port);
}

// Several gateways share a port. `ours` are all processes of ours, so all but Redis.
export async function startGateway({ gateways = 1, flags = [], settings = [] } = {}) {
  const server = await startStanchion({ event: 'arena',
    flags: ['--gateways', String(gateways), '--connections_max', '19900', '--log.level', 'warning', ...flags] });
  const set = async (...pairs) => {
    const done = await server.cli(['event', 'set', 'arena', ...pairs]);
    if (done.code !== 0) throw new Error(`event set ${pairs.join(' ')}: ${done.stderr}`);
  };
  if (settings.length > 0) await set(...settings);
  const children = Object.entries(server.children());
  return { name: 'gateway', server, port: server.port, path: '/api/v1/events/arena/ws', set,
    pids: children.filter(([name]) => name.startsWith('gateway')).map(([, pid]) => pid),
    ours: [server.pid, ...children.filter(([name]) => name !== 'redis').map(([, pid]) => pid)],
    redis: path.join(server.dir, 'redis/redis.sock'), stop: () => server.stop() };
}

const nchanModule = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const tuning = { listen: ' deferred reuseport backlog=65535', events: ' multi_accept on;' };
const nginxConfiguration = (port, { listen, events }) => `
load_module ${nchanModule};
daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid nginx.pid; error_log error.log crit;
events { worker_connections 22000;${events} }
http {
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port}${listen};
    location = /sub { nchan_subscriber websocket; nchan_channel_id line; nchan_subscriber_timeout 0; }
  }
}
`;

// As it comes, but for the number of connections; or with what our own listener does, too. Without the package: null.
export async function startNchan({ isTuned = false } = {}) {
  if (!fs.existsSync(nchanModule)) return null;
  const port = await freePort(), dir = fs.mkdtempSync(path.join(os.tmpdir(), 'stanchion-nchan-'));
  fs.chmodSync(dir, 0o755); // its worker is another user
  fs.writeFileSync(path.join(dir, 'nginx.conf'), nginxConfiguration(port, isTuned ? tuning : { listen: '', events: '' }));
  const nginx = spawn('nginx', ['-p', dir, '-c', 'nginx.conf', '-e', path.join(dir, 'error.log')], { stdio: 'inherit' });
  const ended = new Promise((resolve) => nginx.on('close', resolve));
  const kill = () => nginx.kill('SIGTERM');
  process.on('exit', kill);
  const stop = async () => {
    kill();
    process.off('exit', kill);
    await ended;
    fs.rmSync(dir, { recursive: true, force: true });
  };
  try {
    await until('nginx has a worker', () => childrenOf(nginx.pid).length > 0, 10_000);
  } catch (error) {
    await stop();
    throw error;
  }
  await sleep(300);
  return { name: isTuned ? 'nchan tuned' : 'nchan', port, path: '/sub', pids: childrenOf(nginx.pid), stop };
}
