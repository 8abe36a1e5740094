// Visitors' accounts against a running server with two gateways: nothing tells who has an account, a session is good
// until it ends or is signed out anywhere, one account has one place.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { call, newAccount, signIn, signOut, signUp, whoAmI } from '../support/accounts.mjs';
import { metricOfEach, ofEachGateway } from '../support/gateways.mjs';
import { sleep, startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

let server;
before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2', '--account.sign_ups_per_hour', '1000',
    '--account.tries_per_minute', '10000'], event: 'arena' });
  await server.set('require_account=1', 'admit_per_tick=0', 'recovery_ms=0');
});
after(async () => { await server?.stop(); });

// Once it is answered, no gateway takes the session: ten times in a row meets both.
async function isSignedOut(cookie) {
  const answers = await Promise.all(Array.from({ length: 10 }, () => whoAmI(server, cookie)));
  assert.deepEqual(answers.map(({ status }) => status), Array.from({ length: 10 }, () => 401));
}

// Sockets on both gateways, three at least on each.
async function onBothGateways(cookie) {
  const visitors = [];
  await until('sockets on both gateways', async () => {
    for (let i = 0; i < 6; i++) visitors.push(await visit(server, { cookie }));
    return (await metricOfEach(server, 'connections')).every((count) => count >= 3);
  });
  return visitors;
}

test('sign up, sign in, see it, sign out', async () => {
  assert.deepEqual((await signUp(server, ' Ann@Example.ORG ', 'correct horse')).body, { email: 'ann@example.org' });
  const signed = await signIn(server, 'ann@example.org', 'correct horse');
  assert.equal(signed.status, 200);
  assert.equal(signed.body.email, 'ann@example.org');
  assert.match(signed.set, /^stanchion_account=a1\.[\w-]+\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/);
  assert.equal((await whoAmI(server, signed.cookie)).body.email, 'ann@example.org');
  const out = await signOut(server, signed.cookie);
  assert.equal(out.status, 204);
  assert.match(out.set, /^stanchion_account=; .*Max-Age=0/);
  await isSignedOut(signed.cookie);
  assert.equal((await signOut(server, signed.cookie)).status, 204, 'twice is harmless');
  assert.equal((await signOut(server, null)).status, 204);
});

test('answers do not tell whether an address has an account', async () => {
  const same = ['set-cookie', 'content-type', 'content-length', 'retry-after', 'connection'];
  const shape = ({ status, text, headers }) => [status, text, ...same.map((name) => headers.get(name))];
  await newAccount(server, 'known@example.org');
  const wrong = await signIn(server, 'known@example.org', 'battery staple');
  const unknown = await signIn(server, 'nobody@example.org', 'battery staple');
  assert.equal(wrong.status, 401);
  assert.equal(wrong.body.error, 'wrong_password');
  assert.deepEqual(shape(wrong), shape(unknown));
  const again = await signUp(server, 'known@example.org', 'another password');
  const fresh = await signUp(server, 'fresh@example.org', 'another password');
  assert.equal(again.status, 202);
  assert.deepEqual(shape({ ...again, text: again.text.replace('known', 'fresh') }), shape(fresh));
  assert.equal((await signIn(server, 'known@example.org', 'another password')).status, 401, 'the account stays as it was');
  assert.equal((await signIn(server, 'known@example.org', 'correct horse')).status, 200);
});

// Nearly all of the time goes into one hash of a password: each of them must cost exactly one, whoever is known.
test('neither does the work they cost', async () => {
  const hashes = async (work) => {
    const count = async () => (await metricOfEach(server, 'account_passwords_total')).reduce((sum, one) => sum + one, 0);
    const before = await count();
    await work();
    return await count() - before;
  };
  await newAccount(server, 'slow@example.org');
  assert.equal(await hashes(() => signIn(server, 'nobody@example.net', 'battery staple')), 1, 'an unknown address');
  assert.equal(await hashes(() => signIn(server, 'slow@example.org', 'battery staple')), 1, 'a wrong password');
  assert.equal(await hashes(() => signUp(server, 'new@example.net', 'battery staple')), 1, 'a new address');
  assert.equal(await hashes(() => signUp(server, 'slow@example.org', 'battery staple')), 1, 'an address that has an account');
});

