import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../support/root.js';
import { RULES } from './rules.js';

const { ROOMS, PURE_ROOMS } = RULES;

/** Checks a few planted files. */
async function check(files: Record<string, string>): Promise<string[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'nsatlas-rooms-')));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return (await RULES.checkImports(root)).problems.sort();
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('the sources import only rooms before their own, in no cycle, and pure rooms stay pure', async () => {
  const { modules, problems } = await RULES.checkImports(ROOT);
  assert.ok(modules > 300, 'the sources were found');
  assert.deepEqual(problems, []);
});

test('an import of a later room is refused, whatever form it has', async () => {
  const forms = {
    value: "import { a } from '../cli/a.js';",
    type: "import type { A } from '../cli/a.js';",
    inlineType: "import { type A } from '../cli/a.js';",
    namespace: "import * as a from '../cli/a.js';",
    sideEffect: "import '../cli/a.js';",
    reExport: "export * from '../cli/a.js';",
    namedReExport: "export { a } from '../cli/a.js';",
    dynamic: "export const a = await import('../cli/a.js');",
    inType: "export type A = import('../cli/a.js').A;",
    required: "const a = require('../cli/a.js');",
  };
  const planted = Object.entries(forms).map(([form, text]): [string, string] => [`src/docker/${form}.ts`, text]);
  assert.deepEqual(
    await check({ ...Object.fromEntries(planted), 'src/cli/a.ts': 'export const a = 1;' }),
    Object.keys(forms)
      .sort()
      .map((form) => `src/docker/${form}.ts → src/cli/a.ts: comes after docker`),
  );
});

test('every room refuses every later one, and a collector the rooms of a host', async () => {
  const pairs = ROOMS.flatMap((room, at) =>
    ROOMS.flatMap((target, other) => (other === at ? [] : [{ room, target, isLater: other > at }])),
  );
  const problems = await check({
    ...Object.fromEntries(ROOMS.map((room): [string, string] => [`src/${room}/end.ts`, 'export type End = 1;'])),
    ...Object.fromEntries(
      pairs.map(({ room, target }): [string, string] => [
        `src/${room}/${target}.ts`,
        `import type { End } from '../${target}/end.js';\nexport type A = End;`,
      ]),
    ),
  });
  const away = ['client', 'collector'].flatMap((room) =>
    ['native', 'netlink', 'discover'].map(
      (target) => `src/${room}/${target}.ts → src/${target}/end.ts: may not be imported where there is no kernel to ask`,
    ),
  );
  const later = pairs.flatMap(({ room, target, isLater }) =>
    isLater ? [`src/${room}/${target}.ts → src/${target}/end.ts: comes after ${room}`] : [],
  );
  assert.equal(later.length, (ROOMS.length * (ROOMS.length - 1)) / 2);
  assert.deepEqual(problems, [...later, ...away].sort());
});

test('an import of an earlier room, of a neighbour and of a folder within the room is allowed', async () => {
  assert.deepEqual(
    await check({
      'src/model/x.ts':
        "import type { A } from '../tables/a.js';\nimport { b } from './b.js';\nimport { c } from './parts/c.js';",
      'src/tables/a.ts': 'export type A = 1;',
      'src/model/b.ts': 'export const b = 1;',
      'src/model/parts/c.ts': "import '../b.js';\nexport const c = 1;",
    }),
    [],
  );
});

test('a cycle of files is refused, even within one room and by types alone', async () => {
  const problems = await check({
    'src/model/a.ts': "import type { B } from './b.js';",
    'src/model/b.ts': "import { c } from './c.js';",
    'src/model/c.ts': "import './a.js';",
  });
  assert.match(
    problems.join('\n'),
    /^src\/model\/a\.ts → src\/model\/b\.ts → src\/model\/c\.ts → src\/model\/a\.ts: is a cycle of imports$/m,
  );
});

test('a pure room may import neither a builtin nor a package nor a room that is not pure, but may name their types', async () => {
  assert.deepEqual([...PURE_ROOMS], ['text', 'netlink', 'kinds', 'tables', 'model', 'fabric', 'wire', 'outputs']);
  const values = {
    builtin: "import { readFileSync } from 'node:fs';",
    bare: "import fs from 'fs';",
    package: "import pino from 'pino';",
  };
  for (const [form, text] of Object.entries(values)) {
    const files = Object.fromEntries([...PURE_ROOMS].map((room) => [`src/${room}/x.ts`, text]));
    const problems = await check(files);
    for (const path of Object.keys(files))
      assert.ok(
        problems.some((problem) => new RegExp(`^${path} → .*: is outside, and a pure room imports it`).test(problem)),
        `${path}, ${form}`,
      );
    assert.deepEqual(await check({ 'src/discover/x.ts': text.replace('pino', 'node:os') }), []);
  }
  assert.deepEqual(
    await check({ 'src/model/x.ts': "import type { Writable } from 'node:stream';\nexport type A = Writable;" }),
    [],
  );
  const native = { 'src/native/types.ts': 'export type T = 1;\nexport const t = 1;' };
  assert.deepEqual(
    await check({ ...native, 'src/tables/x.ts': "import type { T } from '../native/types.js';\nexport type A = T;" }),
    [],
  );
  assert.deepEqual(
    await check({ ...native, 'src/tables/x.ts': "import { t } from '../native/types.js';\nexport const a = t;" }),
    ['src/tables/x.ts → src/native/types.ts: is not pure; hand in what is needed as an argument'],
  );
});

test('only src/native may name the addon’s file', async () => {
  const text = "export const path = '../../../build/Release/nsatlas.node';";
  assert.deepEqual(await check({ 'src/native/binding.ts': text }), []);
  assert.match((await check({ 'src/live/x.ts': text }))[0]!, /only src\/native may/);
});

test('a file outside of every room, and an import from outside of src or of what is missing, are refused', async () => {
  assert.match((await check({ 'src/helpers/x.ts': '' }))[0]!, /is in no room/);
  assert.match((await check({ 'src/index.ts': '' }))[0]!, /is in no room/);
  const planted = { 'src/live/x.ts': "import '../../test/support/root.js';", 'test/support/root.ts': 'export const ROOT = 1;' };
  assert.deepEqual(await check(planted), ['src/live/x.ts → test/support/root.ts: is outside of src']);
  assert.match((await check({ 'src/live/x.ts': "import './gone.js';" }))[0]!, /does not exist/);
});

test('an import in a comment or a string is none', async () => {
  const text = "// import '../cli/a.js';\nexport const text = \"import '../cli/a.js'\";";
  assert.deepEqual(await check({ 'src/docker/x.ts': text, 'src/cli/a.ts': '' }), []);
});
