import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
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

t.test('the sources import only rooms before their own, in no cycle, and pure rooms stay pure', async (t) => {
  const { modules, problems } = await RULES.checkImports(ROOT);
  t.ok(modules > 300, 'the sources were found');
  t.strictSame(problems, []);
});

t.test('an import of a later room is refused, whatever form it has', async (t) => {
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
  t.strictSame(
    await check({ ...Object.fromEntries(planted), 'src/cli/a.ts': 'export const a = 1;' }),
    Object.keys(forms)
      .sort()
      .map((form) => `src/docker/${form}.ts → src/cli/a.ts: comes after docker`),
  );
});

t.test('every room refuses every later one, and a collector the rooms of a host', async (t) => {
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
  t.equal(later.length, (ROOMS.length * (ROOMS.length - 1)) / 2);
  t.strictSame(problems, [...later, ...away].sort());
});

t.test('an import of an earlier room, of a neighbour and of a folder within the room is allowed', async (t) => {
  t.strictSame(
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

t.test('a cycle of files is refused, even within one room and by types alone', async (t) => {
  const problems = await check({
    'src/model/a.ts': "import type { B } from './b.js';",
    'src/model/b.ts': "import { c } from './c.js';",
    'src/model/c.ts': "import './a.js';",
  });
  t.match(
    problems.join('\n'),
    /^src\/model\/a\.ts → src\/model\/b\.ts → src\/model\/c\.ts → src\/model\/a\.ts: is a cycle of imports$/m,
  );
});

t.test(
  'a pure room may import neither a builtin nor a package nor a room that is not pure, but may name their types',
  async (t) => {
    t.strictSame([...PURE_ROOMS], ['text', 'proto', 'netlink', 'kinds', 'tables', 'model', 'fabric', 'wire', 'outputs']);
    const values = {
      builtin: "import { readFileSync } from 'node:fs';",
      bare: "import fs from 'fs';",
      package: "import pino from 'pino';",
    };
    for (const [form, text] of Object.entries(values)) {
      const files = Object.fromEntries([...PURE_ROOMS].map((room) => [`src/${room}/x.ts`, text]));
      const problems = await check(files);
      for (const path of Object.keys(files))
        t.ok(
          problems.some((problem) => new RegExp(`^${path} → .*: is outside, and a pure room imports it`).test(problem)),
          `${path}, ${form}`,
        );
      t.strictSame(await check({ 'src/discover/x.ts': text.replace('pino', 'node:os') }), []);
    }
    t.strictSame(
      await check({ 'src/model/x.ts': "import type { Writable } from 'node:stream';\nexport type A = Writable;" }),
      [],
    );
    const native = { 'src/native/types.ts': 'export type T = 1;\nexport const t = 1;' };
    t.strictSame(
      await check({ ...native, 'src/tables/x.ts': "import type { T } from '../native/types.js';\nexport type A = T;" }),
      [],
    );
    t.strictSame(await check({ ...native, 'src/tables/x.ts': "import { t } from '../native/types.js';\nexport const a = t;" }), [
      'src/tables/x.ts → src/native/types.ts: is not pure; hand in what is needed as an argument',
    ]);
  },
);

t.test('only src/native may name the addon’s file', async (t) => {
  const text = "export const path = '../../../build/Release/nsatlas.node';";
  t.strictSame(await check({ 'src/native/binding.ts': text }), []);
  t.match((await check({ 'src/live/x.ts': text }))[0]!, /only src\/native may/);
});

t.test('a file outside of every room, and an import from outside of src or of what is missing, are refused', async (t) => {
  t.match((await check({ 'src/helpers/x.ts': '' }))[0]!, /is in no room/);
  t.match((await check({ 'src/index.ts': '' }))[0]!, /is in no room/);
  const planted = { 'src/live/x.ts': "import '../../test/support/root.js';", 'test/support/root.ts': 'export const ROOT = 1;' };
  t.strictSame(await check(planted), ['src/live/x.ts → test/support/root.ts: is outside of src']);
  t.match((await check({ 'src/live/x.ts': "import './gone.js';" }))[0]!, /does not exist/);
});

t.test('an import in a comment or a string is none', async (t) => {
  const text = "// import '../cli/a.js';\nexport const text = \"import '../cli/a.js'\";";
  t.strictSame(await check({ 'src/docker/x.ts': text, 'src/cli/a.ts': '' }), []);
});
