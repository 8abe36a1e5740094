// One connection of a shopper, over a real WebSocket; everything that is said in either direction goes into the history.
import WebSocket from 'ws';

const ANSWER_MS_MAX = 7000;
const OPEN_MS_MAX = 5000;

// What goes into the history: a map's states are big and prove nothing.
const recorded = (message) => (message.states ? { ...message, states: undefined } : message);

export function connect(history, who, url, event, cookie) {
  return new Promise((resolve, reject) => {
    const headers = cookie ? { Cookie: cookie } : {};
    const socket = new WebSocket(`${url}/api/v1/events/${event}/ws`, 'stanchion.v1', { headers, handshakeTimeout: OPEN_MS_MAX });
    const waiting = new Map(), watchers = new Set(), pushes = [];
    const line = { cookie, pushes, isOpen: true };
    let lastId = 0;
    socket.on('upgrade', (answer) => { line.cookie = answer.headers['set-cookie']?.[0].split(';')[0] ?? line.cookie; });
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      const isAnswer = message.re !== undefined;
      history.note(who, isAnswer ? 'answer' : 'push', recorded(message));
      if (isAnswer) waiting.get(message.re)?.(message);
      else pushes.push(message);
      line.onMessage?.(message);
      watchers.forEach((look) => look());
    });
    socket.on('error', reject);
    socket.on('close', (code) => {
      if (line.isOpen) history.note(who, 'close', { code });
      line.isOpen = false;
      watchers.forEach((look) => look());
      waiting.forEach((give) => give(null));
    });
    // The answer; null when the connection ended before it came or it did not come in time.
    line.ask = (request) => new Promise((give) => {
      if (!line.isOpen) { give(null); return; }
      const id = ++lastId;
      const timer = setTimeout(() => give(null), ANSWER_MS_MAX);
      waiting.set(id, (answer) => { waiting.delete(id); clearTimeout(timer); give(answer); });
      history.note(who, 'ask', { id, ...request });
      socket.send(JSON.stringify({ id, ...request }));
    });
    // The first push that fits, from now or earlier; null when the connection ends or the time is over.
    line.push = (fits, msMax) => new Promise((give) => {
      const look = (isLate = false) => {
        const found = pushes.find(fits);
        if (!found && line.isOpen && !isLate) return;
        watchers.delete(look);
        clearTimeout(timer);
        give(found ?? null);
      };
      const timer = setTimeout(() => look(true), msMax);
      const watch = () => look();
      watchers.add(watch);
      watch();
    });
    line.close = () => socket.terminate();
    socket.once('open', () => { history.note(who, 'open', { event, cookie: line.cookie }); resolve(line); });
  });
}