test('an event that requires an account takes no anonymous visitor, and one account has one place', async () => {
  const event = await (await fetch(`${server.url}/api/v1/events/arena`)).json();
  assert.equal(event.require_account, true);
  const anonymous = await visit(server);
  assert.equal((await anonymous.ask({ type: 'join' })).code, 'sign_in');
  const phone = await visit(server, { cookie: await newAccount(server, 'bea@example.org') });
  const { cookie } = await signIn(server, 'bea@example.org', 'correct horse');
  const laptop = await visit(server, { cookie });
  const place = await phone.ask({ type: 'join' });
  assert.equal(place.type, 'place');
  assert.equal((await laptop.ask({ type: 'join' })).seq, place.seq);
  // A receipt alone does not make anybody the account's visitor, also where no account is required.
  assert.equal((await anonymous.ask({ type: 'resume', receipt: place.receipt })).code, 'sign_in');
  await server.set('require_account=0');
  assert.equal((await anonymous.ask({ type: 'join' })).type, 'place', 'the event takes anybody');
  const thief = await visit(server);
  assert.equal((await thief.ask({ type: 'resume', receipt: place.receipt })).code, 'sign_in');
  const other = await visit(server, { cookie: await newAccount(server, 'carl@example.org') });
  assert.equal((await other.ask({ type: 'resume', receipt: place.receipt })).code, 'receipt_other_visitor');
  await server.set('require_account=1');
  assert.equal((await thief.ask({ type: 'join' })).code, 'sign_in', 'not again');
  for (const one of [anonymous, phone, laptop, thief, other]) await one.close();
});

test('signing out ends the session on every gateway and on open sockets, and no other session', async () => {
  const cookie = await newAccount(server, 'dora@example.org');
  const other = await visit(server, { cookie: (await signIn(server, 'dora@example.org', 'correct horse')).cookie });
  const place = await other.ask({ type: 'join' });
  const sockets = await onBothGateways(cookie);
  for (const one of sockets) assert.equal((await one.ask({ type: 'join' })).seq, place.seq);
  assert.equal((await signOut(server, cookie)).status, 204);
  for (const one of sockets) {
    assert.equal(await one.ended, 1008);
    assert.equal(one.pushes.find((push) => push.type === 'error')?.code, 'sign_in');
  }
  for (const one of await onBothGateways(cookie)) {
    assert.equal((await one.ask({ type: 'join' })).code, 'sign_in');
    await one.close();
  }
  assert.equal((await other.ask({ type: 'join' })).seq, place.seq, 'the other session goes on');
  await other.close();
});

test('when signing out is answered, every gateway knows', async () => {
  await newAccount(server, 'otto@example.org');
  for (let i = 0; i < 20; i++) {
    const { cookie } = await signIn(server, 'otto@example.org', 'correct horse');
    assert.equal((await signOut(server, cookie)).status, 204);
    await isSignedOut(cookie);
  }
});

const ask = (agent, method, where, cookie) => new Promise((resolve) => {
  const request = http.request(server.url + where, { agent, method, headers: { Cookie: cookie, Origin: server.url } }, (answer) => {
    answer.resume().on('end', () => resolve(answer.statusCode));
  });
  request.on('error', () => resolve(0)).end();
});

test('a gateway that does not answer keeps nobody signed in, nor anybody waiting', async () => {
  const cookie = await newAccount(server, 'paul@example.org');
  const stopped = server.children()['gateway 1'];
  process.kill(stopped, 'SIGSTOP');
  try {
    const agent = await until('a connection to the gateway that runs', async () => {
      const one = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const status = await Promise.race([ask(one, 'GET', '/api/v1/time', cookie), sleep(500)]);
      return status === 200 && one;
    });
    const start = performance.now();
    assert.equal(await Promise.race([ask(agent, 'DELETE', '/api/v1/account/session', cookie), sleep(30_000)]), 204);
    const took = performance.now() - start;
    assert.ok(took > 400 && took < 30_000, `${took} ms`);
  } finally {
    process.kill(stopped, 'SIGCONT');
  }
  await until('it has heard of it', () => isSignedOut(cookie).then(() => true, () => false));
});

