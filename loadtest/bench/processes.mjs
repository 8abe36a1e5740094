// What the benchmark does with processes: starts them so that they end with it, talks to them by lines, and reads
// what they have used from /proc.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { root } from '../../tests/support/stanchion.mjs';

export const programs = path.join(root, 'build/bin');
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// CPU of all threads of these processes, in seconds, to the nanosecond (/proc/PID/stat counts in steps of 10 ms).
export function cpuS(pids) {
  let ns = 0;
  for (const pid of pids) {
    for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
      ns += Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    }
  }
  return ns / 1e9;
}

// Proportional set size: pages that several processes share count once in all.
export const pssBytes = (pids) => pids.reduce((sum, pid) =>
  sum + 1024 * Number(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+)/m)[1]), 0);

// Children of a process that runs one thread.
export const childrenOf = (pid) => fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

// A process that is spoken to by lines: ask() sends one and waits for one.
export class Talker {
  constructor(program, args, options = {}) {
    this.child = spawn(program, args.map(String), { stdio: ['pipe', 'pipe', 'inherit'], ...options });
    running.add(this.child);
    this.pid = this.child.pid;
    this.waiting = [];
    this.said = [];
    this.ended = new Promise((resolve) => this.child.on('close', () => {
      running.delete(this.child);
      this.waiting.splice(0).forEach((wait) => wait.reject(new Error(`${program} has ended`)));
      resolve();
    }));
    this.child.on('error', (error) => { this.waiting.splice(0).forEach((wait) => wait.reject(error)); });
    this.child.stdin.on('error', () => {});
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
      const wait = this.waiting.shift();
      if (wait) wait.resolve(line); else this.said.push(line);
    });
  }

  heard() {
    if (this.said.length > 0) return Promise.resolve(this.said.shift());
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  tell(line) { this.child.stdin.write(`${line}\n`); }

  ask(line) {
    const answer = this.heard();
    this.tell(line);
    return answer;
  }

  end() {
    this.child.stdin.end();
    return this.ended;
  }
}

let blocks = 64;
// The other end of a server (client.c).
export class Crowd extends Talker {
  constructor(server, { joins = false } = {}) {
    super(path.join(programs, 'bench_client'), [server.port, server.path, blocks++ % 128 + 1, ...(joins ? ['join'] : [])]);
    this.name = server.name ?? server.path;
  }

  // Opens n more; throws when any of them did not get there: a figure about fewer would be another figure.
  async open(n, atOnce = 128) {
    const answer = JSON.parse(await this.ask(`open ${n} ${atOnce}`));
    if (answer.opened !== n) throw new Error(`${this.name}: only ${answer.opened} of ${n} connections were opened (${JSON.stringify(answer)})`);
    return answer;
  }

  async close(n) { return JSON.parse(await this.ask(`close ${n}`)); }

  async count() { return JSON.parse(await this.ask('count')); }
}

// Waits until these processes do nothing more than `idle` of a core: closing thousands of sockets takes them a while.
export async function settle(pids, idle = 0.03, msMax = 15_000) {
  const end = performance.now() + msMax;
  for (;;) {
    const before = cpuS(pids), from = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 200));
    if ((cpuS(pids) - before) * 1000 / (performance.now() - from) < idle || performance.now() > end) return;
  }
}
