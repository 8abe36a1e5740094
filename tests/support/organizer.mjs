// Somebody at the organizer's console, without a browser: keeps the cookie and asks.
import assert from 'node:assert/strict';

export class Organizer {
  constructor(server) {
    this.server = server;
    this.cookie = '';
  }

  // { status, body, headers }; body is an object, or the text when it is not JSON
  async ask(method, path, body, headers = {}) {
    const answer = await fetch(`${this.server.url}/api/v1/organizer/${path}`, {
      method,
      headers: { Cookie: this.cookie, ...(method === 'GET' ? {} : { Origin: this.server.url }), ...headers },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const cookie = answer.headers.get('set-cookie');
    if (cookie) [this.cookie] = cookie.split(';');
    const text = await answer.text();
    const isJson = (answer.headers.get('content-type') ?? '').includes('json');
    return { status: answer.status, body: isJson ? JSON.parse(text) : text, headers: answer.headers };
  }

  get(path) { return this.ask('GET', path); }

  post(path, body = {}) { return this.ask('POST', path, body); }

  // The answer's body, which must have come with this status.
  async must(status, method, path, body = method === 'POST' ? {} : undefined) {
    const answer = await this.ask(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async signIn(name, password) {
    return this.must(200, 'POST', 'session', { name, password });
  }
}

// An account that has changed its first password, signed in.
export async function organizerOf(server, name, role) {
  const first = (await server.cli(['account', 'create', name, '--role', role])).stdout.trim();
  const organizer = new Organizer(server);
  await organizer.signIn(name, first);
  await organizer.must(200, 'POST', 'password', { old: first, new: `${name} has a long one` });
  return organizer;
}