test('who was signed out stays so when gateways die and when Redis comes back empty', async () => {
  const cookie = await newAccount(server, 'emil@example.org');
  const living = (await signIn(server, 'emil@example.org', 'correct horse')).cookie;
  assert.equal((await signOut(server, cookie)).status, 204);
  const statuses = (who) => ofEachGateway(server, (gateway) => gateway.ask('/api/v1/account', { headers: { Cookie: who } }))
    .then((answers) => answers.map(({ status }) => status), () => []);
  const isBack = async () => { const all = await statuses(living); return all.length === 2 && all.every((status) => status === 200); };
  const killGateways = () => Object.entries(server.children()).filter(([name]) => name.startsWith('gateway'))
    .forEach(([, pid]) => process.kill(pid, 'SIGKILL'));
  killGateways();
  await until('gateways are back', isBack);
  assert.deepEqual(await statuses(cookie), [401, 401], 'after the gateways');
  // New gateways meet a Redis that the ledger has not filled again: they must not take the empty list for the truth.
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  redisCommand(server, 'FLUSHALL');
  killGateways();
  await until('a gateway answers', () => fetch(`${server.url}/api/v1/time`).then(() => true, () => false));
  for (let i = 0; i < 10; i++) {
    const { status } = await whoAmI(server, cookie).catch(() => ({ status: 0 }));
    assert.ok([0, 503].includes(status), `a session that was signed out is answered ${status}`);
    await sleep(100);
  }
  process.kill(ledger, 'SIGCONT');
  await until('gateways are back', isBack);
  const socket = await until('a gateway takes visitors', () => visit(server, { cookie }).catch(() => null));
  assert.equal((await socket.ask({ type: 'join' })).code, 'sign_in');
  await socket.close();
  assert.deepEqual(await statuses(cookie), [401, 401], 'after Redis');
});

function redisCommand(own, ...words) {
  const socket = ['redis.sock', 'redis/redis.sock'].map((name) => path.join(own.dir, name)).find((file) => fs.existsSync(file));
  return execFileSync('redis-cli', ['-s', socket, ...words]).toString();
}

test('a forgotten password is set by the organizer', async () => {
  await newAccount(server, 'karl@example.org');
  const reset = await server.cli(['account', 'visitor', ' Karl@example.org', '--generate']);
  assert.equal(reset.code, 0, reset.stderr);
  assert.equal((await signIn(server, 'karl@example.org', 'correct horse')).status, 401);
  assert.equal((await signIn(server, 'karl@example.org', reset.stdout.trim())).status, 200);
  const set = await server.cli(['account', 'visitor', 'karl@example.org'], { input: 'a long enough one\n' });
  assert.equal(set.stdout, 'the password of karl@example.org is set\n');
  assert.equal((await signIn(server, 'karl@example.org', 'a long enough one')).status, 200);
  for (const [args, code, problem] of [[['nobody@example.org', '--generate'], 1, /no account with the e-mail address/], [['nobody', '--generate'], 2, /not an e-mail/]]) {
    const refused = await server.cli(['account', 'visitor', ...args]);
    assert.equal(refused.code, code);
    assert.match(refused.stderr, problem);
  }
});

test('a poll is as good as a socket: same visitor, same refusal, same end', async () => {
  const poll = (cookie, messages, wait_ms = 0) => call(server, 'POST', '/api/v1/events/arena/poll', { wait_ms, messages }, { cookie });
  const join = [{ type: 'join', id: 1 }];
  assert.equal((await poll(null, join)).body.messages[0].code, 'sign_in');
  const cookie = await newAccount(server, 'lena@example.org');
  const { body, cookie: given } = await poll(cookie, join);
  assert.equal(body.messages[0].type, 'place');
  assert.equal(given, null, 'no other cookie is given');
  const socket = await visit(server, { cookie });
  assert.equal((await socket.ask({ type: 'join' })).seq, body.messages[0].seq);
  await socket.close();
  const waiting = poll(cookie, [], 20_000);
  await until('it waits', async () => (await metricOfEach(server, 'polls')).includes(1));
  assert.equal((await signOut(server, cookie)).status, 204);
  const end = (await waiting).body;
  assert.deepEqual([end.messages.at(-1).code, end.close], ['sign_in', 1008]);
  await isSignedOut(cookie);
  assert.equal((await poll(cookie, join)).body.messages[0].code, 'sign_in');
});

