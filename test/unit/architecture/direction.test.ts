import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectFiles, RULES } from './rules.js';

/** Checks a few made-up files. */
function check(files: Record<string, string>): string[] {
  return RULES.checkImports(new Map(Object.entries(files)));
}

test('the sources import only rooms before their own, in no cycle, and pure rooms stay pure', async () => {
  const sources = await projectFiles(RULES.isSource);
  assert.ok(sources.size > 20, 'the sources were found');
  assert.deepEqual(RULES.checkImports(sources), []);
});

test('an import of a later room is refused, whatever form it has', () => {
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
  for (const [form, text] of Object.entries(forms)) {
    const problems = check({ 'src/model/x.ts': text, 'src/cli/a.ts': '' });
    assert.equal(problems.length, 1, form);
    assert.match(problems[0]!, /^src\/model\/x\.ts:1: model imports cli/);
  }
});

test('an import of an earlier room, of a neighbour and of a folder within the room is allowed', () => {
  const text = "import type { A } from '../tables/a.js';\nimport { b } from './b.js';\nimport { c } from './parts/c.js';";
  assert.deepEqual(
    check({ 'src/model/x.ts': text, 'src/tables/a.ts': '', 'src/model/b.ts': '', 'src/model/parts/c.ts': "import '../b.js';" }),
    [],
  );
});

test('every room refuses every later one', () => {
  for (const [at, room] of RULES.ROOMS.entries()) {
    for (const [other, target] of RULES.ROOMS.entries()) {
      const problems = check({ [`src/${room}/x.ts`]: `import '../${target}/y.js';`, [`src/${target}/y.ts`]: '' });
      const away = ['client', 'collector'].includes(room) && ['native', 'netlink', 'discover'].includes(target);
      assert.equal(problems.length > 0, other > at || away, `${room} imports ${target}`);
    }
  }
});

test('a cycle of files is refused, even within one room and by types alone', () => {
  const problems = check({
    'src/model/a.ts': "import type { B } from './b.js';",
    'src/model/b.ts': "import { c } from './c.js';",
    'src/model/c.ts': "import './a.js';",
  });
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /src\/model\/a\.ts → src\/model\/b\.ts → src\/model\/c\.ts → src\/model\/a\.ts/);
});

test('a pure room may not import a builtin or a package, but may name their types', () => {
  for (const room of RULES.PURE_ROOMS) {
    assert.equal(check({ [`src/${room}/x.ts`]: "import { readFileSync } from 'node:fs';" }).length, 1, room);
    assert.equal(check({ [`src/${room}/x.ts`]: "import fs from 'fs';" }).length, 1, room);
    assert.equal(check({ [`src/${room}/x.ts`]: "import pino from 'pino';" }).length, 1, room);
    assert.deepEqual(check({ [`src/${room}/x.ts`]: "import type { Writable } from 'node:stream';" }), [], room);
  }
  assert.deepEqual(check({ 'src/discover/x.ts': "import { readFileSync } from 'node:fs';" }), []);
});

test('only src/native may name the addon’s file', () => {
  const text = "export const path = '../../../build/Release/nsatlas.node';";
  assert.deepEqual(check({ 'src/native/binding.ts': text }), []);
  assert.match(check({ 'src/live/x.ts': text })[0]!, /only src\/native may/);
});

test('a file outside of every room, and an import from outside of src, are refused', () => {
  assert.match(check({ 'src/helpers/x.ts': '' })[0]!, /is in no room/);
  assert.match(check({ 'src/index.ts': '' })[0]!, /is in no room/);
  assert.match(check({ 'src/model/x.ts': "import '../../test/support/root.js';" })[0]!, /outside of src/);
});

test('an import in a comment or a string is none', () => {
  const text = "// import '../cli/a.js';\nexport const text = \"import '../cli/a.js'\";";
  assert.deepEqual(check({ 'src/model/x.ts': text }), []);
});
