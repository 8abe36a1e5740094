// The live figures of an event over a WebSocket. It connects again by itself, with growing and uneven pauses, and says when
// what was heard last has become old: nobody should steer by figures that only look alive.
import { address, eventPath, get } from './api.js';

const PROTOCOL = 'stanchion.organizer.v1';
const STALE_MS = 3500; // figures come once a second
const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 10000;

export class Feed {
  #event; #on; #socket = null; #pauseMs = PAUSE_MS_MIN; #retry = 0; #stale = 0; #isClosed = false; #heardMs = 0;

  // on: {figures(figures), again() when it is connected again, state(isLive, heardMs)}
  constructor(event, on) {
    this.#event = event;
    this.#on = on;
    this.#connect();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#stale);
    this.#socket?.close();
  }

  #connect() {
    const url = new URL(address(eventPath(this.#event, '/live')), location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url, PROTOCOL);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = () => this.#lost();
  }

  #hear(message) {
    if (this.#isClosed || message.type !== 'figures') return;
    if (this.#heardMs && this.#pauseMs !== PAUSE_MS_MIN) this.#on.again();
    this.#pauseMs = PAUSE_MS_MIN;
    this.#heardMs = Date.now();
    clearTimeout(this.#stale);
    this.#stale = setTimeout(() => this.#on.state(false, this.#heardMs), STALE_MS);
    this.#on.state(true, this.#heardMs);
    this.#on.figures(message);
  }

  // A handshake that is refused looks like any other end: whether the session is still good is asked separately.
  #lost() {
    if (this.#isClosed) return;
    clearTimeout(this.#stale);
    this.#on.state(false, this.#heardMs);
    this.#retry = setTimeout(() => this.#connect(), this.#pauseMs * (0.75 + Math.random() / 2));
    this.#pauseMs = Math.min(PAUSE_MS_MAX, this.#pauseMs * 2);
    get('/session').catch(() => {});
  }
}
