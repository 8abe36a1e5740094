// Disks of their own for the ledger's file and for Redis' log: two small tmpfs, which a fault fills up to the last byte.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { sleep } from '../support/stanchion.mjs';

const BYTES = 128 << 20;
const PART_BYTES = 64 << 10;

const mount = (directory) => {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${BYTES},mode=700`, 'tmpfs', directory], { stdio: 'pipe' });
};

// Why this machine lets us mount nothing, or null.
export function whyNoDisks(directory) {
  const tried = path.join(directory, 'mountable');
  try {
    mount(tried);
    execFileSync('umount', [tried], { stdio: 'pipe' });
    fs.rmdirSync(tried);
    return null;
  } catch (error) {
    return String(error.stderr ?? error.message).trim() || error.message;
  }
}

// The ledger's disk is the data directory `dir`, Redis' lies within. They go with the process at the latest.
export function mountDisks(dir) {
  const directories = [dir, path.join(dir, 'redis')];
  directories.forEach(mount);
  const unmountAtExit = () => directories.toReversed().forEach((directory) => {
    try { execFileSync('umount', ['-l', directory], { stdio: 'ignore' }); } catch { /* it is gone */ }
  });
  process.on('exit', unmountAtExit);
  return {
    ledger: directories[0], redis: directories[1],
    unmount: () => {
      directories.toReversed().forEach((directory) => execFileSync('umount', [directory]));
      process.off('exit', unmountAtExit);
    },
  };
}

let fillings = 0;
// For `ms` no byte is left in any of these directories, whoever deletes something there; `onPart` is called all the time.
// Several may be under way for one directory: each has a file of its own.
export async function fillUp(directories, ms, onPart) {
  const part = Buffer.alloc(PART_BYTES), end = Date.now() + ms, name = `filler ${++fillings}`;
  const fillers = directories.map((directory) => path.join(directory, name));
  const fds = fillers.map((file) => fs.openSync(file, 'w'));
  while (Date.now() < end) {
    onPart();
    for (const fd of fds) {
      try {
        for (;;) fs.writeSync(fd, part);
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      }
    }
    await sleep(50);
  }
  fds.forEach((fd) => fs.closeSync(fd));
  fillers.forEach((file) => fs.rmSync(file));
  onPart();
}
