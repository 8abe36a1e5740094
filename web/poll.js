// A socket made of polls (docs/protocol.md section 8), for networks that let no WebSocket through. To protocol.js it
// looks like a WebSocket: send(), close(), readyState, onopen, onmessage, onclose.
//
// Two polls may be under way: one carries what the page asks, the other one listens. Nothing is remembered between
// them at the other end, so each says again who this is and, when it listens, what the page knows already.

const WAIT_MS = 25000;
const ANSWER_MS_MAX = WAIT_MS + 10000;
const PAUSE_MS = 1000; // between two polls that listen
const MESSAGES_MAX = 8;
const OWN_ID = 2 ** 52; // the page's own ids are small
const ABNORMAL = 1006, FULL = 1013;
const [CONNECTING, OPEN, CLOSED] = [0, 1, 3];

const needsTurn = new Set(['map', 'hold']);
const harmless = new Set(['tickets', 'away', 'map']);
const later = new Set(['busy', 'full', 'too_fast']);
// What a place says, as `known` of the next poll: a change of it that nobody heard is told at once. Not so the stock,
// which changes all the time.
const placeOf = ({ seq, ahead, phase, message = null, held_out = null, drawing = null, recovers_at_ms = null }) =>
  ({ type: 'place', seq, ahead, phase, message, held_out, drawing, recovers_at_ms });
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class PollSocket {
  readyState = CONNECTING;
  onopen = null; onmessage = null; onclose = null;
  #url; #requests = []; #isSending = false; #listening = null; #sending = null; #wake = () => {};
  #receipt = null; #pass = null; #place = null; #free; #admission = null; #isInside = false; #version = null;
  #hold; #order = null; #isPaying = false; #isAway = false; #asked = 0;

  constructor(url) {
    this.#url = url;
    this.#start();
  }

  send(text) {
    this.#requests.push(JSON.parse(text));
    if (!this.#isSending) this.#send();
  }

  close() {
    this.#end(1000);
  }

  // --- what the page asks ---

  async #start() {
    if (!(await this.#poll([], 0))) return;
    this.readyState = OPEN;
    this.onopen?.();
    this.#listen();
  }

  async #send() {
    this.#isSending = true;
    await null; // what is asked in the same turn goes together
    while (this.#requests.length > 0 && this.readyState === OPEN) {
      const batch = this.#requests.splice(0, MESSAGES_MAX - 2);
      if (batch.some(({ type }) => !harmless.has(type))) this.#asked++;
      const answers = await this.#poll([...this.#introduction(batch), ...batch], 0);
      if (!answers) break;
      for (const message of answers) {
        this.#learn(message);
        if (!(message.re >= OWN_ID)) this.#tell(message);
      }
      for (const { type, is_away } of batch) if (type === 'away') this.#isAway = is_away;
      this.#wake();
    }
    this.#isSending = false;
  }

  #introduction(batch) {
    const first = batch[0].type;
    if (!this.#receipt || first === 'join' || first === 'resume') return [];
    const messages = [{ type: 'resume', id: OWN_ID, receipt: this.#receipt }];
    if (batch.some(({ type }) => needsTurn.has(type))) messages.push({ type: 'enter', id: OWN_ID + 1, pass: this.#pass });
    return messages;
  }

  // --- what is pushed ---

  async #listen() {
    while (this.readyState === OPEN) {
      const { key, messages } = this.#interest();
      if (!messages) {
        await new Promise((resolve) => { this.#wake = resolve; });
        continue;
      }
      this.#listening = new AbortController();
      // What the page asked in between may have changed who we are; then what is heard is no longer of use.
      this.#wake = () => this.#interest().key !== key && this.#listening.abort();
      const asked = this.#asked;
      const answers = await this.#poll(messages, WAIT_MS, this.#listening);
      this.#wake = () => {};
      if (!answers) continue; // stopped, by ourselves or for good
      let pauseMs = PAUSE_MS;
      for (const message of answers) {
        if (message.re === undefined) this.#push(message);
        // What was said when the poll began is older than the answers to what the page asked since.
        else if (asked === this.#asked) pauseMs = Math.max(pauseMs, this.#takeOwn(message));
      }
      await sleep(pauseMs);
    }
  }

  // What a listening poll says, and a key that changes when another one should be sent instead.
  #interest() {
    const key = [Boolean(this.#receipt), this.#isInside, this.#version !== null, this.#isAway].join();
    if (!this.#receipt) return { key };
    const known = this.#admission === null ? this.#place && { ...this.#place, free: this.#free } : { type: 'admitted', admission: this.#admission };
    const messages = [{ type: 'resume', id: OWN_ID, receipt: this.#receipt, known: known ?? { type: null } }];
    if (this.#isInside) {
      const hold = this.#hold === undefined ? {} : { hold: this.#hold };
      messages.push({ type: 'enter', id: OWN_ID + 1, pass: this.#pass, known: hold });
      if (this.#version !== null) messages.push({ type: 'map', id: OWN_ID + 2, known: { version: this.#version } });
    } else if (this.#isAway) {
      messages.push({ type: 'away', id: OWN_ID + 3, is_away: true });
    }
    return { key, messages };
  }

  // An answer to what a listening poll said about us: told to the page as a push when it is news. Gives a time to wait.
  #takeOwn(answer) {
    const { re, ...message } = answer;
    const { type } = message;
    if (type === 'error') return this.#takeRefusal(message);
    const isNews = (type === 'place' && !same(placeOf(message), this.#place))
      || (type === 'admitted' && message.admission !== this.#admission)
      || (type === 'map' && message.version !== this.#version);
    if (type === 'entered') this.#takeHold(message);
    const text = type === 'place' ? message.message ?? '' : null;
    const isNotice = text !== null && text !== (this.#place?.message ?? '');
    this.#learn(answer);
    if (isNotice) this.#tell({ type: 'notice', text }); // as a push a place does not speak of it
    if (isNews) this.#tell(message);
    return 0;
  }

  #takeRefusal({ code, retry_s }) {
    if (later.has(code)) return (retry_s ?? 5) * 1000;
    if (code === 'unknown_message') return 0;
    // The place or the turn is over and we missed why: the page finds out, as after a broken connection.
    this.#asked++; // the other answers of this poll are refusals too
    this.#forget();
    this.onopen?.();
    return 0;
  }

  // What became of the hold, when nobody heard the push that told it.
  #takeHold({ hold, deadline_ms }) {
    if (this.#isPaying && !hold?.order) return this.#push(this.#outcome(hold));
    if (this.#hold === undefined || same(hold, this.#hold)) return;
    if (hold?.order) this.#push(hold);
    else this.#push(hold ?? { type: 'held', seats: [], total_minor: 0, deadline_ms });
  }

  #outcome(hold) {
    return hold ? { type: 'declined', order: this.#order, reason: 'unknown', deadline_ms: hold.deadline_ms }
      : { type: 'unsold', order: this.#order, reason: 'time_out' };
  }

  #push(message) {
    this.#learn(message);
    this.#tell(message);
  }

  #tell(message) {
    if (this.readyState === OPEN) this.onmessage?.({ data: JSON.stringify(message) });
  }

  // --- what is known ---

  #learn(message) {
    const { type } = message;
    if (message.receipt) this.#receipt = message.receipt;
    if (message.pass) this.#pass = message.pass;
    if (type === 'place') this.#learnPlace(message);
    else if (type === 'admitted') this.#admission = message.admission;
    else if (type === 'entered') this.#learnEntered(message);
    else if (type === 'map' || type === 'seats') this.#version = message.version;
    else if (type === 'notice' && this.#place) this.#place.message = message.text || null;
    else if (type === 'paying') this.#isPaying = true;
    else if (['held', 'payment', 'released', 'declined', 'unsold'].includes(type)) this.#learnHold(message);
    else if (['left', 'expired', 'confirmed'].includes(type)) this.#forget();
  }

  #learnPlace(message) {
    const place = placeOf(message);
    if (message.re === undefined) place.message = this.#place?.message ?? null; // pushes do not speak of it
    this.#place = place;
    this.#free = message.free;
    this.#admission = null;
    this.#isInside = false;
  }

  #learnEntered({ hold }) {
    this.#isInside = true;
    this.#hold = hold;
    this.#order = hold?.order ?? this.#order;
  }

  #learnHold({ type, order }) {
    this.#hold = undefined; // the next listening poll is told anew
    this.#order = type === 'payment' ? order : null;
    this.#isPaying = false;
  }

  #forget() {
    this.#receipt = this.#pass = this.#place = this.#admission = this.#version = this.#order = null;
    this.#isInside = this.#isPaying = false;
    this.#hold = undefined;
  }

  // --- HTTP ---

  // The messages of the answer; null when it was aborted or the socket is over.
  async #poll(messages, waitMs, abort = new AbortController()) {
    if (waitMs === 0) this.#sending = abort;
    let isLate = false;
    const timer = setTimeout(() => { isLate = true; abort.abort(); }, ANSWER_MS_MAX);
    try {
      const answer = await fetch(this.#url, {
        method: 'POST', cache: 'no-store', signal: abort.signal, body: JSON.stringify({ wait_ms: waitMs, messages }),
      });
      const said = await answer.json();
      if (!answer.ok) return this.#end(said.error === 'full' ? FULL : ABNORMAL);
      if (said.close) setTimeout(() => this.#end(said.close)); // when what was said has been told
      return said.messages;
    } catch {
      return abort.signal.aborted && !isLate ? null : this.#end(ABNORMAL);
    } finally {
      clearTimeout(timer);
    }
  }

  #end(code) {
    if (this.readyState === CLOSED) return null;
    this.readyState = CLOSED;
    this.#listening?.abort();
    this.#sending?.abort();
    this.#wake();
    this.onclose?.({ code });
    return null;
  }
}
