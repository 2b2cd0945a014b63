import t from 'tap';
import { ROOT } from '../../support/root.js';
import { projectFiles, RULES } from './rules.js';

const isText = (path: string): boolean => !/\.(bin|png|node|ico)$/.test(path);

t.test('no file is longer than house style allows', async (t) => {
  const files = await projectFiles(RULES.isCode);
  t.ok(files.size > 40, 'the files were found');
  t.strictSame(RULES.checkSizes(files), []);
});

t.test('a file that is too long is refused, a table of constants and a generated file are not', async (t) => {
  const long = 'x\n'.repeat(RULES.MAX_LINES + 1);
  t.equal(RULES.checkSizes(new Map([['src/model/x.ts', long]])).length, 1);
  t.strictSame(RULES.checkSizes(new Map([['src/model/x.ts', 'x\n'.repeat(RULES.MAX_LINES)]])), []);
  t.strictSame(RULES.checkSizes(new Map([['src/netlink/uapi.ts', long]])), []);
  t.strictSame(RULES.checkSizes(new Map([['src/kinds/registry.gen.ts', long]])), []);
});

t.test('no file names a path of the machine it was written on', async (t) => {
  // Put together, so that this file does not name them itself.
  const foreign = [
    ['', 'work', ''].join('/'),
    ['shared', 'reference'].join('/'),
    ['shared', 'design.md'].join('/'),
    ...(ROOT.split('/').length > 3 ? [ROOT] : []),
  ];
  const files = await projectFiles((path) => isText(path) && path !== 'package-lock.json');
  const naming = [...files].flatMap(([path, text]) =>
    foreign.filter((name) => text.includes(name)).map((name) => `${path} names ${name}`),
  );
  t.strictSame(naming, []);
});

t.test('nothing is left to do in the sources', async (t) => {
  const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].map((mark) => `\\b${mark}\\b`).join('|'));
  const files = await projectFiles((path) => RULES.isCode(path));
  const marked = [...files].filter(([, text]) => marks.test(text)).map(([path]) => path);
  t.strictSame(marked, []);
});

t.test('only the command line reads the environment', async (t) => {
  const files = await projectFiles(RULES.isSource);
  const readers = [...files]
    .filter(([path, text]) => !path.startsWith('src/cli/') && /\bprocess\.env\b/.test(text))
    .map(([path]) => path);
  t.strictSame(readers, []);
});
