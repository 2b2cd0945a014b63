// Decodes test/fixtures/kinds. `node dist/test/unit/kinds/fixtures.test.js --update` writes decoded.json anew.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { KINDS } from '../../../src/kinds/registry.gen.js';
import { decodeInfo, FIXTURES, fixtureCases, fixtureKinds, hasBuild } from '../../support/kinds.js';
import { writeHeaderFixtures } from '../../support/write-kinds.js';

const update = process.argv.includes('--update');
const CAPTURED = /^captured \d{4}-\d\d-\d\d on Linux \S+ with ip utility, iproute2/;
const WRITTEN = 'written from headers (test/support/write-kinds.c), never seen on a kernel';

t.test('each kind has a fixture, and each fixture a kind', async (t) => {
  t.strictSame(fixtureKinds(), [...KINDS.keys()].sort());
});

t.test('each kind but ipoib, which needs hardware, has commands that make it', async (t) => {
  t.strictSame(
    fixtureKinds().filter((kind) => !hasBuild(kind)),
    ['ipoib'],
  );
});

for (const kind of fixtureKinds()) {
  t.test(`fixtures of ${kind} decode to what they decoded to before`, async (t) => {
    const { origin, cases } = fixtureCases(kind);
    t.ok(CAPTURED.test(origin) || origin === WRITTEN, `META of ${kind} does not say where it comes from: ${origin}`);
    t.not(cases.length, 0);
    const decoded: Record<string, unknown> = {};
    for (const { name, linkinfo, face } of cases) {
      const info = decodeInfo(linkinfo, face);
      t.equal(info.error, undefined, `${kind}/${name}`);
      t.strictSame(info.unknown, [], `${kind}/${name} has attributes that the table does not`);
      t.ok(info.kind === kind || info.portKind === kind, `${kind}/${name} is of kind ${info.kind}`);
      decoded[name] = info;
    }
    const golden = join(FIXTURES, kind, 'decoded.json');
    if (update) writeFileSync(golden, `${JSON.stringify(decoded, undefined, 2)}\n`);
    // Through JSON, in which an absent field and an undefined one are the same.
    t.strictSame(JSON.parse(JSON.stringify(decoded)), JSON.parse(readFileSync(golden, 'utf8')));
  });
}

t.test('fixtures written from headers are what their generator writes', async (t) => {
  const scratch = mkdtempSync(join(tmpdir(), 'nsatlas-kinds-'));
  try {
    writeHeaderFixtures(scratch);
    for (const kind of fixtureKinds()) {
      const { origin, cases } = fixtureCases(kind);
      if (origin !== WRITTEN) continue;
      t.equal(readFileSync(join(FIXTURES, kind, 'META'), 'utf8'), readFileSync(join(scratch, kind, 'META'), 'utf8'));
      for (const { name, linkinfo } of cases) {
        t.strictSame(linkinfo, new Uint8Array(readFileSync(join(scratch, kind, `${name}.bin`))), `${kind}/${name}`);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
