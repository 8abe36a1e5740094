// What visitors without a WebSocket cost: polls that wait, one after the other, and pages without JavaScript. Not a test:
//
//   STANCHION_BIN=build/bin/stanchion node tests/support/poll_bench.mjs [VISITORS] [SECONDS]
//
// One gateway, nobody is admitted: what is counted is the polling itself.
import fs from 'node:fs';
import http from 'node:http';
import { sleep, startStanchion } from './stanchion.mjs';

const [visitors = 3000, seconds = 10] = process.argv.slice(2).map(Number);
const CLOCK_TICKS_S = 100, KEPT_CONNECTIONS = 32;

const server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena' });
await server.cli(['event', 'set', 'arena', 'admit_per_tick=0']);
const pid = server.children()['gateway 0'];
const cpuS = () => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_S;
};
const residentKb = () => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);

const ask = (agent, path, { method = 'POST', cookie, body } = {}) => new Promise((resolve, reject) => {
  const request = http.request(server.url + path, { method, agent, headers: cookie ? { Cookie: cookie } : {} }, (answer) => {
    let text = '';
    answer.on('data', (data) => { text += data; });
    answer.on('end', () => resolve({ text, cookie: answer.headers['set-cookie']?.[0].split(';')[0] }));
  });
  request.on('error', reject);
  request.end(body);
});
const poll = (agent, cookie, messages, waitMs = 0) => ask(agent, '/api/v1/events/arena/poll', { cookie, body: JSON.stringify({ wait_ms: waitMs, messages }) });

const few = new http.Agent({ keepAlive: true, maxSockets: KEPT_CONNECTIONS });
const people = [];
for (let i = 0; i < visitors; i += 100) {
  people.push(...await Promise.all(Array.from({ length: 100 }, async () => {
    const { text, cookie } = await poll(few, null, [{ type: 'join' }]);
    return { cookie, receipt: JSON.parse(text).messages[0].receipt };
  })));
}

// Does `work` for everybody, over and over, and says what one costs.
async function measure(what, work) {
  let count = 0;
  const end = Date.now() + seconds * 1000, from = cpuS();
  await Promise.all(Array.from({ length: KEPT_CONNECTIONS }, async (_, lane) => {
    for (let i = lane; Date.now() < end; i = (i + KEPT_CONNECTIONS) % people.length, count++) await work(people[i]);
  }));
  console.log(`${what}: ${Math.round(count / seconds)}/s, ${((cpuS() - from) / count * 1e6).toFixed(0)} us of gateway CPU each`);
}
await measure('polls that do not wait', ({ cookie, receipt }) => poll(few, cookie, [{ type: 'resume', receipt }]));
await measure('pages without JavaScript', ({ cookie }) => ask(few, '/e/arena/line', { method: 'GET', cookie }));
few.destroy();
await sleep(1000);

const memoryBefore = residentKb();
const many = new http.Agent({ keepAlive: true, maxSockets: Infinity });
const waiting = people.map(({ cookie, receipt }) => poll(many, cookie, [{ type: 'resume', receipt }], 25_000).catch(() => {}));
await sleep(5000);
const [memory, from] = [residentKb(), cpuS()];
await sleep(seconds * 1000);
console.log(`${visitors} polls that wait: ${((cpuS() - from) / seconds * 100).toFixed(1)} % of a core, `
  + `${((memory - memoryBefore) * 1024 / visitors).toFixed(0)} bytes of memory each`);
await Promise.all(waiting);
many.destroy();
await server.stop();
