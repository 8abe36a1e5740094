// A browser without JavaScript: cookies by their path, forms, redirects that are followed by GET.
import assert from 'node:assert/strict';
import http from 'node:http';

export class PlainBrowser {
  constructor(server) { Object.assign(this, { server, cookies: new Map(), page: '', status: 0, headers: {}, hops: 0 }); }

  cookieFor(path) {
    const fitting = [...this.cookies.values()].filter((cookie) => path.startsWith(cookie.path));
    return fitting.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  #keep(lines = []) {
    for (const line of lines) {
      const [pair, ...rest] = line.split('; ');
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const path = rest.find((part) => part.startsWith('Path=')).slice(5);
      assert.ok(rest.includes('HttpOnly') && rest.includes('SameSite=Lax'), line);
      if (rest.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, { name, value, path });
    }
  }

  #ask(method, path, body, headers) {
    return new Promise((resolve, reject) => {
      const cookie = this.cookieFor(path);
      const all = { ...(cookie ? { Cookie: cookie } : {}), ...headers };
      const request = http.request(this.server.url + path, { method, agent: false, headers: all }, (answer) => {
        let text = '';
        answer.on('data', (data) => { text += data; });
        answer.on('end', () => resolve({ answer, text }));
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  async go(path, { method = 'GET', body = undefined, headers = {} } = {}) {
    const { answer, text } = await this.#ask(method, path, body, headers);
    this.#keep(answer.headers['set-cookie']);
    Object.assign(this, { page: text, status: answer.statusCode, headers: answer.headers });
    if (answer.statusCode !== 303) return this;
    this.hops++;
    return this.go(answer.headers.location);
  }

  press(action, headers = {}) {
    return this.go('/e/arena/line', { method: 'POST', body: `action=${action}`, headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers } });
  }

  get number() { return Number(this.page.match(/class="place-number[^"]*">([\d,]+)</)?.[1].replaceAll(',', '') ?? NaN); }
  get refreshS() { return Number(this.page.match(/<meta http-equiv="refresh" content="(\d+); url=\/e\/arena\/line">/)?.[1] ?? 0); }
  get says() { return this.page.replace(/<head>.*<\/head>/s, '').replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' '); }
}
