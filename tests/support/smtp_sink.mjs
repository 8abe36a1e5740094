// A mail server that keeps what it is given, for tests. What it says can be scripted: reply(verb, line) gives an answer instead of
// the usual one, or 'hang up'. `letters`: { from, to, head, body, subject }, `lines`: every line that a client has said.
import net from 'node:net';

const decodeWords = (text) => text.replace(/\r\n /g, ' ').replace(/\?=\s+=\?/g, '?==?')
  .replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (whole, data) => Buffer.from(data, 'base64').toString('latin1'));

function read(data) {
  const at = data.indexOf('\r\n\r\n');
  const head = data.slice(0, at);
  const subject = Buffer.from(decodeWords(/^Subject: ?((?:.*\r\n )*.*)$/m.exec(head)[1]), 'latin1').toString();
  return { head, subject, body: Buffer.from(data.slice(at + 4), 'base64').toString() };
}

export async function startSink({ port = 0, reply = () => null } = {}) {
  const sink = { letters: [], lines: [], reply };
  const sockets = new Set();
  const server = net.createServer((socket) => {
    let text = '', letter = {}, isData = false;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.write('220 sink.example ESMTP\r\n');
    const answer = (verb, line, usual) => {
      const said = sink.reply(verb, line) ?? usual;
      if (said === 'hang up') socket.destroy();
      else socket.write(`${said}\r\n`);
      return /^[23]/.test(said);
    };
    const take = (line) => {
      if (isData) {
        if (line !== '.') { letter.data += `${line.replace(/^\./, '')}\r\n`; return; }
        isData = false;
        if (answer('END', line, '250 kept')) sink.letters.push({ from: letter.from, to: letter.to, ...read(letter.data) });
        letter = {};
        return;
      }
      sink.lines.push(line);
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') answer(verb, line, '250-sink.example\r\n250 8BITMIME');
      else if (verb === 'MAIL') { letter = { from: line, to: [], data: '' }; answer(verb, line, '250 ok'); }
      else if (verb === 'RCPT') { if (answer(verb, line, '250 ok')) letter.to.push(/<(.*)>/.exec(line)[1]); }
      else if (verb === 'DATA') isData = answer(verb, line, '354 go on');
      else if (verb === 'QUIT') { socket.end('221 bye\r\n'); }
      else answer(verb, line, '250 ok');
    };
    socket.on('data', (data) => {
      text += data.toString('latin1');
      for (let end; (end = text.indexOf('\r\n')) >= 0; text = text.slice(end + 2)) take(text.slice(0, end));
    });
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  sink.port = server.address().port;
  sink.stop = () => new Promise((resolve) => { sockets.forEach((socket) => socket.destroy()); server.close(resolve); });
  return sink;
}
