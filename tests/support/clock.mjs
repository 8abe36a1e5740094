// Processes whose wall clock is off by what stands in a file (tests/faulty/clock_jump.c): started with LD_PRELOAD =
// clockLibrary and CLOCK_JUMP_FILE = the file.
import fs from 'node:fs';
import path from 'node:path';
import { root } from './stanchion.mjs';

export const clockLibrary = path.join(root, 'build/dev/tests/libclock_jump.so');

// Also while they run.
export function writeClock(file, offsetMs) {
  const bytes = Buffer.alloc(8), fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT);
  bytes.writeBigInt64LE(BigInt(offsetMs));
  fs.writeSync(fd, bytes, 0, 8, 0);
  fs.closeSync(fd);
}
