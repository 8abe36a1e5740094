// The recorded history: every request, answer and push with its time, seen from outside, and every fault. One JSON
// object a line, in a file that the checker reads afterwards: { t, who, what, m }, t in ms since 1970 on the
// harness's clock, which no fault touches. `what`: open, close, ask, answer, push, witness, fault, healed, settled, process.
import fs from 'node:fs';

export function openHistory(file) {
  const fd = fs.openSync(file, 'a');
  let lines = [];
  const flush = () => {
    if (lines.length) fs.writeSync(fd, lines.join(''));
    lines = [];
  };
  const timer = setInterval(flush, 200);
  timer.unref();
  return {
    file,
    note: (who, what, m = {}) => { lines.push(`${JSON.stringify({ t: Date.now(), who, what, m })}\n`); },
    flush,
    close: () => { clearInterval(timer); flush(); fs.closeSync(fd); },
  };
}

export const readHistory = (file) => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
