// nginx and HAProxy in front, with the files of docs/examples/site: only names, ports and sizes are other ones here.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort, root, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const site = (name) => fs.readFileSync(path.join(root, 'docs/examples/site', name), 'utf8');
const sub = (text, pairs) => pairs.reduce((changed, [from, to]) => {
  assert.ok(typeof from === 'string' ? changed.includes(from) : from.test(changed), `there is ${from}`);
  return changed.replaceAll(from, to);
}, text);
const isInstalled = (program) => { try { execFileSync(program, ['-v'], { stdio: 'ignore' }); return true; } catch { return false; } };

const PROXIES = {
  nginx: (dir, ports) => {
    const text = sub(site('nginx.conf'), [['user www-data;\n', ''], ['worker_processes auto', 'worker_processes 2'], ['worker_rlimit_nofile 800000', 'worker_rlimit_nofile 2000'],
      ['worker_connections 100000', 'worker_connections 1000'], ['pid /run/nginx.pid', 'daemon off; pid nginx.pid'], ['listen 80 ', `listen 127.0.0.1:${ports.plain} `],
      ['listen 443 ', `listen 127.0.0.1:${ports.tls} `], ['/etc/ssl/tickets.example.crt', `${dir}/crt`], ['/etc/ssl/private/tickets.example.key', `${dir}/key`],
      ['/var/cache/nginx/stanchion', `${dir}/cache`], ['127.0.0.1:8080', `127.0.0.1:${ports.server}`], ['access_log off;', ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].reduce((all, one) => `${all} ${one}_temp_path ${dir}/${one};`, 'access_log off;')]]);
    fs.writeFileSync(path.join(dir, 'nginx.conf'), text);
    return ['nginx', '-p', dir, '-c', `${dir}/nginx.conf`, '-e', `${dir}/error.log`];
  },
  haproxy: (dir, ports) => {
    const text = sub(site('haproxy.cfg'), [['    user haproxy\n    group haproxy\n', ''], ['maxconn 400000', 'maxconn 500'], ['bind :80 ', `bind 127.0.0.1:${ports.plain} `],
      ['bind :443 ', `bind 127.0.0.1:${ports.tls} `], ['/etc/ssl/private/tickets.example.pem', `${dir}/pem`], ['127.0.0.1:8080', `127.0.0.1:${ports.server}`]]);
    fs.writeFileSync(path.join(dir, 'haproxy.cfg'), text);
    return ['haproxy', '-db', '-f', `${dir}/haproxy.cfg`];
  },
};

