// The socket of docs/protocol.md: requests are promises, everything else is a push.
//
// The connection is wanted from connect() to close(); in between it comes back by itself, with exponential
// back-off and full jitter, at least over the time the server wants returns spread over, or after exactly the time it
// asked for.
import * as clock from './clock.js';

const REQUEST_MS_MAX = 15000;
const BACKOFF_MS_MIN = 500;
const BACKOFF_MS_MAX = 30000;
const CLOSED_FULL = 1013;
// Some proxies neither open a WebSocket nor refuse it.
const OPEN_MS_MAX = 8000;
// After so many tries the same is said over plain HTTP, with a try for a socket after each loss. A page that has had a
// socket tries for longer: more likely the gateways are being restarted than that it came behind such a proxy.
const UNOPENED_MAX = 2;
const UNOPENED_AGAIN_MAX = 5;

// error.code is from the protocol, or 'connection' (nobody knows whether the request was done) or 'no_answer'.
export class RequestError extends Error {
  constructor(code, fields = {}) {
    super(fields.message || code);
    this.code = code;
    this.fields = fields;
  }
}

export class Connection {
  #url; #on; #socket = null; #isWanted = false; #nextId = 1; #waiting = new Map();
  #failures = 0; #timer = 0; #retryInMs = null; #unopened = 0; #unopenedMax = UNOPENED_MAX; #spreadMs = 0; #imports = '';

  // on: {open(), push(message), state({state, retryAtMs, isFull}), closed(code)}; state is connecting, open, waiting or
  // closed; closed() tells whether the server's goodbye is for good.
  constructor(url, on) {
    this.#url = url;
    this.#on = on;
  }

  connect() {
    this.#isWanted = true;
    if (!this.#socket) this.#dial();
  }

  // The network is back: nobody waits for the back-off any more.
  hurry() {
    if (this.#isWanted && !this.#socket) this.#dial();
  }

  close() {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#drop();
    this.#on.state({ state: 'closed' });
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  // A socket that does not answer within probeMs, if that is given, is dead.
  request(message, probeMs) {
    if (!this.isOpen) return Promise.reject(new RequestError('connection'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new RequestError('no_answer'));
        if (probeMs) this.#lost(1006);
      }, probeMs ?? REQUEST_MS_MAX);
      this.#waiting.set(id, { resolve, reject, timeout, atMs: performance.now() });
      this.#socket.send(JSON.stringify({ ...message, id }));
    });
  }

  #dial() {
    clearTimeout(this.#timer);
    this.#on.state({ state: 'connecting' });
    if (this.#unopened >= this.#unopenedMax) return this.#dialPolls();
    const socket = new WebSocket(this.#url, 'stanchion.v1');
    this.#unopened++;
    this.#timer = setTimeout(() => this.#lost(1006), OPEN_MS_MAX);
    this.#follow(socket, () => {
      this.#unopened = 0;
      this.#unopenedMax = UNOPENED_AGAIN_MAX;
    });
  }

  async #dialPolls() {
    try {
      const { PollSocket } = await import(`./poll.js${this.#imports}`);
      if (!this.#isWanted || this.#socket) return;
      this.#unopened = this.#unopenedMax - 1;
      this.#follow(new PollSocket(this.#url.replace(/^ws(.*)ws$/, 'http$1poll')), () => {});
    } catch {
      // Some browsers remember for an address that it could not be fetched.
      this.#imports += '?';
      this.#lost(1006);
    }
  }

  #follow(socket, onOpen) {
    this.#socket = socket;
    const isCurrent = () => this.#socket === socket;
    socket.onopen = () => {
      if (!isCurrent()) return;
      clearTimeout(this.#timer);
      onOpen();
      this.#opened();
    };
    socket.onmessage = (event) => isCurrent() && this.#received(event.data);
    socket.onclose = (event) => isCurrent() && this.#lost(event.code);
  }

  #opened() {
    this.#on.state({ state: 'open' });
    this.#on.open();
  }

  #received(data) {
    const message = JSON.parse(data);
    this.#failures = 0;
    this.#spreadMs = message.spread_ms ?? this.#spreadMs;
    const asked = this.#waiting.get(message.re);
    clock.sample(message.server_ms, asked ? performance.now() - asked.atMs : undefined);
    if (asked) {
      this.#waiting.delete(message.re);
      clearTimeout(asked.timeout);
      if (message.type === 'error') asked.reject(new RequestError(message.code, message));
      else asked.resolve(message);
    } else if (message.type === 'reconnect') {
      this.#retryInMs = message.in_ms;
      this.#lost(1000);
    } else {
      this.#on.push(message);
    }
  }

  #lost(code) {
    clearTimeout(this.#timer);
    this.#drop();
    if (!this.#isWanted) return;
    if (this.#on.closed(code)) return this.close();
    const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#failures++);
    const inMs = this.#retryInMs ?? BACKOFF_MS_MIN / 2 + Math.random() * Math.max(backoffMs, this.#spreadMs);
    this.#retryInMs = null;
    this.#on.state({ state: 'waiting', retryAtMs: Date.now() + inMs, isFull: code === CLOSED_FULL });
    this.#timer = setTimeout(() => this.#dial(), inMs);
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject, timeout } of waiting) {
      clearTimeout(timeout);
      reject(new RequestError('connection'));
    }
  }
}
