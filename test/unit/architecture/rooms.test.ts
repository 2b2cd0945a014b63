import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../../support/root.js';
import { RULES } from './rules.js';

const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

t.test('src/README.md lists every room that there is, and no other', async (t) => {
  t.ok(RULES.ROOMS.length >= 12);
  t.strictSame([...RULES.ROOMS].sort(), folders.sort());
});

t.test('every folder of unit tests is named after a room or after what it tests of the project itself', async (t) => {
  const own = new Set(['architecture', 'docs', 'tooling']);
  const strangers = readdirSync(join(ROOT, 'test/unit')).filter((folder) => !RULES.ROOMS.includes(folder) && !own.has(folder));
  t.strictSame(strangers, []);
});
