// The line for browsers without JavaScript, as a client sees it that knows nothing but addresses, forms and cookies.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newAccount } from '../support/accounts.mjs';
import { askRedis } from '../support/redis.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { PlainBrowser } from '../support/plain_browser.mjs';
import { visit } from '../support/visitor.mjs';

let server;
const where = '/e/arena/line';
class Browser extends PlainBrowser {
  constructor() { super(server); }
}

before(async () => {
  server = await startStanchion({ flags: ['--gateways', '2'], event: 'arena' });
  await set('admit_per_tick=0', 'tick_ms=200');
});
after(async () => {
  const end = await server.stop();
  assert.equal(end.code, 0);
  assert.doesNotMatch(end.log, /Sanitizer|runtime error|Assertion/);
});

const set = (...settings) => server.set(...settings);

async function inLine() {
  const browser = new Browser();
  await browser.go(where);
  await browser.press('join');
  assert.ok(browser.number > 0, browser.says);
  return browser;
}

describe('a place', () => {
  test('the sale, in line by a form, the place at each refresh, leaving', async () => {
    const ann = new Browser();
    await ann.go(where);
    assert.equal(ann.status, 200);
    assert.match(ann.says, /Get in line.*Prices.*EUR/);
    assert.ok(ann.refreshS >= 10 && ann.refreshS <= 30);
    await ann.press('join');
    assert.equal(ann.hops, 1, 'a reload does not send the form again');
    const mine = ann.number;
    assert.match(ann.says, /You are in line/);
    await ann.go(where);
    assert.equal(ann.number, mine);
    await ann.press('join');
    assert.equal(ann.number, mine, 'pressing again changes nothing');
    const bob = await inLine();
    assert.equal(bob.number, mine + 1, bob.says);
    await ann.press('leave');
    assert.match(ann.says, /Get in line/);
    await until('bob moves up', async () => (await bob.go(where)).number === mine);
    await bob.press('leave');
    await bob.press('leave');
    assert.match(bob.says, /Get in line/, 'leaving twice is harmless');
  });
  test('it is the place of the page with JavaScript', async () => {
    const ann = await inLine();
    const socket = await visit(server, { cookie: ann.cookieFor('/') });
    await until('both say the same', async () => (await socket.ask({ type: 'join' })).ahead + 1 === (await ann.go(where)).number);
    await socket.close();
    await ann.press('leave');
  });
  test('near the head the page asks more often', async () => {
    const ann = await inLine();
    const near = ann.refreshS;
    assert.ok(near >= 10 && near < 15, `${near}`);
    const crowd = [];
    for (let i = 0; i < 60; i++) crowd.push(await inLine());
    const far = crowd.at(-1).refreshS;
    assert.ok(far > 15 && far <= 30, `${far}`);
    await Promise.all(crowd.map((one) => one.press('leave')));
    await ann.press('leave');
  });
  test('a receipt is kept for this page alone, and a damaged one is not believed', async () => {
    const ann = await inLine();
    assert.match(ann.cookies.get('stanchion_receipt').value, /^r1\./);
    assert.doesNotMatch(ann.cookieFor('/'), /stanchion_receipt/);
    const mine = ann.number;
    const forged = ann.cookies.get('stanchion_receipt').value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    ann.cookies.get('stanchion_receipt').value = forged;
    await ann.go(where);
    assert.match(ann.says, /no longer there/);
    await ann.go(where);
    assert.equal(ann.number, mine, 'the visitor cookie is enough as long as Redis is there');
    await ann.press('leave');
  });
  test('no cookies: nobody gets a place that cannot be found again', async () => {
    const waiting = () => askRedis(server, 'ZCARD', 'ev:arena:waiting');
    const before = await waiting();
    const none = new Browser();
    await none.press('join');
    assert.match(none.says, /Allow cookies/);
    none.cookies.clear();
    await none.press('join');
    assert.match(none.says, /Allow cookies/);
    assert.equal(await waiting(), before);
    const cookie = new Browser();
    await cookie.press('join');
    await cookie.press('join');
    assert.ok(cookie.number > 0, 'with the cookie, the second press does it');
    await cookie.press('leave');
  });
});

