// A visitor over a real WebSocket (npm's `ws`): requests as promises, pushes as a log to wait on.
import WebSocket from 'ws';

const WAIT_MS_MAX = 60_000; // what comes at all comes at once, unless the machine is busy

// `from` is the address it comes from.
export async function visit(server, { event = server.event, cookie = null, from = undefined } = {}) {
  const headers = cookie ? { Cookie: cookie } : {};
  const socket = new WebSocket(`${server.wsUrl}/api/v1/events/${event}/ws`, 'stanchion.v1', { headers, localAddress: from });
  const visitor = { socket, cookie, pushes: [], closed: null };
  const waiting = new Map();
  const watchers = new Set();
  let lastId = 0;
  socket.on('upgrade', (answer) => {
    const set = answer.headers['set-cookie']?.[0];
    if (set) visitor.cookie = set.split(';')[0];
  });
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.re !== undefined) {
      waiting.get(message.re)?.(message);
      waiting.delete(message.re);
    } else {
      visitor.pushes.push(message);
      watchers.forEach((look) => look());
    }
  });
  const gone = new Promise((resolve) => socket.on('close', (code) => {
    visitor.closed = code;
    watchers.forEach((look) => look());
    resolve(code);
  }));
  visitor.ended = gone;
  visitor.say = (text) => socket.send(text);
  visitor.ask = (request) => new Promise((resolve, reject) => {
    const id = ++lastId;
    const timer = setTimeout(() => reject(new Error(`no answer to ${JSON.stringify(request)}`)), WAIT_MS_MAX);
    waiting.set(id, (answer) => { clearTimeout(timer); resolve(answer); });
    socket.send(JSON.stringify({ id, ...request }));
  });
  // The first push (from now or earlier, unless `after` says how many to skip) that fits; type or predicate.
  visitor.push = (wanted, { after = 0, msMax = WAIT_MS_MAX } = {}) => new Promise((resolve, reject) => {
    const fits = typeof wanted === 'string' ? (push) => push.type === wanted : wanted;
    const look = () => {
      const found = visitor.pushes.slice(after).find(fits);
      if (!found && visitor.closed === null) return;
      watchers.delete(look);
      clearTimeout(timer);
      if (found) resolve(found); else reject(new Error(`closed (${visitor.closed}) before ${wanted}`));
    };
    const timer = setTimeout(() => { watchers.delete(look); reject(new Error(`no push ${wanted}: ${JSON.stringify(visitor.pushes.slice(-5))}`)); }, msMax);
    watchers.add(look);
    look();
  });
  // join -> admitted -> entered
  visitor.enter = async () => {
    const joined = await visitor.ask({ type: 'join' });
    const admitted = joined.type === 'admitted' ? joined : await visitor.push('admitted');
    return visitor.ask({ type: 'enter', pass: admitted.pass });
  };
  visitor.close = () => { socket.close(); return gone; };
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return visitor;
}
