// The build: what is generated, what is compiled, and what is left of files that are gone. Each step is quick when nothing changed.
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesBelow } from './files.mjs';
import { Problem, ROOT, run, tail } from './process.mjs';

const STAMP = join(ROOT, 'dist/.build.json');
const MAIN = join(ROOT, 'dist/src/cli/main.js');
/** As deep as what it is made of: some files find others by their own place. */
const BUNDLE = join(ROOT, 'dist/bundle/cli');
const COMMAND = join(BUNDLE, 'main.js');

/** Builds everything that is not up to date; `say` is called with a line for each step that takes time. */
export async function build(say) {
  const native = script('build-native.mjs');
  const typescript = (async () => {
    await Promise.all([script('registry.mjs', 'the registry of link kinds'), script('proto.mjs', 'the protobuf code')]);
    await compile(say);
  })();
  const failures = (await Promise.allSettled([native, typescript])).filter((result) => result.status === 'rejected');
  // The compiler for C++ is what a fresh machine lacks: its message names the packages, so it comes first and alone.
  if (failures[0] !== undefined) throw failures[0].reason;
}

/** Checks the tools for the addon, so that a fresh machine learns of a missing compiler before npm has run. */
export async function checkToolchain() {
  const result = await run(process.execPath, [join(ROOT, 'scripts/build-native.mjs')]);
  // It checks tools first and packages next, and before `npm ci` the packages are not there.
  if (result.code !== 0 && !/the package .* is not installed/.test(result.output)) throw new Problem(spoken(result.output));
}

/** Output of build-native.mjs, which says by itself what is wrong, where and what to do. */
function spoken(output) {
  return tail(output, 40).replace(/^nsatlas: /, '');
}

/** @param {string} [what] for scripts whose output does not say it */
async function script(name, what) {
  const result = await run(process.execPath, [join(ROOT, 'scripts', name)]);
  if (result.code !== 0)
    throw new Problem(what === undefined ? spoken(result.output) : `cannot build ${what}:\n${tail(result.output, 40)}`);
}

async function compile(say) {
  const inputs = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === inputs && existsSync(COMMAND)) return;
  say('compiling …');
  rmSync(STAMP, { force: true });
  removeOrphans('src');
  removeOrphans('test');
  const result = await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', ROOT]);
  if (result.code !== 0) throw new Problem(`tsc found errors:\n${tail(result.output, 40)}`);
  await makeCommand();
  writeFileSync(STAMP, inputs);
}

/** The command in a few files instead of 250, which take longer to load than a small host to read. What is imported on demand stays so. */
async function makeCommand() {
  rmSync(BUNDLE, { recursive: true, force: true });
  // Loaded here: on a fresh machine this file is imported before anything is installed.
  const { build: bundle } = await import('esbuild');
  const format = { platform: 'node', target: 'node20', format: 'esm' };
  await bundle({
    entryPoints: [MAIN],
    outdir: BUNDLE,
    bundle: true,
    splitting: true,
    packages: 'external',
    logLevel: 'silent',
    ...format,
  });
  chmodSync(COMMAND, 0o755);
}

/** Path, size and time of everything tsc reads, one line each. */
function fingerprint() {
  const settings = [join(ROOT, 'tsconfig.json'), join(ROOT, 'package-lock.json')];
  return [...settings, ...filesBelow(join(ROOT, 'src')), ...filesBelow(join(ROOT, 'test'))]
    .filter((path) => path.endsWith('.ts') || path.endsWith('.json'))
    .map((path) => {
      const { size, mtimeMs } = statSync(path);
      return `${relative(ROOT, path)} ${size} ${mtimeMs}`;
    })
    .sort()
    .join('\n');
}

/** Removes what was compiled from sources that are gone: the runner would still start it, and imports of it would still work. */
function removeOrphans(folder) {
  for (const path of filesBelow(join(ROOT, 'dist', folder))) {
    const name = relative(join(ROOT, 'dist'), path);
    const source = name.replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts');
    if (!existsSync(join(ROOT, source))) rmSync(path);
  }
}
