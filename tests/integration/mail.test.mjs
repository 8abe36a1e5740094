// Links to tickets by e-mail, into a mail server of the test's own: what is sent, what is tried again, what is given up, and that
// nobody can say more to that server than an address.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { organizerOf } from '../support/organizer.mjs';
import { startSink } from '../support/smtp_sink.mjs';
import { freePort, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const dir = path.join(temporaryDirectory(), 'data');
const made = []; // every link, to be looked for where it must not be
let sink, server, otto, orders;

before(async () => {
  sink = await startSink();
  const port = await freePort();
  server = await startStanchion({ dir, port, event: 'arena', flags: ['--gateways', '1', '--public.url', `http://127.0.0.1:${port}`,
    '--mail.url', `smtp://127.0.0.1:${sink.port}`, '--mail.from', 'tickets@example.org', '--tickets.opens_per_minute', '100000'] });
  await server.set('tick_ms=100');
  otto = await organizerOf(server, 'otto', 'operator');
  orders = [];
  for (const seat of [50, 60, 70, 80]) {
    const visitor = await visit(server);
    await visitor.enter();
    await visitor.ask({ type: 'hold', seats: [seat] });
    const { order } = await visitor.ask({ type: 'checkout' });
    await visitor.ask({ type: 'pay', order, card: '4242424242424242' });
    orders.push((await visitor.push('confirmed')).order);
    await visitor.close();
  }
});
after(async () => {
  await server?.stop();
  await sink?.stop();
});

async function send(order, email) {
  const answer = await otto.must(200, 'POST', `orders/${order}/resend`, { email });
  made.push(answer.link);
  return answer;
}
const shown = async (order) => (await otto.must(200, 'GET', `orders/${order}`)).shown;
const mailsAre = (order, ...states) => until(async () => JSON.stringify((await shown(order)).mails), async () => (await shown(order)).mails.map(({ state }) => state).join() === states.join());
const lettersTo = (to) => sink.letters.filter((letter) => letter.to.includes(to));
const linkIn = ({ body }) => /http\S+\/tickets#(t1\.\S+)/.exec(body)[1];
const open = (link) => fetch(`${server.url}/api/v1/tickets`, { method: 'POST', body: JSON.stringify({ link }) });

test('a letter brings the link, in both languages; the log says to whom', async () => {
  const { link, email } = await send(orders[0], 'ann@example.org');
  assert.equal(email, 'ann@example.org');
  await mailsAre(orders[0], 'sent');
  const [letter, ...more] = lettersTo('ann@example.org');
  assert.deepEqual([more.length, letter.to, letter.from.startsWith('MAIL FROM:<tickets@example.org>')], [0, ['ann@example.org'], true]);
  assert.match(letter.subject, /^Arena Night: your tickets \/ Arena Night: 내 티켓$/);
  assert.ok(letter.body.includes('opens your tickets for Arena Night') && letter.body.includes('티켓을 볼 수 있습니다'));
  assert.equal(linkIn(letter), link.split('#')[1]);
  assert.ok(letter.body.includes(`http://127.0.0.1:${server.port}/tickets#`));
  assert.equal((await (await open(linkIn(letter))).json()).order.order, orders[0]);
  const [entry] = (await otto.must(200, 'GET', 'log?event=arena&limit=1')).entries;
  assert.deepEqual([entry.verb, entry.after.email, entry.after.order], ['order.resend', 'ann@example.org', orders[0]]);
});

test('nobody says more to the mail server than an address', async () => {
  for (const email of ['ann@example.org\r\nRCPT TO:<eve@example.org>', 'ann@example.org\nBcc: eve@example.org', 'ann@example.org>, <eve@example.org', '', 'ann', 7, [], { a: 1 }]) {
    const { status, body } = await otto.post(`orders/${orders[0]}/resend`, { email });
    assert.deepEqual([status, body.error], [400, 'bad_email'], JSON.stringify(email));
  }
  assert.equal((await shown(orders[0])).link.links, 1, 'and no link was made');
  assert.deepEqual(sink.lines.filter((line) => line.includes('eve')), []);
});

test('who is asked to wait is tried again; who is refused is not, and the console says so until it is seen to', async () => {
  let puts = 0;
  sink.reply = (verb, line) => {
    if (verb !== 'RCPT') return null;
    if (line.includes('<slow@')) return puts++ === 0 ? '451 come back later' : null;
    return line.includes('<gone@') ? '550 no such user' : null;
  };
  await send(orders[1], 'slow@example.org');
  await send(orders[2], 'gone@example.org');
  await mailsAre(orders[1], 'sent');
  assert.ok((await shown(orders[1])).mails[0].attempts > 1 && lettersTo('slow@example.org').length > 0);
  await mailsAre(orders[2], 'failed');
  assert.match((await shown(orders[2])).mails[0].reason, /550/);
  const figures = (count) => until(`mails_failed ${count}`, async () => (await otto.must(200, 'GET', 'events/arena/figures')).mails_failed === count);
  await figures(1);
  await send(orders[2], 'found@example.org');
  await mailsAre(orders[2], 'sent', 'outdated');
  await figures(0);
  sink.reply = () => null;
});

test('a letter waits for its mail server, also over a restart, and only the newest of an order goes', async () => {
  const { port } = sink;
  await sink.stop();
  await send(orders[3], 'old@example.org');
  const { link } = await send(orders[3], 'new@example.org');
  await mailsAre(orders[3], 'due', 'outdated');
  process.kill(server.children().ledger, 'SIGKILL');
  sink = await startSink({ port });
  await until('it has come', () => lettersTo('new@example.org').length > 0);
  await until('and is noted', async () => (await otto.get(`orders/${orders[3]}`)).body.shown?.mails[0].state === 'sent');
  assert.deepEqual([lettersTo('old@example.org').length, linkIn(lettersTo('new@example.org')[0])], [0, link.split('#')[1]]);
});

test('so many letters in a day and no more; a link alone is always made', async () => {
  for (let i = 0; i < 3; i++) await send(orders[3], `ann${i}@example.org`);
  const { status, body } = await otto.post(`orders/${orders[3]}/resend`, { email: 'ann@example.org' });
  assert.deepEqual([status, body.error], [429, 'mail_full']);
  assert.equal((await otto.must(200, 'POST', `orders/${orders[3]}/resend`)).links, 6);
});

test('the password of the mail server goes over no open line', async () => {
  fs.writeFileSync(path.join(dir, 'mail.credentials'), 'ann\nsecret of the mail server\n', { mode: 0o600 });
  const before = sink.lines.length;
  const { stdout } = await server.cli(['orders', 'resend', orders[1], '--email', 'safe@example.org']);
  assert.match(stdout, /A letter with it goes to safe@example\.org/);
  await until('it was tried', async () => (await shown(orders[1])).mails[0].attempts > 0);
  const [mail] = (await shown(orders[1])).mails;
  assert.deepEqual([mail.to, mail.state, lettersTo('safe@example.org').length], ['safe@example.org', 'due', 0]);
  assert.deepEqual(sink.lines.slice(before).filter((line) => /AUTH|PASS/i.test(line)), []);
  assert.ok(!server.log().includes('secret of'));
  fs.rmSync(path.join(dir, 'mail.credentials'));
  await until('it has come', () => lettersTo('safe@example.org').length > 0);
});

test('links are in no file and in no log, though letters wait in one', async () => {
  const signatures = made.map((link) => link.split('.')[2]);
  assert.ok(signatures.length >= 8);
  const files = fs.readdirSync(dir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile()).map((file) => path.join(file.path, file.name));
  for (const [name, text] of [['log', server.log()], ...files.map((file) => [file, fs.readFileSync(file, 'latin1')])])
    assert.deepEqual(signatures.filter((each) => text.includes(each)), [], name);
});