test('forged, altered and borrowed sessions are nobody', async () => {
  const cookie = await newAccount(server, 'fritz@example.org');
  const [, payload, signature] = cookie.split('=')[1].split('.');
  const text = Buffer.from(payload, 'base64url').toString();
  assert.match(text, /^\d{13} [0-9a-f]{16} \.[\w-]{11} fritz@example\.org$/);
  const later = Buffer.from(text.replace(/^\d/, '9')).toString('base64url');
  const other = Buffer.from(text.replace('fritz@', 'ann@')).toString('base64url');
  const page = await fetch(`${server.url}/e/arena`);
  const visitorToken = page.headers.get('set-cookie').split(';')[0].split('=')[1];
  const forged = [`a1.${later}.${signature}`, `a1.${other}.${signature}`, `a1.${payload}.${signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`,
    `a1.${payload}.`, '', 'a1..', visitorToken, visitorToken.replace(/^v/, 'a'), 'x'.repeat(600)];
  for (const token of forged) {
    assert.equal((await whoAmI(server, `stanchion_account=${token}`)).status, 401, token);
    const socket = await visit(server, { cookie: `stanchion_account=${token}` });
    assert.equal((await socket.ask({ type: 'join' })).code, 'sign_in', token);
    await socket.close();
  }
  // An account's token is no visitor's cookie either.
  const socket = await visit(server, { cookie: `stanchion_visitor=${cookie.split('=')[1]}` });
  assert.equal((await socket.ask({ type: 'join' })).code, 'sign_in');
  await socket.close();
});

test('a foreign Origin can neither sign up, in nor out', async () => {
  const cookie = await newAccount(server, 'gerd@example.org');
  const foreign = { origin: 'https://evil.example' };
  assert.equal((await signUp(server, 'victim@example.org', 'correct horse', foreign)).status, 403);
  assert.equal((await signIn(server, 'victim@example.org', 'correct horse')).status, 401, 'no account was made');
  const refused = await signIn(server, 'gerd@example.org', 'correct horse', foreign);
  assert.deepEqual([refused.status, refused.body.error, refused.set], [403, 'bad_origin', null]);
  assert.equal((await signOut(server, cookie, foreign)).status, 403);
  assert.equal((await whoAmI(server, cookie)).status, 200);
});

test('what is not an address and a password is refused with a sentence', async () => {
  const bodies = ['', '{', '[]', '{}', { email: 'a@b' }, { password: 'correct horse' }, { email: 7, password: 'correct horse' },
    { email: 'nobody', password: 'correct horse' }, { email: 'a@b@c', password: 'correct horse' },
    { email: 'a b@c.org', password: 'correct horse' }, { email: `${'a'.repeat(250)}@example.org`, password: 'correct horse' },
    { email: 'a@b.org', password: 'short' }, { email: 'a@b.org', password: 'x'.repeat(257) }, { email: 'a@b.org', password: 12345678 },
    '{"email":"a@b.org","password":"correct\\u0000horse"}'];
  for (const body of bodies) {
    const answer = await call(server, 'POST', '/api/v1/account', body);
    assert.deepEqual([answer.status, answer.body.error], [400, 'bad_message'], JSON.stringify(body));
    assert.ok(answer.body.message.length > 10);
  }
  assert.equal((await call(server, 'POST', '/api/v1/account/session', { email: 'a@b.org', password: '' })).status, 400);
  assert.equal((await call(server, 'POST', '/api/v1/account', 'x'.repeat(70_000))).status, 413);
  const longest = `${'a'.repeat(64)}@${'b'.repeat(185)}.org`;
  assert.equal((await whoAmI(server, await newAccount(server, longest, 'p'.repeat(256)))).body.email, longest);
});

