// A visitor over polls (docs/protocol.md section 8). Every request opens a connection of its own, so that it may meet any
// gateway.
import assert from 'node:assert/strict';
import http from 'node:http';

// { status, ms, headers, body }
export function post(server, where, body, headers = {}, onRequest = () => {}) {
  const asked = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(server.url + where, { method: 'POST', agent: false, headers }, (answer) => {
      let text = '';
      answer.on('data', (data) => { text += data; });
      answer.on('end', () => resolve({
        status: answer.statusCode, headers: answer.headers, ms: performance.now() - asked, body: JSON.parse(text),
      }));
    });
    request.on('error', reject);
    request.end(typeof body === 'string' ? body : JSON.stringify(body));
    onRequest(request);
  });
}

// A client of polls: remembers its cookie, its receipt and its pass, and nothing else.
export class Poller {
  constructor(server) { Object.assign(this, { server, cookie: null, receipt: null, pass: null }); }

  async poll(messages, waitMs = 0, onRequest = undefined) {
    const headers = this.cookie ? { Cookie: this.cookie } : {};
    const answer = await post(this.server, `/api/v1/events/${this.server.event}/poll`, { wait_ms: waitMs, messages }, headers, onRequest);
    this.cookie ??= answer.headers['set-cookie']?.[0].split(';')[0] ?? null;
    for (const { receipt, pass } of answer.body.messages ?? []) {
      this.receipt = receipt ?? this.receipt;
      this.pass = pass ?? this.pass;
    }
    return answer;
  }

  // The messages after those that say who it is.
  async inside(messages, waitMs = 0) {
    const { body } = await this.poll([{ type: 'resume', receipt: this.receipt }, { type: 'enter', pass: this.pass }, ...messages], waitMs);
    return body.messages.slice(2);
  }

  async join() {
    const { body } = await this.poll([{ type: 'join', id: 1 }]);
    return body.messages[0];
  }

  // Waits for a message of this type, poll after poll.
  async until(type, messages = [{ type: 'resume', receipt: this.receipt, known: { type: 'place' } }]) {
    for (let polls = 0; polls < 20; polls++) {
      const { body } = await this.poll(messages, 3000);
      const found = body.messages.find((message) => message.type === type);
      if (found) return found;
    }
    return assert.fail(`${type} never came`);
  }
}
