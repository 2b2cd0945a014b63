// What house style says of files and imports, as a check: rooms import only rooms above them in src/README.md, files form no cycle, pure rooms
// reach nothing outside, one file names the addon, and no file is too long. `npm run check` and test/unit/architecture use it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import { readFiles } from './files.mjs';
import { ROOT } from './process.mjs';

const README = readFileSync(join(ROOT, 'src/README.md'), 'utf8');

/** The rooms in the order in which data flows, as src/README.md lists them. A room may import those before it. */
export const ROOMS = Array.from(README.matchAll(/^\| `([a-z]+)\/`/gm), (match) => match[1]);

/** Rooms that neither read nor change anything outside of their arguments: no fs, net, process or clock. src/README.md names them in a sentence. */
export const PURE_ROOMS = new Set(
  Array.from((/^`.* are pure:/m.exec(README)?.[0] ?? '').matchAll(/`([a-z]+)`/g), (match) => match[1]),
);

/** Packages that are as pure as the rooms that may import them. */
const PURE_PACKAGES = ['fast-string-width', 'ipaddr\\.js'];

/** Rooms that a collector runs without: it is unprivileged and elsewhere. */
const HOST_ROOMS = ['native', 'netlink', 'discover'];
const AWAY_ROOMS = ['client', 'collector'];

/** More lines than this are refused. */
export const MAX_LINES = 500;

/** Tables of constants, which are as long as what they are copied from. */
export const TABLES = new Set(['src/netlink/uapi.ts']);

/** Whether a file is a TypeScript source of the program itself. */
export function isSource(path) {
  return path.startsWith('src/') && path.endsWith('.ts');
}

/** Whether a file is code, whose length is limited. The .proto files are the manual of the wire format and may be long. */
export function isCode(path) {
  return /\.(ts|mjs|js|sh|py|cc|h|c)$/.test(path) && !path.startsWith('test/fixtures/');
}

const within = (rooms) => `^src/(?:${[...rooms].join('|')})/`;

/** A kind of import that is refused. */
const refused = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const RULES = [
  // Generated tables name the types of what reads them.
  refused('cycle', 'is a cycle of imports', {}, { circular: true, viaOnly: { pathNot: '^src/wire/gen/' } }),
  ...ROOMS.slice(0, -1).map((room, at) =>
    refused(`after-${room}`, `comes after ${room}`, { path: within([room]) }, { path: within(ROOMS.slice(at + 1)) }),
  ),
  refused(
    'away',
    'may not be imported where there is no kernel to ask',
    { path: within(AWAY_ROOMS) },
    { path: within(HOST_ROOMS) },
  ),
  // The version in package.json is the only thing outside of src that a source may want.
  refused(
    'outside',
    'is outside of src',
    {},
    { path: '[.]', pathNot: ['^src/', '^package\\.json$', 'node_modules/'], dependencyTypes: ['local'] },
  ),
  refused('missing', 'does not exist', {}, { couldNotResolve: true }),
  // What a pure room imports is pure itself, and so is what that imports: that is how purity reaches through any chain.
  refused(
    'pure-room',
    'is not pure; hand in what is needed as an argument',
    { path: within(PURE_ROOMS) },
    { path: '^src/', pathNot: within(PURE_ROOMS), dependencyTypesNot: ['type-only'] },
  ),
  refused(
    'pure-package',
    'is outside, and a pure room imports it; hand in what is needed as an argument',
    { path: within(PURE_ROOMS) },
    { pathNot: ['^src/', `node_modules/(?:${PURE_PACKAGES.join('|')})/`], dependencyTypesNot: ['type-only'] },
  ),
];

/**
 * What is wrong with the imports of src/ in a folder.
 * @returns {Promise<{modules: number, problems: string[]}>} one sentence for each problem, "file → file …"
 */
export async function checkImports(root) {
  const { output } = await cruise(
    ['src'],
    {
      baseDir: root,
      doNotFollow: { path: 'node_modules' },
      tsPreCompilationDeps: true,
      validate: true,
      ruleSet: { forbidden: RULES },
    },
    { extensions: ['.ts', '.js', '.json'], extensionAlias: { '.js': ['.ts', '.js'] } },
  );
  const comments = new Map(RULES.map(({ name, comment }) => [name, comment]));
  const sources = readFiles(root, isSource);
  const problems = [
    ...output.summary.violations.map(({ from, to, rule, cycle }) => {
      const way = [from, ...(cycle?.map(({ name }) => name) ?? [to])];
      return `${way.join(' → ')}: ${comments.get(rule.name)}`;
    }),
    ...[...sources.keys()]
      .filter((path) => !new RegExp(within(ROOMS)).test(path))
      .map((path) => `${path}: is in no room (the rooms are ${ROOMS.join(', ')})`),
    ...[...sources]
      .filter(([path, text]) => !path.startsWith('src/native/') && /['"`/]nsatlas\.node\b/.test(text))
      .map(([path]) => `${path}: names the addon's file; only src/native may`),
  ];
  return { modules: output.modules.length, problems };
}

/** The files of a Map path → text that are too long, one sentence for each. */
export function checkSizes(files) {
  return [...files]
    .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > MAX_LINES && !TABLES.has(path) && !path.endsWith('.gen.ts'))
    .map(({ path, lines }) => `${path}: ${lines} lines, and ${MAX_LINES} is the most; split it by what it does`);
}
