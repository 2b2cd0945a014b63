// What house style says of files and imports, as a check: rooms import only rooms to their left, files form no cycle, pure rooms
// touch nothing outside, one file names the addon, and no file is too long. `npm run check` and test/unit/architecture use it.
import { posix } from 'node:path';
import ts from 'typescript';

/** The rooms in the order in which data flows. A room may import those before it. */
export const ROOMS = [
  'text',
  'native',
  'netlink',
  'discover',
  'kinds',
  'tables',
  'model',
  'fabric',
  'docker',
  'wire',
  'rpc',
  'live',
  'serve',
  'client',
  'agent',
  'collector',
  'metrics',
  'outputs',
  'cli',
];

/** Rooms that neither read nor change anything outside of their arguments: no fs, net, process or clock. */
export const PURE_ROOMS = new Set(['text', 'kinds', 'tables', 'model', 'fabric', 'outputs']);

/** Rooms that a collector runs without: it is unprivileged and elsewhere. */
const HOST_ROOMS = new Set(['native', 'netlink', 'discover']);
const AWAY_ROOMS = new Set(['client', 'collector']);

/** More lines than this are refused. */
export const MAX_LINES = 500;

/** Tables of constants, which are as long as what they are copied from. */
export const TABLES = new Set(['src/netlink/uapi.ts', 'src/netlink/errno.ts']);

/** Whether a file is a TypeScript source of the program itself. */
export function isSource(path) {
  return path.startsWith('src/') && path.endsWith('.ts');
}

/** Whether a file is code, whose length is limited. The .proto files are the manual of the wire format and may be long. */
export function isCode(path) {
  return /\.(ts|mjs|js|sh|py|cc|h|c)$/.test(path) && !path.startsWith('test/fixtures/');
}

/**
 * Everything that a file imports, in whatever form.
 * @returns {{specifier: string, typeOnly: boolean, line: number}[]}
 */
export function importsOf(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const found = [];
  const add = (node, specifier, typeOnly) =>
    found.push({ specifier: specifier.text, typeOnly, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1 });
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeImport(node.importClause));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node, node.argument.literal, true);
    else if (
      ts.isCallExpression(node) &&
      isLoader(node.expression) &&
      node.arguments[0] !== undefined &&
      ts.isStringLiteralLike(node.arguments[0])
    ) {
      add(node, node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isTypeImport(clause) {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const bindings = clause.namedBindings;
  if (clause.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

function isLoader(expression) {
  return expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === 'require');
}

/**
 * What is wrong with the imports of src/.
 * @param {Map<string, string>} sources path → text
 * @returns {string[]} one sentence for each, "file:line …"
 */
export function checkImports(sources) {
  const problems = [];
  const graph = new Map();
  for (const [path, text] of sources) {
    const room = roomOf(path);
    if (room === undefined || !ROOMS.includes(room)) {
      problems.push(`${path}: is in no room (the rooms are ${ROOMS.join(', ')})`);
      continue;
    }
    const edges = new Set();
    graph.set(path, edges);
    for (const { specifier, typeOnly, line } of importsOf(path, text)) {
      const problem = specifier.startsWith('.') ? checkOwn(path, specifier, edges) : checkForeign(room, specifier, typeOnly);
      if (problem !== undefined) problems.push(`${path}:${line}: ${problem}`);
    }
    if (room !== 'native' && /['"`/]nsatlas\.node\b/.test(text))
      problems.push(`${path}: names the addon's file; only src/native may`);
  }
  return [...problems, ...findCycles(graph)];
}

function checkOwn(path, specifier, edges) {
  const target = posix.normalize(posix.join(posix.dirname(path), specifier)).replace(/\.js$/, '.ts');
  if (!target.startsWith('src/')) {
    // The version in package.json is the only thing outside of src that a source may want.
    return target === 'package.json' ? undefined : `imports ${target}, which is outside of src`;
  }
  edges.add(target);
  const [from, to] = [roomOf(path), roomOf(target)];
  if (to === undefined || !ROOMS.includes(to)) return `imports ${target}, which is in no room`;
  if (ROOMS.indexOf(to) > ROOMS.indexOf(from)) return `${from} imports ${to}, which comes after it`;
  if (AWAY_ROOMS.has(from) && HOST_ROOMS.has(to)) return `${from} imports ${to}, and has to run where there is no kernel to ask`;
  return undefined;
}

function checkForeign(room, specifier, typeOnly) {
  if (!PURE_ROOMS.has(room) || typeOnly) return undefined;
  return `${room} is pure and imports ${specifier}; hand in what it needs as an argument`;
}

function roomOf(path) {
  const parts = path.split('/');
  return parts.length > 2 ? parts[1] : undefined;
}

/** Each cycle once, as the way around it. Generated files have no edges of their own and so close no cycle. */
function findCycles(graph) {
  const cycles = [];
  const done = new Set();
  const walk = (path, trail) => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      cycles.push(`${[...trail.slice(at), path].join(' → ')}: is a cycle of imports`);
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return cycles;
}

/**
 * Files that are too long.
 * @param {Map<string, string>} files
 * @returns {string[]}
 */
export function checkSizes(files) {
  return [...files]
    .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > MAX_LINES && !TABLES.has(path) && !path.endsWith('.gen.ts'))
    .map(({ path, lines }) => `${path}: ${lines} lines, and ${MAX_LINES} is the most; split it by what it does`);
}