test('while the ledger is stopped nobody signs in, and it is said', async () => {
  const cookie = await newAccount(server, 'hans@example.org');
  const { ledger } = server.children();
  process.kill(ledger, 'SIGSTOP');
  const [up, signed] = await Promise.all([signUp(server, 'ida@example.org', 'correct horse'),
    signIn(server, 'hans@example.org', 'correct horse')]);
  const seen = await whoAmI(server, cookie);
  const out = await signOut(server, cookie);
  process.kill(ledger, 'SIGCONT');
  for (const answer of [up, signed]) {
    assert.deepEqual([answer.status, answer.body.error], [503, 'ledger_down']);
    assert.ok(Number(answer.headers.get('retry-after')) > 0);
  }
  assert.equal(seen.status, 200, 'who is signed in stays so');
  assert.equal(out.status, 204, 'and can sign out');
});

// --- with limits of their own ---

async function withServer(flags, work) {
  const own = await startStanchion({ flags: ['--gateways', '2', ...flags] });
  try {
    await work(own);
  } finally {
    await own.stop();
  }
}

// Tries are counted by the minute of the clock. What failed because two minutes were met is tried again, by others.
async function withinOneMinute(work) {
  const minute = () => Math.floor(Date.now() / 60_000);
  for (let turn = 1; ; turn++) {
    const start = minute();
    try {
      return await work(turn);
    } catch (error) {
      if (minute() === start || turn === 5) throw error;
    }
  }
}

test('tries are limited by e-mail address and by address, over all gateways', async () => {
  await withServer(['--proxies', '127.0.0.1', '--account.tries_per_minute', '8', '--account.email_tries_per_minute', '4',
    '--account.sign_ups_per_hour', '3'], async (own) => {
    const from = (address) => ({ headers: { 'X-Forwarded-For': address } });
    await withinOneMinute(async (turn) => {
      const ann = `ann${turn}@example.org`, home = `192.0.${turn}.1`, elsewhere = (i) => `198.51.${turn}.${i}`;
      await signUp(own, ann, 'correct horse', from(home));
      for (let i = 0; i < 3; i++) assert.equal((await signIn(own, ann, 'wrong one', from(elsewhere(i)))).status, 401);
      assert.equal((await signIn(own, ann, 'correct horse', from(home))).status, 200, 'the fourth');
      for (let i = 0; i < 4; i++) assert.equal((await signIn(own, ann, 'wrong one', from(elsewhere(i)))).status, 401, 'it began anew');
      const refused = await signIn(own, ann, 'correct horse', from(`192.0.${turn}.2`));
      assert.deepEqual([refused.status, refused.body.error], [429, 'too_fast']);
      assert.equal(refused.headers.get('retry-after'), String(refused.body.retry_s));
      assert.ok(refused.body.retry_s >= 1 && refused.body.retry_s <= 65);
    });
    await withinOneMinute(async (turn) => {
      const block = `203.0.${turn}`, try1 = (name, address) => signIn(own, `${name}${turn}@example.org`, 'x', from(address)).then(({ status }) => status);
      for (let i = 0; i < 8; i++) assert.equal(await try1(`n${i}-`, `${block}.7`), 401);
      assert.equal(await try1('m', `${block}.7`), 429, 'one address');
      assert.equal(await try1('m', `${block}.8`), 401, 'not its neighbour');
      assert.equal(await try1('m', `${block}.9, ${block}.7`), 429, 'what a client says itself does not count');
    });
    for (let i = 0; i < 3; i++) assert.equal((await signUp(own, `u${i}@example.org`, 'correct horse', from('2001:db8::1'))).status, 202);
    assert.equal((await signUp(own, 'u4@example.org', 'correct horse', from('2001:db8::2'))).status, 429, 'one household');
    assert.equal((await signUp(own, 'u4@example.org', 'correct horse', from('2001:db8:0:1::2'))).status, 202);
    const keys = redisCommand(own, '--scan', '--pattern', 'tries:*').trim().split('\n');
    assert.ok(keys.length > 5, keys.join());
    assert.ok(keys.every((key) => /^tries:[a-z-]+:[\w-]{16}:\d+$/.test(key)), 'no address can be read from a key');
    for (const key of keys) assert.notEqual(Number(redisCommand(own, 'TTL', key)), -1, `${key} stays for ever`);
  });
});

