// Which files are ours, and their text. Only what git tracks (or would track) is looked at.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../support/stanchion.mjs';

export { root };

export const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString().split('\n').filter((file) => file && fs.existsSync(path.join(root, file)));
export const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
export const cFiles = files.filter((file) => /\.[ch]$/.test(file));
export const cSources = cFiles.filter((file) => file.endsWith('.c'));
// What is built into the programs; tests may do more.
export const product = cFiles.filter((file) => !file.startsWith('tests/'));
