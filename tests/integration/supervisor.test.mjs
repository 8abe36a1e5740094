// The process tree as an operator meets it: start, kill -9 of each child, stop, and every refusal of a start.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { binary, freePort, runCli, sleep, startStanchion, temporaryDirectory, until } from '../support/stanchion.mjs';

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
const groupOf = (pid) => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[2];
const oneLine = (text) => {
  const lines = text.trim().split('\n');
  assert.equal(lines.length, 1, text);
  assert.match(lines[0], /^stanchion: /);
  return lines[0];
};
const mode = (file) => (fs.statSync(file).mode & 0o777).toString(8);

describe('a running server', () => {
  let server;
  before(async () => { server = await startStanchion({ flags: ['--gateways', '2'] }); });
  after(async () => { await server?.stop(); });

  test('consists of redis, ledger, sandbox and the gateways, named for ps', () => {
    const children = server.children();
    assert.deepEqual(Object.keys(children).sort(), ['gateway 0', 'gateway 1', 'ledger', 'redis', 'registrar', 'rehearser', 'sandbox']);
    for (const [name, pid] of Object.entries(children)) {
      assert.ok(isAlive(pid), name);
      const title = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      assert.match(title, name === 'redis' ? /redis-server|valkey-server/ : new RegExp(`^stanchion: ${name}$`));
    }
  });

  test('keeps its data for this user only', () => {
    assert.equal(mode(server.dir), '700');
    for (const name of ['secret.key', 'payment.key', 'webhook.secret'])
      assert.equal(mode(path.join(server.dir, name)), '600', name);
    assert.equal(fs.readFileSync(path.join(server.dir, 'secret.key')).length, 32);
  });

  // Everybody waits for them, and there is one of each. How far ahead they may stand is a matter of permissions.
  test('lets gateways stand back for Redis and the ledger', () => {
    const nice = (pid) => Number(fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[16]);
    const own = nice(server.pid), children = server.children();
    for (const name of ['redis', 'ledger']) assert.ok(nice(children[name]) <= own, `${name} has ${nice(children[name])}`);
    for (const name of ['gateway 0', 'gateway 1']) assert.ok(nice(children[name]) > own || own === 19, `${name} has ${nice(children[name])}`);
  });

  test('has a Redis that writes everything down and evicts nothing', async () => {
    const socket = net.connect(path.join(server.dir, 'redis/redis.sock'));
    let text = '';
    socket.on('data', (data) => { text += data; });
    socket.write('CONFIG GET append*\r\nCONFIG GET auto-aof-rewrite-min-size\r\nCONFIG GET maxmemory-policy\r\nCONFIG GET save\r\nCONFIG GET port\r\n');
    await until('answers of Redis', () => /port\r\n\$1\r\n0\r\n/.test(text));
    socket.destroy();
    assert.match(text, /appendonly\r\n\$3\r\nyes/);
    assert.match(text, /appendfsync\r\n\$8\r\neverysec/);
    assert.match(text, /auto-aof-rewrite-min-size\r\n\$9\r\n268435456/);
    assert.match(text, /noeviction/);
    assert.match(text, /save\r\n\$0\r\n/);
  });

  for (const name of ['gateway 0', 'sandbox', 'ledger', 'registrar', 'redis', 'gateway 1']) {
    test(`kill -9 of ${name}: it is started again, the others stay`, async () => {
      const earlier = server.children();
      process.kill(earlier[name], 'SIGKILL');
      const now = await until(`${name} runs again`, () => {
        const children = server.children();
        return children[name] && children[name] !== earlier[name] && children;
      });
      assert.deepEqual({ ...now, [name]: 0 }, { ...earlier, [name]: 0 });
      assert.match(server.log(), new RegExp(`${name} \\(pid ${earlier[name]}\\) was killed by signal 9`));
      await until('health', () => fetch(`${server.url}/healthz`).then((r) => r.ok, () => false));
    });
  }

  // The status of a fresh connection; 0 when there is none.
  const ask = () => new Promise((resolve) => {
    http.get(`${server.url}/api/v1/events/none`, { agent: false }, (answer) => { answer.resume(); resolve(answer.statusCode); }).on('error', () => resolve(0));
  });
  const killGateways = () => ['gateway 0', 'gateway 1'].map((name) => {
    const pid = server.children()[name];
    process.kill(pid, 'SIGKILL');
    return pid;
  });

  // Redis stands still while both start, so they cannot have read anything, and somebody comes to one of them. He waits
  // at the door until Redis goes on, and is answered out of what has been read. A start that took longer than a gateway
  // waits (2 s, which the log says) says nothing.
  async function comeTooEarly() {
    const { redis } = server.children(), before = server.log().length;
    const heard = { status: null };
    process.kill(redis, 'SIGSTOP');
    try {
      killGateways();
      const visitor = until('the port is taken', ask, { stepMs: 5 }).then((code) => { heard.status = code; });
      await until('both have the port', () => server.log().slice(before).match(/listening on/g)?.length === 2, { stepMs: 5 });
      await Promise.race([visitor, sleep(300)]);
      const early = heard.status;
      process.kill(redis, 'SIGCONT');
      await visitor;
      await until('both are open', () => server.log().slice(before).match(/open after \d+ ms/g)?.length === 2);
      const wasSlow = /although not everything has been read/.test(server.log().slice(before));
      return { early, late: heard.status, wasSlow };
    } finally {
      process.kill(redis, 'SIGCONT');
    }
  }

  test('a gateway that starts takes nobody before it has read its lists', async () => {
    const { early, late } = await until('a start in time', () => comeTooEarly().then((one) => !one.wasSlow && one));
    assert.deepEqual([early, late], [null, 404]);
  });

  test('a gateway that starts while Redis does not answer says so', async () => {
    const { redis } = server.children();
    process.kill(redis, 'SIGSTOP');
    try {
      killGateways();
      await until('503', async () => await ask() === 503);
    } finally {
      process.kill(redis, 'SIGCONT');
    }
    await until('health', () => fetch(`${server.url}/healthz`).then((r) => r.ok, () => false));
  });

  test('the list of children is right again when there was no space for it', async () => {
    const beside = path.join(server.dir, 'children.new'), { sandbox } = server.children();
    fs.mkdirSync(beside); // nothing can be written there meanwhile
    process.kill(sandbox, 'SIGKILL');
    await until('said so', () => server.log().includes('cannot write'));
    assert.equal(server.children().sandbox, sandbox);
    fs.rmdirSync(beside);
    await until('the new one is listed', () => ![undefined, sandbox].includes(server.children().sandbox));
  });

  test('a second start on the same directory is refused in one line that says who runs', async () => {
    const second = await runCli(['serve', '--data.dir', server.dir, '--listen.port', String(await freePort())]);
    assert.equal(second.code, 1);
    assert.match(oneLine(second.stderr), new RegExp(`pid ${server.pid}\\).*--data\\.dir`));
    assert.ok(isAlive(server.pid));
  });

  test('a second start on the same port is refused in one line that says who has it', async () => {
    const dir = temporaryDirectory();
    const second = await runCli(['serve', '--data.dir', dir, '--listen.port', String(server.port)]);
    fs.rmSync(dir, { recursive: true });
    assert.equal(second.code, 1);
    assert.match(oneLine(second.stderr), /port \d+ of 127\.0\.0\.1 is in use by .*gateway.*\(pid \d+\).*--listen\.port/);
  });

  test('SIGHUP is ignored', async () => {
    process.kill(server.pid, 'SIGHUP');
    await sleep(300);
    assert.ok(isAlive(server.pid));
  });

  test('SIGTERM stops everything it has started, and no pid file stays', async () => {
    const pids = [server.pid, ...Object.values(server.children())];
    process.kill(server.pid, 'SIGTERM');
    const { code } = await server.ended();
    assert.equal(code, 0, server.log());
    assert.deepEqual(pids.filter(isAlive), []);
    assert.ok(!fs.existsSync(path.join(server.dir, 'children')));
    assert.ok(!fs.existsSync(path.join(server.dir, 'stanchion.pid')));
    const order = ['gateways', 'registrar', 'ledger', 'sandbox', 'Redis'];
    assert.match(server.log(), new RegExp(order.join(', ')));
  });
});

