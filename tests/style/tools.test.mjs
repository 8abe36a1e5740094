// clang-format, clang-tidy and cppcheck over every C file of ours. clang-tidy is slow, so its clean results are
// remembered under build/dev/tidy by the preprocessed text: a second run looks only at what has changed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cFiles, cSources, read, root } from './sources.mjs';

const run = (program, args) => promisify(execFile)(program, args, { cwd: root, maxBuffer: 64 << 20 })
  .then(({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error) => ({ code: error.code, stdout: error.stdout ?? '', stderr: error.stderr ?? String(error) }));
const database = path.join(root, 'build/dev/compile_commands.json');
const remembered = path.join(root, 'build/dev/tidy');
const lean = path.join(root, 'tests/style/analysis.h');
const isTest = (file) => /^tests\/(unit|contract)\//.test(file);
const commands = new Map(fs.existsSync(database)
  ? JSON.parse(fs.readFileSync(database, 'utf8')).map((entry) => [path.relative(root, entry.file), entry]) : []);

test('clang-format changes nothing', async () => {
  const { code, stderr } = await run('clang-format', ['--dry-run', '-Werror', ...cFiles]);
  assert.equal(code, 0, stderr.split('\n').filter((line) => / error: /.test(line)).slice(0, 40).join('\n'));
});

async function fingerprint(file) {
  const words = commands.get(file).command.split(' ').filter((word) => /^-(I|D|std|isystem|f)/.test(word));
  const isystem = [...commands.get(file).command.matchAll(/-isystem (\S+)/g)].flatMap((match) => ['-isystem', match[1]]);
  const { code, stdout } = await run('cc', ['-E', ...words.filter((word) => word !== '-isystem'), ...isystem, file]);
  if (code !== 0) return null;
  return crypto.createHash('sha256').update(read('.clang-tidy')).update(isTest(file) ? fs.readFileSync(lean) : '').update(read(file)).update(stdout).digest('hex');
}

async function tidy(file) {
  const mark = await fingerprint(file);
  if (mark && fs.existsSync(path.join(remembered, mark))) return [];
  const { code, stdout, stderr } = await run('clang-tidy', ['-p', 'build/dev', '--quiet', ...(isTest(file) ? [`--extra-arg=-include${lean}`] : []), file]);
  if (code === 0 && mark) fs.writeFileSync(path.join(remembered, mark), '');
  return code === 0 ? [] : [`${stdout}${/error/.test(stdout) ? '' : stderr}`.slice(0, 4000)];
}

test('clang-tidy', { concurrency: os.cpus().length }, async (t) => {
  fs.mkdirSync(remembered, { recursive: true });
  const known = cSources.filter((file) => commands.has(file));
  assert.notEqual(known.length, 0, 'build/dev/compile_commands.json is missing');
  await Promise.all(known.map((file) => t.test(file, async () => {
    const found = await tidy(file);
    assert.equal(found.length, 0, `\n${found.join('\n')}`);
  })));
});

test('cppcheck', async () => {
  const { code, stderr } = await run('cppcheck', [
    '--quiet', '--std=c11', '--enable=warning,portability,performance', '--inline-suppr', '--error-exitcode=1',
    '--suppress=missingIncludeSystem', '--suppress=unknownMacro', '--suppress=*:*/embed/*', '--suppress=varFuncNullUB',
    // what clang-tidy and the compiler follow better, or what our assertions on memory make moot
    '--suppress=nullPointer', '--suppress=uninitvar', '--suppress=memleakOnRealloc',
    '-j', String(os.cpus().length), '-D_GNU_SOURCE', '-I', '.', 'server', 'queue', 'ticketing', 'web', 'loadtest',
  ]);
  assert.equal(code, 0, stderr.slice(0, 8000));
});
