// npm run check: everything that can be told without running the program. All checks at once, one line each.
import { join } from 'node:path';
import { install } from './lib/install.mjs';
import { readFiles } from './lib/files.mjs';
import { Problem, report, ROOT, run, seconds, tail } from './lib/process.mjs';

const bin = (name) => join(ROOT, 'node_modules/.bin', name);
const node = (...args) => [process.execPath, ...args];
const isShell = (path, text) => path.endsWith('.sh') || /^#!.*\b(ba)?sh\b/.test(text);

/** A file is linted again when it changed. What a change does to the types in other files is left to CI, which starts with no cache. */
const LINT_CACHE = ['--cache', '--cache-strategy=content', `--cache-location=${join(ROOT, '.cache/eslint.json')}`];

/** What is checked, and with what. */
const CHECKS = {
  types: node(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', ROOT, '--noEmit'),
  lint: node(join(ROOT, 'node_modules/eslint/bin/eslint.js'), '--max-warnings=0', ...LINT_CACHE, '.'),
  format: [bin('biome'), 'format', '--max-diagnostics=20', '.'],
  architecture: node(join(ROOT, 'scripts/check-architecture.mjs')),
  registry: node(join(ROOT, 'scripts/registry.mjs'), '--check'),
  proto: [bin('buf'), 'lint', 'proto'],
  shell: ['bash', '-c', 'status=0; for file; do bash -n "$file" || status=1; done; exit $status', 'bash', ...shellScripts()],
};

try {
  await install(console.log);
  // Types, lint and proto need the generated code.
  const generated = await run(process.execPath, [join(ROOT, 'scripts/proto.mjs')]);
  if (generated.code !== 0) throw new Problem(tail(generated.output));
  const started = performance.now();
  const results = await Promise.all(Object.entries(CHECKS).map(check));
  const failed = results.filter((isGood) => !isGood).length;
  console.log(
    failed === 0 ? `all good, ${seconds(performance.now() - started)}` : `${failed} of ${results.length} checks failed`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  report(error);
}

async function check([name, [command, ...args]]) {
  const result = await run(command, args);
  const isGood = result.code === 0;
  console.log(`${isGood ? '✓' : '✗'} ${name.padEnd(14)} ${seconds(result.ms)}${isGood ? '' : `\n${result.output.trimEnd()}\n`}`);
  return isGood;
}

function shellScripts() {
  return [...readFiles(ROOT, (path) => !/\.(ts|mjs|js|json|md|cc|h|bin)$/.test(path))]
    .filter(([path, text]) => isShell(path, text))
    .map(([path]) => join(ROOT, path));
}
