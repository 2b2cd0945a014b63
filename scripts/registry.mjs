#!/usr/bin/env node
// Writes the registry.gen.ts of the rooms where a new thing is one new file: every file that exports one, imported
// statically and sorted, so that nothing is searched for at run time and no list is kept by hand.
//
//     node scripts/registry.mjs            write
//     node scripts/registry.mjs --check    compare; exit status 1 when one is not what would be written
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file belongs to a registry when it has the line that `mark` finds. */
const REGISTRIES = [
  {
    folder: 'kinds',
    // A kind file is named by its IFLA_INFO_KIND string.
    mark: /^export const kind: LinkKind = /m,
    name: 'kind',
    type: 'LinkKind',
    write: (entries) => `/** Every kind this release knows, by IFLA_INFO_KIND. */
export const KINDS: ReadonlyMap<string, LinkKind> = new Map([
${entries.map(({ word, variable }) => `  ['${word}', ${variable}],`).join('\n')}
]);
`,
  },
  {
    folder: 'tables',
    // A table file is named by its section.
    mark: /^export const table = defineTable</m,
    name: 'table',
    write: (entries) => `/** Every table whose rows have a section of their own. */
export const ROW_TABLES = [${entries.map(({ variable }) => variable).join(', ')}] as const;
`,
  },
  {
    folder: 'outputs/lists',
    // A list file is named by the word of its command.
    mark: /^export const list(: ListView<.+>)? = /m,
    name: 'list',
    write: (entries) => `/** Every list of the command line. */
export const LISTS = [${entries.map(({ variable }) => variable).join(', ')}] as const;
`,
  },
  {
    folder: 'outputs',
    // An output file is named by its -o word.
    mark: /^export const output: Output = /m,
    name: 'output',
    type: 'Output',
    write: (entries) => `/** Every format of -o. */
export const OUTPUTS: readonly Output[] = [${entries.map(({ variable }) => variable).join(', ')}];
`,
  },
];

const check = process.argv.includes('--check');
for (const registry of REGISTRIES) {
  const folder = fileURLToPath(new URL(`../src/${registry.folder}/`, import.meta.url));
  const target = `${folder}registry.gen.ts`;
  const text = registryText(folder, registry);
  if (read(target) === text) continue;
  if (!check) writeFileSync(target, text);
  else {
    process.stderr.write(`src/${registry.folder}/registry.gen.ts is out of date: run node scripts/registry.mjs\n`);
    process.exitCode = 1;
  }
}

function registryText(folder, { mark, name, type, folder: room, write }) {
  const entries = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && mark.test(readFileSync(folder + file, 'utf8')))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort()
    // "ip6gre" may be the name of a variable, "x-y" may not.
    .map((word) => ({ word, variable: `${name}_${word.replace(/[^a-z0-9]/g, '_')}` }));
  return `// Written by scripts/registry.mjs. Do not edit: add a file to src/${room} and run it.
${type === undefined ? '' : `import type { ${type} } from './contract.js';\n`}${entries.map(({ word, variable }) => `import { ${name} as ${variable} } from './${word}.js';`).join('\n')}

${write(entries)}`;
}

/** Missing is one way of being out of date. */
function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
