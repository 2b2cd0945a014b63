import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../support/root.js';
import { RULES } from './rules.js';

/** Rooms in the order in which src/README.md lists them: "| `native/` | …". */
function listedRooms(): string[] {
  const text = readFileSync(join(ROOT, 'src/README.md'), 'utf8');
  return [...text.matchAll(/^\| `([a-z]+)\/`/gm)].map((match) => match[1]!);
}

const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

test('src/README.md lists every room that exists, in the order in which data flows', () => {
  const expected = RULES.ROOMS.filter((room) => folders.includes(room));
  assert.ok(expected.length >= 12);
  assert.deepEqual(listedRooms(), expected);
});

test('every folder of src is a room', () => {
  assert.deepEqual(
    folders.filter((folder) => !RULES.ROOMS.includes(folder)),
    [],
  );
});

test('every folder of unit tests is named after a room or after what it tests of the project itself', () => {
  const own = new Set(['architecture', 'docs', 'tooling']);
  const strangers = readdirSync(join(ROOT, 'test/unit')).filter((folder) => !RULES.ROOMS.includes(folder) && !own.has(folder));
  assert.deepEqual(strangers, []);
});