// { status, headers, text }; the certificate is our own.
function ask(ports, where, { method = 'GET', headers = {}, body = undefined, from = undefined } = {}) {
  return new Promise((resolve, reject) => {
    const request = https.request(`https://127.0.0.1:${ports.tls}${where}`, { method, headers, agent: false, localAddress: from, rejectUnauthorized: false }, (answer) => {
      let text = '';
      answer.on('data', (data) => { text += data; });
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

for (const [name, configure] of Object.entries(PROXIES)) {
  describe(name, { skip: isInstalled(name) ? false : `${name} is not installed` }, () => {
    const dir = temporaryDirectory(), ports = {};
    let proxy, server, own;
    before(async () => {
      for (const one of ['tls', 'plain', 'server']) ports[one] = await freePort();
      fs.chmodSync(dir, 0o755); // nginx' worker is another user
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=tickets.example',
        '-keyout', `${dir}/key`, '-out', `${dir}/crt`], { stdio: 'ignore' });
      fs.writeFileSync(`${dir}/pem`, fs.readFileSync(`${dir}/crt`, 'utf8') + fs.readFileSync(`${dir}/key`, 'utf8'));
      const [proxies] = site('stanchion.ini').match(/^proxies = (.*)$/m).slice(1);
      server = await startStanchion({ port: ports.server, event: 'arena',
        flags: ['--gateways', '2', '--proxies', proxies, '--public.url', `https://127.0.0.1:${ports.tls}`, '--account.tries_per_minute', '3'] });
      const [program, ...args] = configure(dir, ports);
      proxy = spawn(program, args, { stdio: 'ignore', cwd: dir });
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // for the visitors' WebSockets
      own = { url: `https://127.0.0.1:${ports.tls}`, wsUrl: `wss://127.0.0.1:${ports.tls}`, event: 'arena' };
      await until('the proxy answers', () => ask(ports, '/healthz').then(({ status }) => status === 200, () => false), { msMax: 20_000 });
    });
    after(async () => {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      proxy?.kill('SIGTERM');
      await server?.stop();
      fs.rmSync(dir, { recursive: true, force: true });
    });

    test('a visitor comes, waits, buys and sees the ticket', async () => {
      const visitor = await visit(own);
      assert.match(visitor.cookie, /^stanchion_visitor=/);
      assert.equal((await visitor.enter()).type, 'entered');
      assert.equal((await visitor.ask({ type: 'hold', seats: [7, 8] })).type, 'held');
      const { order } = await visitor.ask({ type: 'checkout' });
      await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
      assert.equal((await visitor.push('confirmed')).tickets.length, 2);
      await visitor.close();
    });

    test('pages are there, cookies are for TLS only, and other sites\' pages are refused', async () => {
      const page = await ask(ports, '/e/arena');
      assert.equal(page.status, 200);
      assert.match(page.headers['content-security-policy'], /default-src/);
      const polled = await ask(ports, '/api/v1/events/arena/poll', { method: 'POST', body: JSON.stringify({ wait_ms: 0, messages: [{ type: 'join' }] }) });
      assert.equal(polled.status, 200);
      assert.match(polled.headers['set-cookie'][0], /; Secure/);
      const body = JSON.stringify({ email: 'ann@example.org', password: 'correct horse' });
      assert.equal((await ask(ports, '/api/v1/account', { method: 'POST', headers: { Origin: 'https://elsewhere.example' }, body })).status, 403);
      assert.equal((await ask(ports, '/api/v1/account', { method: 'POST', headers: { Origin: own.url }, body })).status, 202);
    });

    test('who comes without TLS is sent there, and the figures are nobody\'s business', async () => {
      const plain = await fetch(`http://127.0.0.1:${ports.plain}/e/arena`, { redirect: 'manual' });
      assert.equal(plain.status, 301);
      assert.match(plain.headers.get('location'), /^https:\/\/.*\/e\/arena$/);
      assert.equal((await ask(ports, '/metrics')).status, 404);
      assert.equal((await fetch(`${server.url}/metrics`)).status, 200, 'at the server itself they are told');
    });

    // Were the proxy's own address taken for the visitor's, the second visitor would be too fast as well; and were the
    // header taken as it comes, the first could go on for ever.
    test('tries are counted by the visitor\'s address, whatever the visitor says it is', async () => {
      const tries = (from, made_up) => ask(ports, '/api/v1/account/session', { method: 'POST', from,
        headers: { Origin: own.url, ...(made_up ? { 'X-Forwarded-For': made_up } : {}) }, body: JSON.stringify({ email: `${crypto.randomUUID()}@example.org`, password: 'wrong password' }) });
      const codes = []; // three a minute, and a minute may end meanwhile
      while (codes.length < 8 && codes.at(-1) !== 429) codes.push((await tries('127.0.0.9', `203.0.113.${codes.length}`)).status);
      assert.equal(codes.at(-1), 429, codes.join());
      const others = [];
      for (let i = 10; i < 18; i++) others.push((await tries(`127.0.0.${i}`)).status); // whichever of its addresses the proxy comes from
      assert.deepEqual([...new Set(others)], [401]);
    });

    test('what the pages consist of comes from the proxy; what changes does not', async () => {
      const [part] = (await ask(ports, '/e/arena')).text.match(/\/a\/\w+\/style\.css/);
      const get = (where, encoding) => ask(ports, where, { headers: encoding ? { 'Accept-Encoding': encoding } : {} });
      const before = await get(part, 'gzip');
      assert.deepEqual([before.status, before.headers['content-encoding']], [200, 'gzip']);
      await server.stop();
      server = null;
      const after = await get(part, 'gzip');
      assert.deepEqual([after.status, after.headers['content-encoding'], after.text], [200, 'gzip', before.text]);
      assert.ok((await get('/api/v1/events/arena')).status >= 500);
    });
  });
}
