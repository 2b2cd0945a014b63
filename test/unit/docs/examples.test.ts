import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { matchesOutput, parseExamples } from '../../support/examples.js';
import { ROOT } from '../../support/root.js';

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'src/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md') && existsSync(join(ROOT, path)));

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test('a marked block is commands and what they print', () => {
  const text =
    'a\n<!-- runs in the demo -->\n```console\n$ nsatlas netns \\\n    -o json\n{…}\n$ true\n```\n```console\n$ false\n```\n';
  assert.deepEqual(parseExamples(text), [
    { command: 'nsatlas netns  -o json', output: ['{…}'], line: 4 },
    { command: 'true', output: [], line: 7 },
  ]);
});

test('a mark without a block, and a block without a command, are errors that name the line', () => {
  assert.throws(() => parseExamples('<!-- runs in the demo -->\n\ntext'), /line 2: no console block/);
  assert.throws(() => parseExamples('<!-- runs in the demo -->\n```console\nnsatlas\n```'), /line 3: .* begins with a command/);
  assert.throws(() => parseExamples('<!-- runs in the demo -->\n```console\n```'), /without a command/);
});

test('output is compared line by line, with … for what changes', () => {
  assert.equal(matchesOutput(['ID  NAME', 'net:[…]   web'], 'ID              NAME\nnet:[4026532287] web\n'), true);
  assert.equal(matchesOutput(['ID  NAME', '…'], 'ID NAME\n1\n2\n'), true);
  assert.equal(matchesOutput(['ID  NAME', '…', '2'], 'ID NAME\n1\n2\n'), true);
  assert.equal(matchesOutput(['ID  NAME', '…', '3'], 'ID NAME\n1\n2\n'), false);
  assert.equal(matchesOutput(['web'], 'web\nextra\n'), false);
  assert.equal(matchesOutput(['w.b'], 'web\n'), false);
});

test('README.md has executable examples', () => {
  assert.ok(parseExamples(read('README.md')).length > 0);
});

test('every `npm run` that a document names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const builtin = new Set(['ci', 'install', 'i', 'pack', 'link', 'view', 'exec', 'registry']);
  const unknown = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)]
      .map((match) => match[1]!)
      .filter((name) => !(name in scripts) && !builtin.has(name))
      .map((name) => `${path}: npm run ${name}`),
  );
  assert.deepEqual(unknown, []);
});

test('every relative link of a document leads to a file', () => {
  const broken = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map((match) => match[1]!)
      .filter((link) => !existsSync(join(ROOT, dirname(path), link)))
      .map((link) => `${path} → ${link}`),
  );
  assert.deepEqual(broken, []);
});

test('every decision has a number, a title, a date, a status, its context and what was decided', () => {
  for (const name of readdirSync(join(ROOT, 'docs/decisions'))) {
    const text = read(`docs/decisions/${name}`);
    assert.match(
      text,
      new RegExp(`^# ${Number(name.slice(0, 4))}\\. \\S.*\n\nDate: \\d{4}-\\d\\d(-\\d\\d)?\\. Status: (accepted|superseded)\\b`),
      name,
    );
    for (const part of ['Context', 'Decision']) assert.ok(text.includes(`\n**${part}.** `), `${name}: ${part}`);
  }
});
