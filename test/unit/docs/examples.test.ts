import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { matchesOutput, parseExamples } from '../../support/examples.js';
import { ROOT } from '../../support/root.js';

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'src/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md') && existsSync(join(ROOT, path)));

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

t.test('a marked block is commands and what they print', async (t) => {
  const text =
    'a\n<!-- runs in the demo -->\n```console\n$ nsatlas netns \\\n    -o json\n{…}\n$ true\n```\n```console\n$ false\n```\n';
  t.strictSame(parseExamples(text), [
    { command: 'nsatlas netns  -o json', output: ['{…}'], line: 4 },
    { command: 'true', output: [], line: 7 },
  ]);
});

t.test('a mark without a block, and a block without a command, are errors that name the line', async (t) => {
  t.throws(() => parseExamples('<!-- runs in the demo -->\n\ntext'), /line 2: no console block/);
  t.throws(() => parseExamples('<!-- runs in the demo -->\n```console\nnsatlas\n```'), /line 3: .* begins with a command/);
  t.throws(() => parseExamples('<!-- runs in the demo -->\n```console\n```'), /without a command/);
});

t.test('output is compared line by line, with … for what changes', async (t) => {
  t.equal(matchesOutput(['ID  NAME', 'net:[…]   web'], 'ID              NAME\nnet:[4026532287] web\n'), true);
  t.equal(matchesOutput(['ID  NAME', '…'], 'ID NAME\n1\n2\n'), true);
  t.equal(matchesOutput(['ID  NAME', '…', '2'], 'ID NAME\n1\n2\n'), true);
  t.equal(matchesOutput(['ID  NAME', '…', '3'], 'ID NAME\n1\n2\n'), false);
  t.equal(matchesOutput(['web'], 'web\nextra\n'), false);
  t.equal(matchesOutput(['w.b'], 'web\n'), false);
});

t.test('README.md has executable examples', async (t) => {
  t.ok(parseExamples(read('README.md')).length > 0);
});

t.test('every `npm run` that a document names exists', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const builtin = new Set(['ci', 'install', 'i', 'pack', 'link', 'view', 'exec', 'registry']);
  const unknown = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)]
      .map((match) => match[1]!)
      .filter((name) => !(name in scripts) && !builtin.has(name))
      .map((name) => `${path}: npm run ${name}`),
  );
  t.strictSame(unknown, []);
});

t.test('every relative link of a document leads to a file', async (t) => {
  const broken = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map((match) => match[1]!)
      .filter((link) => !existsSync(join(ROOT, dirname(path), link)))
      .map((link) => `${path} → ${link}`),
  );
  t.strictSame(broken, []);
});

t.test('every decision has a number, a title, a date, a status, its context and what was decided', async (t) => {
  for (const name of readdirSync(join(ROOT, 'docs/decisions'))) {
    const text = read(`docs/decisions/${name}`);
    t.match(
      text,
      new RegExp(`^# ${Number(name.slice(0, 4))}\\. \\S.*\n\nDate: \\d{4}-\\d\\d-\\d\\d\\. Status: (accepted|superseded)\\b`),
      name,
    );
    for (const part of ['Context', 'Decision']) t.ok(text.includes(`\n**${part}.** `), `${name}: ${part}`);
  }
});