describe('what is said', () => {
  test('paused, the organizer\'s message, closed: all escaped', async () => {
    const ann = await inLine();
    await set('message=<script>alert("1")</script> & \'more\'');
    await until('the message', async () => (await ann.go(where)).page.includes('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;more&#39;'));
    assert.doesNotMatch(ann.page, /<script/);
    await set('message=');
    await server.cli(['event', 'pause', 'arena']);
    await until('paused', async () => (await ann.go(where)).says.includes('Admission is paused. Everybody keeps their place.'));
    assert.doesNotMatch(ann.says, /Estimated wait/);
    await server.cli(['event', 'open', 'arena']);
    await until('open', async () => !(await ann.go(where)).says.includes('paused'));
    await ann.press('leave');
  });
  test('a turn: what it needs, where to go, and that it can be given up', async () => {
    const ann = await inLine();
    await set('admit_per_tick=50');
    await until('the turn', async () => (await ann.go(where)).says.includes('It is your turn'));
    assert.match(ann.says, /Your turn is kept for (about \d+ minutes|less than a minute)/);
    assert.match(ann.says, /need JavaScript/);
    assert.match(ann.page, /href="\/e\/arena">Choose seats/);
    assert.ok(ann.refreshS >= 10 && ann.refreshS < 15);
    const socket = await visit(server, { cookie: ann.cookieFor('/') });
    assert.equal((await socket.ask({ type: 'join' })).type, 'admitted', 'the turn is there with JavaScript');
    await socket.close();
    await ann.press('leave');
    assert.match(ann.says, /Get in line/);
    await set('admit_per_tick=0');
  });
  test('an event that requires an account says so', async () => {
    await set('require_account=1');
    const ann = new Browser();
    await ann.go(where);
    assert.match(ann.says, /signing in needs JavaScript/);
    await ann.press('join');
    assert.match(ann.says, /signing in needs JavaScript/);
    const cookie = await newAccount(server, 'ann@example.org');
    const [name, value] = cookie.split(/=(.*)/s);
    ann.cookies.set(name, { name, value, path: '/' });
    await ann.go(where);
    await ann.press('join');
    assert.ok(ann.number > 0, ann.says);
    await ann.press('leave');
    await set('require_account=0');
  });
});

describe('addresses and forms', () => {
  test('"?plain" leads from the sale page to it, and nowhere else', async () => {
    const ann = new Browser();
    await ann.go('/e/arena?plain');
    assert.equal(ann.hops, 1);
    assert.match(ann.says, /Get in line/);
    for (const path of ['/e/nothing?plain', '/e/arena?plainer', '/e/%0d%0aSet-Cookie:x=1?plain', '/e//evil.example?plain', '/e/arena']) {
      const other = new Browser();
      await other.go(path);
      assert.equal(other.hops, 0, path);
      assert.equal(other.headers.location, undefined);
    }
  });
  test('unknown events are 404, in words', async () => {
    for (const path of ['/e/nothing/line', `/e/${'x'.repeat(60)}/line`, '/e/%3Cscript%3E/line']) {
      const ann = await new Browser().go(path);
      assert.equal(ann.status, 404);
      assert.match(ann.says, /There is no such event/);
      assert.doesNotMatch(ann.page, /<script/);
    }
    for (const path of ['/e/a/b/line', '/e/arena/line/']) assert.equal((await new Browser().go(path)).status, 404);
  });
  test('a form from elsewhere is refused', async () => {
    const ann = await new Browser().go(where);
    await ann.press('join', { Origin: 'https://evil.example' });
    assert.equal(ann.status, 403);
    await ann.press('join', { Origin: 'null' });
    assert.equal(ann.status, 403);
    await ann.press('join', { Origin: server.url });
    assert.ok(ann.number > 0);
    await ann.press('leave');
  });
  test('nothing is cached, nothing runs, no address is told to others', async () => {
    const ann = await new Browser().go(where);
    assert.equal(ann.headers['cache-control'], 'no-store');
    assert.match(ann.headers['content-security-policy'], /script-src 'self'/);
    assert.equal(ann.headers['referrer-policy'], 'same-origin');
    const style = ann.page.match(/href="(\/a\/[^"]+\.css)"/)[1];
    assert.equal((await fetch(server.url + style)).status, 200);
  });
  test('while Redis is away: 503, what is kept is said, and it is asked again', async () => {
    const ann = await inLine();
    const mine = (await ann.go(where)).number;
    const redis = Object.entries(server.children()).find(([name]) => name.startsWith('redis'))[1];
    process.kill(redis, 'SIGSTOP');
    await ann.go(where);
    process.kill(redis, 'SIGCONT');
    assert.equal(ann.status, 503);
    assert.match(ann.says, /Nothing you have is lost/);
    assert.ok(ann.refreshS > 0);
    await until('the place', async () => (await ann.go(where)).number <= mine); // those in front may have left
    await ann.press('leave');
  });
});