test('X-Forwarded-For of anybody is not believed', async () => {
  await withServer(['--account.tries_per_minute', '2'], async (own) => {
    const statuses = [];
    for (let i = 0; i < 12 && !statuses.includes(429); i++) {
      statuses.push((await signIn(own, `n${i}@example.org`, 'x', { headers: { 'X-Forwarded-For': `192.0.2.${i}` } })).status);
    }
    assert.ok(statuses.includes(429) && statuses[0] === 401, String(statuses));
  });
});

test('more at once than passwords can be checked are told when to come back, and nobody else waits', async () => {
  await withServer(['--account.waiting_max', '2', '--account.tries_per_minute', '10000'], async (own) => {
    await signUp(own, 'ann@example.org', 'correct horse');
    // Other requests while the passwords of forty are checked, or refused. A loop that hashed by itself would answer one
    // or two for each, always; ours does only when the machine has nothing left for it, and then it is tried again.
    const tryForty = async () => {
      let others = 0, isOver = false;
      const watch = (async () => {
        while (!isOver) { await fetch(`${own.url}/api/v1/time`); others++; }
      })();
      const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => signIn(own, `n${i}@example.org`, 'correct horse')));
      isOver = true;
      await watch;
      const full = answers.filter(({ status }) => status === 503);
      assert.ok(full.length > 0, 'nobody was refused');
      assert.equal(answers.filter(({ status }) => status === 401).length + full.length, 40);
      for (const answer of full) {
        assert.equal(answer.body.error, 'full');
        assert.equal(answer.headers.get('retry-after'), String(answer.body.retry_s));
      }
      return { others, checked: 40 - full.length };
    };
    await until('others are answered while passwords are checked', async () => {
      const { others, checked } = await tryForty();
      return others > 3 * checked;
    });
    assert.equal((await signIn(own, 'ann@example.org', 'correct horse')).status, 200, 'afterwards all is well');
  });
});

test('who is signing in when the server is stopped gets an answer', async () => {
  const own = await startStanchion({ flags: ['--gateways', '1', '--drain_ms', '60000'] }); // it ends when all are answered
  const answers = Promise.all(Array.from({ length: 20 }, (_, i) => signIn(own, `n${i}@example.org`, 'correct horse')
    .then(({ status }) => status, (error) => error.cause?.code ?? error.message)));
  const figure = (text, name) => Number(text.match(new RegExp(`^stanchion_${name}\\S* (\\d+)`, 'm'))[1]);
  await until('all are in the works', async () => {
    const text = await (await fetch(`${own.url}/metrics`)).text();
    return figure(text, 'account_passwords_pending') + figure(text, 'account_refused_total') === 20;
  }, { stepMs: 5 });
  assert.equal((await own.stop()).code, 0);
  assert.deepEqual(await answers, Array.from({ length: 20 }, () => 401));
});

test('a session ends by itself, also on an open socket', async () => {
  await withServer(['--account.session_s', '5'], async (own) => {
    await own.cli(['event', 'load', 'docs/examples/arena', '--id', 'arena']);
    own.event = 'arena';
    await own.set('phase=open', 'require_account=1', 'admit_per_tick=0');
    const cookie = await newAccount(own, 'ann@example.org');
    const visitor = await visit(own, { cookie });
    assert.equal((await visitor.ask({ type: 'join' })).type, 'place');
    await until('the session is over', async () => (await whoAmI(own, cookie)).status === 401);
    assert.equal((await visitor.ask({ type: 'tickets' })).code, 'sign_in');
    assert.equal(await visitor.ended, 1008);
    const late = await visit(own, { cookie });
    assert.equal((await late.ask({ type: 'join' })).code, 'sign_in');
    await late.close();
  });
});