test('data survives a stop, a start and the loss of the supervisor; the lock does not', async () => {
  const base = temporaryDirectory(), dir = path.join(base, 'data');
  const first = await startStanchion({ dir, flags: ['--gateways', '1'] });
  const secret = fs.readFileSync(path.join(dir, 'secret.key'));
  const children = Object.values(first.children());
  process.kill(first.pid, 'SIGKILL');
  await first.ended();
  await until('children die with their supervisor', () => !children.some(isAlive));
  const second = await startStanchion({ dir, flags: ['--gateways', '1'] });
  assert.deepEqual(fs.readFileSync(path.join(dir, 'secret.key')), secret);
  assert.equal((await second.stop()).code, 0);
  fs.rmSync(base, { recursive: true });
});

test('a directory whose name is too long for a socket address works', async () => {
  const base = temporaryDirectory(), dir = path.join(base, 'd'.repeat(120), 'e'.repeat(120));
  const server = await startStanchion({ dir, flags: ['--gateways', '1'] });
  const list = await server.cli(['event', 'list']);
  assert.equal(list.code, 0, list.stderr);
  assert.equal((await server.stop()).code, 0);
  fs.rmSync(base, { recursive: true });
});

test('Ctrl-C counts once for the whole terminal group, and stops in order', async () => {
  const server = await startStanchion({ flags: ['--gateways', '1'] });
  const groups = Object.values(server.children()).map(groupOf);
  assert.ok(!groups.includes(String(server.pid)), 'children have their own process groups');
  process.kill(server.pid, 'SIGINT');
  assert.equal((await server.ended()).code, 0);
  assert.doesNotMatch(server.log(), /are killed/);
  await server.stop();
});

