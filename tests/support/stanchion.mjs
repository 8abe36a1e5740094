// Starts a whole Stanchion on free ports and a directory of its own, and stops it again. All integration and browser
// tests use it:
//
//   const server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' });
//   ... server.url, server.port, server.dir, server.pid, server.children(), server.cli(['event', 'list']) ...
//   await server.set('tick_ms=100', 'phase=open'); // settings of the event; afterwards every gateway goes by them
//   await server.stop();
//
// The program is $STANCHION_BIN, otherwise the one of the development build. Nothing it starts outlives the test
// process: children die with their supervisor, and the supervisor is killed when this process exits.
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { everyGatewayKnows, ofEachGateway } from './gateways.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = process.env.STANCHION_BIN ?? path.join(root, 'build/dev/bin/stanchion');

const READY_MS_MAX = 60_000; // of waits that end at once unless something is broken; a busy machine is no failure
const STOP_MS_MAX = 60_000;
const LOG_BYTES_MAX = 1 << 20;
const running = new Set();
const directories = new Set();
process.on('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  directories.forEach((directory) => fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
});

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls `probe` until it gives something true, or throws `what`.
export async function until(what, probe, { msMax = READY_MS_MAX, stepMs = 50 } = {}) {
  const end = Date.now() + msMax;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`timed out: ${typeof what === 'function' ? what() : what}`);
    await sleep(stepMs);
  }
}

const isFree = (port) => new Promise((resolve) => {
  const probe = net.createServer().once('error', () => resolve(false));
  probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
});

// Several test files run at once, and between looking for a port and using it another could find it, too: the name of an
// abstract socket, kept as long as this process lives, says that it is ours.
const isOurs = (port) => new Promise((resolve) => {
  const claim = net.createServer().once('error', () => resolve(false));
  claim.unref().listen(`\0stanchion-test-port-${port}`, () => resolve(true));
});

// A port below those the kernel gives to outgoing connections, with a free neighbour for the sandbox.
export async function freePort() {
  for (let tries = 0; tries < 100; tries++) {
    const port = 12000 + 2 * Math.floor(Math.random() * 9000);
    if (await isOurs(port) && await isFree(port) && await isFree(port + 1)) return port;
  }
  throw new Error('found no free port');
}

// Removed at the end of the test process at the latest.
export function temporaryDirectory() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stanchion-test-'));
  directories.add(directory);
  return directory;
}

// Our own variables would change what is tested.
function cleanEnvironment(extra) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('STANCHION_'));
  return { ...Object.fromEntries(kept), ...extra };
}

// Runs the program to its end: { code, signal, stdout, stderr }.
export function runCli(args, { input = '', env = {}, cwd = root, timeoutMs = 90_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { cwd, env: cleanEnvironment(env) });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let stdout = '', stderr = '';
    child.stdout.on('data', (data) => { stdout += data; });
    child.stderr.on('data', (data) => { stderr += data; });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code, signal) => { clearTimeout(timer); resolve({ code, signal, stdout, stderr }); });
  });
}

const isHealthy = (url) => fetch(`${url}/healthz`).then((answer) => answer.status === 200, () => false);

// Each gateway is up when it knows that there is no such event.
const areReady = (server) => ofEachGateway(server, (gateway) => gateway.ask('/api/v1/events/none'))
  .then((answers) => answers.every(({ status }) => status === 404), () => false);

async function loadEvent(server, event, open) {
  const file = event === 'arena' ? path.join(root, 'docs/examples/arena') : event;
  server.event = event === 'arena' ? 'arena' : 'test-event';
  const loaded = await server.cli(['event', 'load', file, '--id', server.event]);
  if (loaded.code !== 0) throw new Error(`event load: ${loaded.stderr}${server.log()}`);
  if (open) {
    const opened = await server.cli(['event', 'open', server.event]);
    if (opened.code !== 0) throw new Error(`event open: ${opened.stderr}${server.log()}`);
  }
  await everyGatewayKnows(server, 'the event is there', (known) => known && (!open || known.phase === 'open'));
}

// A gateway reads the settings of an event all at once: one that has the new colour has the others, too.
async function setOf(server, event, pairs) {
  const accent = `#0${crypto.randomBytes(3).toString('hex').slice(1)}`;
  const done = await server.cli(['event', 'set', event, ...pairs, `accent=${accent}`]);
  if (done.code !== 0) throw new Error(`event set ${pairs.join(' ')}: ${done.stderr}`);
  await everyGatewayKnows(server, `of ${pairs.join(' ')}`, (known) => known?.accent === accent, event);
}

// flags: more flags of `serve`; event: 'arena', a path for `event load`, or null; open: open the event's sale;
// dir: an existing data directory to use (kept by stop); waitFor: 'health' or 'children'.
export async function startStanchion(
  { flags = [], event = null, open = true, dir = null, env = {}, port = null, waitFor = 'health' } = {},
) {
  const base = dir ? null : temporaryDirectory();
  const server = { dir: dir ?? path.join(base, 'data'), port: port ?? await freePort(), event: null };
  const all = ['--data.dir', server.dir, '--listen.port', String(server.port), ...flags];
  const child = spawn(binary, ['serve', ...all], {
    cwd: root, env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  let droppedBytes = 0;
  const keep = (data) => {
    const whole = log + data;
    log = whole.slice(-LOG_BYTES_MAX);
    droppedBytes += whole.length - log.length;
  };
  const ended = new Promise((resolve) => child.on('close', (code, signal) => {
    running.delete(child);
    resolve({ code, signal });
  }));
  running.add(child);
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  // A test that fails before it stops its server must not keep the test process alive: only waiting for its end does.
  const hold = (isHeld) => [child, child.stdout, child.stderr].forEach((handle) => (isHeld ? handle.ref() : handle.unref()));
  hold(false);
  Object.assign(server, {
    pid: child.pid,
    url: `http://127.0.0.1:${server.port}`,
    wsUrl: `ws://127.0.0.1:${server.port}`,
    log: () => log,
    // The same by place: what has been logged since there were so many letters, however much that was.
    logEnd: () => droppedBytes + log.length,
    logFrom: (at) => log.slice(Math.max(0, at - droppedBytes)),
    ended: () => { hold(true); return ended; }, // { code, signal }
    // { 'gateway 0': 123, ... } of those running now
    children: () => {
      const file = path.join(server.dir, 'children');
      const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];
      return Object.fromEntries(lines.map((line) => [line.replace(/ \d+$/, ''), Number(line.match(/\d+$/)[0])]));
    },
    cli: (args, options) => runCli([...args, '--data.dir', server.dir], options),
    set: (...pairs) => setOf(server, server.event, pairs),
    setEvent: (event, ...pairs) => setOf(server, event, pairs),
    // SIGTERM, and everything is gone. { code, signal, log }
    stop: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      child.kill('SIGTERM');
      const end = await server.ended();
      clearTimeout(timer);
      if (base) fs.rmSync(base, { recursive: true, force: true });
      return { ...end, log };
    },
  });
  try {
    await until(() => `the server is not ready\n${log}`, () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}\n${log}`);
      return waitFor === 'children' ? Object.keys(server.children()).length > 0 : isHealthy(server.url).then((is) => is && areReady(server));
    });
    if (event) await loadEvent(server, event, open);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}
