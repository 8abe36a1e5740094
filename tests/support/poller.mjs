// A visitor over polls (docs/protocol.md section 8). Every request opens a connection of its own, so that it may meet any
// gateway.
import assert from 'node:assert/strict';
import http from 'node:http';
import { ofEachGateway } from './gateways.mjs';
import { askRedis } from './redis.mjs';
import { until } from './stanchion.mjs';

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

  // The answers to these messages, in their order, then whatever was pushed meanwhile.
  async inside(messages, waitMs = 0) {
    const who = [{ type: 'resume', receipt: this.receipt }, { type: 'enter', pass: this.pass }];
    const { body } = await this.poll([...who, ...messages].map((message, id) => ({ ...message, id })), waitMs);
    const answers = body.messages.filter(({ re }) => re >= who.length);
    return [...answers, ...body.messages.filter(({ re }) => re === undefined)];
  }

  // Pays what was checked out: how it ends. Should that have been told between two polls, the next one shows it.
  async pay(order, card) {
    let told = await this.inside([{ type: 'pay', order, card }], 20_000);
    assert.equal(told[0].type, 'paying', JSON.stringify(told));
    for (let polls = 0; polls < 10; polls++) {
      const outcome = told.find((message) => message.order === order && ['declined', 'confirmed', 'unsold'].includes(message.type));
      if (outcome) return outcome;
      told = await this.inside([{ type: 'tickets' }], 3000);
      const bought = told[0].orders?.find((one) => one.order === order);
      if (bought) return { type: 'confirmed', ...bought };
    }
    return assert.fail(`no outcome of ${order}: ${JSON.stringify(told)}`);
  }

  async join() {
    const { body } = await this.poll([{ type: 'join', id: 1 }]);
    return body.messages[0];
  }

  // How many are ahead, as soon as every gateway has counted those who left.
  async aheadEverywhere() {
    const { seq } = await this.join();
    const event = this.server.event, where = `/api/v1/events/${event}/poll`;
    const request = { method: 'POST', headers: { Cookie: this.cookie }, body: JSON.stringify({ messages: [{ type: 'join', id: 1 }] }) };
    return until('every gateway has counted', async () => {
      const ahead = await askRedis(this.server, 'ZCOUNT', `ev:${event}:waiting`, '-inf', `(${seq}`);
      const told = await ofEachGateway(this.server, (gateway) => gateway.ask(where, request));
      return told.every(({ text }) => JSON.parse(text).messages[0].ahead === ahead) && { ahead };
    }).then(({ ahead }) => ahead);
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
