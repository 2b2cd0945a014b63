import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../support/root.js';
import { RULES } from './rules.js';

const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

test('src/README.md lists every room that there is, and no other', () => {
  assert.ok(RULES.ROOMS.length >= 12);
  assert.deepEqual([...RULES.ROOMS].sort(), folders.sort());
});

test('every folder of unit tests is named after a room or after what it tests of the project itself', () => {
  const own = new Set(['architecture', 'docs', 'tooling']);
  const strangers = readdirSync(join(ROOT, 'test/unit')).filter((folder) => !RULES.ROOMS.includes(folder) && !own.has(folder));
  assert.deepEqual(strangers, []);
});
