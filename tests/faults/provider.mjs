// The payment provider, out of reach of the supervisor: the real sandbox as a program of its own, and a relay on the way
// to it and another on the way of its webhooks back, which can be made slow, deaf, forgetful or talkative.
//
//   provider.flags (of `serve`); provider.trouble = { delayMs, isDown, repeats, loses, shuffles }
//   provider.fate = async ({ step, order }) => ({ isDown, copies, isLost, answerMs }): what becomes of one request about one order;
//   step is create, confirm, capture, cancel, look_up, list or webhook
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { freePort, root, sleep, until } from '../support/stanchion.mjs';

const LONGEST_MS = 40_000;

function ask(port, request, body) {
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers, host: `127.0.0.1:${port}`, connection: 'close' };
    const call = http.request({ port, host: '127.0.0.1', method: request.method, path: request.url, headers, timeout: LONGEST_MS }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part)).on('end', () => resolve({ code: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }))
        .on('error', reject);
    });
    call.on('error', reject).on('timeout', () => call.destroy(new Error('no answer')));
    call.end(body);
  });
}

// Passes requests on to `port()`. `before(request, body)` may wait; it says what becomes of the request: { copies, isLost }.
function startRelay(port, before, after = () => {}) {
  const relay = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part)).on('end', async () => {
      const body = Buffer.concat(parts);
      const fate = await before(request, body);
      if (fate.isDown) { request.socket.destroy(); return; }
      try {
        const answers = await Promise.all(Array.from({ length: fate.copies ?? 1 }, () => ask(port(), request, body)));
        if (fate.answerMs) await sleep(fate.answerMs);
        if (fate.isLost) { request.socket.destroy(); return; }
        const { code, headers, body: text } = answers.at(-1);
        after(body, text);
        delete headers['transfer-encoding'];
        response.writeHead(code, { ...headers, 'content-length': text.length });
        response.end(text);
      } catch {
        request.socket.destroy();
      }
    });
  });
  return new Promise((resolve) => relay.listen(0, '127.0.0.1', () => resolve(relay)));
}

export async function startProvider({ directory, gatewayPort, lateMs, dice, env }) {
  const provider = { trouble: {}, file: path.join(directory, 'sandbox.db'), pid: null, key: 'key-of-the-fault-harness', secret: 'secret-of-the-fault-harness' };
  const port = await freePort();
  const orders = new Map(); // intent -> order
  const about = ({ method, url }, body) => {
    const [, id, action] = /payment_intents\/(\w[\w-]*)(?:\/(\w+))?/.exec(url) ?? [];
    if (id) return { step: action ?? 'look_up', order: orders.get(id) };
    return method === 'POST' ? { step: 'create', order: JSON.parse(body).order } : { step: 'list' };
  };
  const learn = (body, answer) => {
    const { id, order } = JSON.parse(answer);
    if (id && order) orders.set(id, order);
  };
  const calls = await startRelay(() => port, async (request, body) => {
    if (provider.fate) return provider.fate(about(request, body));
    const { delayMs = 0, isDown, repeats, loses } = provider.trouble;
    if (delayMs) await sleep(dice.between(0, delayMs));
    return { isDown, copies: repeats && dice.chance(0.5) ? 2 : 1, isLost: loses && dice.chance(0.5) };
  }, learn);
  const webhooks = await startRelay(() => gatewayPort, async (request, body) => {
    if (provider.fate) return provider.fate({ step: 'webhook', order: JSON.parse(body).intent.order });
    const { shuffles, loses, repeats } = provider.trouble;
    if (shuffles) await sleep(dice.between(0, 4000));
    return { copies: repeats ? 3 : 1, isLost: loses && dice.chance(0.5) };
  });
  let child = null, isWanted = true;
  const log = fs.openSync(path.join(directory, 'provider.log'), 'a');
  const start = () => {
    child = spawn(path.join(root, 'build/dev/bin/stanchion_sandbox'),
      [String(port), provider.file, provider.key, `http://127.0.0.1:${webhooks.address().port}/api/v1/payments/webhook`, provider.secret, String(lateMs)],
      { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
    provider.pid = child.pid;
    child.on('close', () => { if (isWanted) setTimeout(() => { if (isWanted) start(); }, 200); });
  };
  const killAtExit = () => child.kill('SIGKILL');
  process.on('exit', killAtExit);
  start();
  await until('the provider', () => fetch(`http://127.0.0.1:${port}/healthz`).then((answer) => answer.ok, () => false));
  provider.flags = ['--payment.url', `http://127.0.0.1:${calls.address().port}`, '--payment.key', provider.key, '--webhook.secret', provider.secret];
  provider.stop = async () => {
    isWanted = false;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await ended;
    process.off('exit', killAtExit);
    [calls, webhooks].forEach((relay) => { relay.closeAllConnections(); relay.close(); });
    fs.closeSync(log);
  };
  return provider;
}
