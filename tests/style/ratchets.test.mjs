// Every rule of rules.mjs twice: it finds a planted violation (so it can fail), and the tree has none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as rules from './rules.mjs';
import { cFiles, files, product, read } from './sources.mjs';

const text = files.filter((file) => /\.(c|h|js|mjs|css|html|lua|sql|md|sh|txt|cmake|json|ini)$|^(run|test|\.packages)$/.test(file)
  && !/package-lock\.json$|^docs\/examples\//.test(file));
// A source file may leave the telling to its header.
const hasDesign = files.filter((file) => /\.(c|h|lua|mjs)$/.test(file)
  && !(file.endsWith('.c') && files.includes(file.replace(/c$/, 'h'))));
const long = '{\n' + '    x();\n'.repeat(rules.FUNCTION_LINES_MAX + 1) + '}\n';

const checks = [
  ['dependencies point one way', rules.includes, product,
    [['queue/x.c', '#include "ticketing/plan.h"\n'], ['ticketing/x.c', '#include <libwebsockets.h>\n'],
      ['server/base/x.c', '#include "server/config/config.h"\n'], ['queue/x.h', '#include "server/gateway/gateway.h"\n'],
      ['loadtest/x.c', '#include "server/base/token.h"\n']]],
  ['files stay short enough to read', rules.fileLength, cFiles, [['x.c', '\n'.repeat(rules.FILE_LINES_MAX + 1)]]],
  ['lines stay short enough to read', rules.lineLengths, cFiles, [['x.c', `/* ${'x'.repeat(rules.LINE_CHARS_MAX)} */\n`]]],
  ['functions stay short enough to read', rules.functionLengths, cFiles, [['x.c', `static void f(void)\n${long}`]]],
  ['banned functions are not called', rules.bannedCalls, cFiles,
    [['x.c', 'strcpy(a, b);\n'], ['x.c', 'n = atoi (text);\n'], ['x.c', 'localtime(&t);\n']]],
  ['money is never floating point', rules.floatingMoney, cFiles, [['x.c', 'double price_minor = 1;\n']]],
  ['structs have tags, not typedefs', rules.typedefs, cFiles, [['x.h', 'typedef struct x { int a; } x;\n']]],
  ['nothing is left over from debugging', rules.leftovers, text,
    [['x.c', `/* ${'TO' + 'DO'}: later */\n`], ['x.js', 'console.log(1)\n'], ['x.lua', 'redis.log(1, "x")\n']]],
  ['only the product is written about', rules.foreignWords, text,
    [['x.md', `see ${'/wo' + 'rk/'}x\n`], ['x.c', `/* ${'Cla' + 'ude'} */\n`]]],
  ['files open by telling their design', rules.opensWithDesign, hasDesign,
    [['x.c', '#include <a.h>\n'], ['x.lua', 'local a = 1\n']]],
  ['headers have guards', rules.includeGuard, cFiles, [['x.h', '/* A header without a guard. */\nint a;\n']]],
  ['no stray whitespace', rules.whitespace, text, [['x.c', 'int a; \n'], ['x.c', 'int a;'], ['x.c', 'int a;\r\n']]],
];

for (const [name, rule, over, samples] of checks) {
  test(`${name}: the rule finds planted violations`, () => {
    for (const [path, sample] of samples) assert.notEqual(rule(sample, path).length, 0, sample);
  });
  test(name, () => {
    const found = over.flatMap((file) => rule(read(file), file).map((violation) => `${file}: ${violation}`));
    assert.equal(found.length, 0, `\n${found.join('\n')}`);
  });
}

test('comments and strings are not taken for code', () => {
  const sample = '/* strcpy(a) */ puts("strcpy(a)"); // atoi(x)\nmy_strcpy(a); s->system(a);\n';
  assert.deepEqual(rules.bannedCalls(sample, 'x.c'), []);
  assert.deepEqual(rules.functionLengths('static int a[] =\n{\n    1,\n}\n'), []);
});

test('nothing generated and nothing large is committed', () => {
  const found = files.filter((file) => /(^|\/)(build|node_modules|var)\//.test(file) || /\.(o|a|so|db|log)$/.test(file));
  const large = files.filter((file) => read(file).length > 4 << 20);
  assert.deepEqual([...found, ...large], []);
});

test('the lock file names no host', () => {
  assert.doesNotMatch(read('tests/package-lock.json'), /https?:|resolved/);
});
