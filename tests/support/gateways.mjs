// Each gateway of a running server by itself. They share the port, and a connection meets any of them: so connections are
// opened until every gateway has been met, which its metrics tell, and each keeps its own.
import http from 'node:http';
import { until } from './stanchion.mjs';

function ask(agent, url, { method = 'GET', headers = {}, body = undefined } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent, method, headers }, (answer) => {
      let text = '';
      answer.on('data', (data) => { text += data; });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const countOf = (server) => Object.keys(server.children()).filter((name) => /^gateway \d+$/.test(name)).length;

// [{ number, ask(path, options) -> { status, text }, metric(name) }], for a few seconds: what is idle is closed. Throws
// when one of them does not answer.
async function meetGateways(server) {
  const met = new Map(), count = countOf(server), spare = [];
  try {
    while (met.size < count) {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      spare.push(agent);
      const { text } = await ask(agent, `${server.url}/metrics`);
      const number = Number(text.match(/^# answered by gateway (\d+)$/m)[1]);
      if (met.has(number)) continue;
      met.set(number, agent);
    }
    return await Promise.all([...met].map(async ([number, agent]) => ({
      number,
      ask: (path, options) => ask(agent, server.url + path, options),
      metric: async (name) => Number((await ask(agent, `${server.url}/metrics`)).text.match(new RegExp(`^stanchion_${name}\\{gateway="${number}"\\} (\\S+)`, 'm'))[1]),
    })));
  } finally {
    spare.filter((agent) => ![...met.values()].includes(agent)).forEach((agent) => agent.destroy());
  }
}

// What `work` makes of each of them, in their order.
export async function ofEachGateway(server, work) {
  const gateways = await meetGateways(server);
  return Promise.all(gateways.sort((a, b) => a.number - b.number).map(work));
}

// What each has of it now, asked one by one.
export const metricOfEach = (server, name) => ofEachGateway(server, (gateway) => gateway.metric(name));

// What all have of it together, a second old at most, from whichever answers.
export async function metricOfAll(server, name) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^stanchion_${name}\\{gateway="\\d+"\\} (\\S+)`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0);
}

// Until every gateway gives EVENT as `fits` wants it (null: there is no such event).
export function everyGatewayKnows(server, what, fits, event = server.event) {
  return until(() => `every gateway knows: ${what}`, async () => {
    const answers = await ofEachGateway(server, (gateway) => gateway.ask(`/api/v1/events/${event}`)).catch(() => null);
    return answers?.every(({ status, text }) => fits(status === 200 ? JSON.parse(text) : null));
  });
}