describe('a start that cannot work ends with one line', () => {
  let base;
  before(() => { base = temporaryDirectory(); });
  after(() => fs.rmSync(base, { recursive: true, force: true }));
  const serve = async (...flags) => runCli(['serve', '--listen.port', String(await freePort()), ...flags]);

  test('the data directory cannot be created', async () => {
    const { code, stderr } = await serve('--data.dir', '/proc/nowhere/data');
    assert.equal(code, 1);
    assert.match(oneLine(stderr), /cannot create the data directory \/proc\/nowhere\/data.*--data\.dir/);
  });

  test('the data directory is a file', async () => {
    const file = path.join(base, 'file');
    fs.writeFileSync(file, '');
    const { code, stderr } = await serve('--data.dir', file);
    assert.equal(code, 1);
    assert.match(oneLine(stderr), /data directory .*file/);
  });

  test('the ledger is a newer program\'s, or none', async () => {
    const dir = path.join(base, 'ledger'), file = path.join(dir, 'ledger.db');
    fs.mkdirSync(dir, { mode: 0o700 });
    const header = Buffer.alloc(4096); // an empty database with user_version 999
    header.write('SQLite format 3\0\x10\x00\x01\x01\x00\x40\x20\x20', 'latin1');
    [[27, 1], [31, 1], [47, 4], [59, 1], [95, 1]].forEach(([at, value]) => header.writeUInt8(value, at));
    header.writeUInt32BE(999, 60);
    header.writeUInt8(13, 100);
    header.writeUInt16BE(4096, 105);
    for (const [text, expected] of [[header, /schema 999.*newer program.*--data\.dir/], [Buffer.alloc(9000, 'x'), /not a database.*docs\/backup\.md.*--data\.dir/]]) {
      fs.writeFileSync(file, text);
      const { code, stderr } = await serve('--data.dir', dir);
      assert.equal(code, 1);
      assert.match(oneLine(stderr), expected);
    }
  });

  test('redis-server is not installed', async () => {
    const { code, stderr } = await runCli(['serve', '--data.dir', path.join(base, 'a'), '--listen.port',
      String(await freePort())], { env: { PATH: '/nonexistent' } });
    assert.equal(code, 1);
    assert.match(oneLine(stderr), /redis-server is not installed.*apt-get install redis-server/);
  });

  test('the Redis of redis.url does not answer', async () => {
    const { code, stderr } = await serve('--data.dir', path.join(base, 'b'), '--redis.url', 'redis://127.0.0.1:1');
    assert.equal(code, 1);
    assert.match(oneLine(stderr), /no Redis answers at redis:\/\/127\.0\.0\.1:1/);
  });

  test('the Redis of redis.url wants a password, or may drop keys', async () => {
    for (const [settings, expected] of [[['--requirepass', 'secret'], /refuses us \(NOAUTH .*without a password/],
      [['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'], /may drop places and seats .*allkeys-lru.*noeviction/]]) {
      const dir = path.join(base, `redis-${settings[0].slice(2)}`), socket = path.join(dir, 'socket');
      fs.mkdirSync(dir);
      const redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', '', ...settings], { stdio: 'ignore' });
      await until('Redis is there', () => fs.existsSync(socket));
      const { code, stderr } = await serve('--data.dir', path.join(dir, 'data'), '--redis.url', `unix://${socket}`);
      redis.kill('SIGKILL');
      assert.equal(code, 1);
      assert.match(oneLine(stderr), expected);
    }
  });

  test('the sandbox port is taken', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address();
    const { code, stderr } = await serve('--data.dir', path.join(base, 'c'), '--sandbox.port', String(port));
    holder.close();
    assert.equal(code, 1);
    assert.match(oneLine(stderr), new RegExp(`port ${port} .*in use by node`));
  });

  test('the address is not of this machine', async () => {
    const { code, stderr } = await serve('--data.dir', path.join(base, 'd'), '--listen.address', '192.0.2.1');
    assert.equal(code, 1);
    assert.match(oneLine(stderr), /192\.0\.2\.1/);
  });

  test('too few open files are allowed', async () => {
    const port = await freePort();
    const child = spawn('bash', ['-c', `ulimit -n 300; exec "$0" serve --data.dir "$1" --listen.port ${port}`,
      binary, path.join(base, 'e')], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (data) => { stderr += data; });
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 1);
    assert.match(oneLine(stderr), /may open only 300 files/);
  });
});
