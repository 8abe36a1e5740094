// A network between a browser and the server that can be taken away: a TCP relay on a port of its own.
//
//   const network = await startNetwork(server.port);
//   ... network.url ... network.cut() / network.mend() / network.deaden() ... await network.stop();
import net from 'node:net';

const listen = (relay, port) => new Promise((resolve, reject) => {
  relay.once('error', reject);
  relay.listen({ port, host: '127.0.0.1' }, () => resolve(relay.address().port));
});
const close = (relay) => new Promise((resolve) => relay.close(resolve));

export async function startNetwork(serverPort) {
  const pairs = new Set();
  const end = (pair) => {
    pairs.delete(pair);
    pair.forEach((socket) => socket.destroy());
  };
  const relay = net.createServer((near) => {
    const pair = [near, net.connect({ port: serverPort, host: '127.0.0.1' })];
    const [, far] = pair;
    pairs.add(pair);
    pair.forEach((socket) => socket.on('error', () => end(pair)).on('close', () => end(pair)));
    pair.forEach((socket) => socket.unref()); // a test that fails before stop() must not keep its process alive
    near.on('data', (data) => pair.isDead || far.write(data));
    far.on('data', (data) => pair.isDead || near.write(data));
  });
  relay.unref();
  const port = await listen(relay, 0);
  const dropAll = () => [...pairs].forEach(end);
  return {
    url: `http://127.0.0.1:${port}`,
    count: () => pairs.size,
    // Every connection breaks and no new one is made, until mend().
    cut: async () => {
      const closed = close(relay);
      dropAll();
      await closed;
    },
    mend: () => listen(relay, port),
    // The connections there are carry nothing any more, in either direction, and nobody is told: what a phone finds
    // that comes out of a tunnel on another network. New ones work.
    deaden: () => pairs.forEach((pair) => { pair.isDead = true; }),
    stop: async () => {
      const closed = relay.listening ? close(relay) : null;
      dropAll();
      await closed;
    },
  };
}
