// The command line of a script: what is not understood is answered in one line with how it is used, and exit code 2.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// The comment that a script opens with.
export const helpOf = (url) => fs.readFileSync(fileURLToPath(url), 'utf8').replace(/^#!.*\n/, '').match(/^(\/\/.*\n)+/)[0].replace(/^\/\/ ?/gm, '').trimEnd();

function refuse(help, message) {
  process.stderr.write(`${message}\n\n${help}\n`);
  process.exit(2);
}

// options as parseArgs takes them; those with `isNumber` are texts that must be numbers, and come as such. --help is known.
export function readCommandLine(help, options, { allowPositionals = false } = {}) {
  let read;
  try {
    read = parseArgs({ allowPositionals, options: { help: { type: 'boolean' }, ...options } });
  } catch (error) {
    refuse(help, error.message.split('. To specify')[0]);
  }
  if (read.values.help) {
    process.stdout.write(`${help}\n`);
    process.exit(0);
  }
  for (const [name, { isNumber }] of Object.entries(options)) {
    const text = read.values[name];
    if (!isNumber || text === undefined) continue;
    if (!/^\d+(\.\d+)?$/.test(text)) refuse(help, `--${name} is a number, not "${text}"`);
    read.values[name] = Number(text);
  }
  return read;
}
