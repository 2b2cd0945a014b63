// Builds the native addon when it is older than its sources. Uses no network.
//   node scripts/build-native.mjs          build/Release/nsatlas.node
//   node scripts/build-native.mjs --asan   build/asan/build/Release/nsatlas.node, under AddressSanitizer and UBSan
//   --force                                even when it is up to date
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const asan = process.argv.includes('--asan');
const force = process.argv.includes('--force');
const folder = asan ? join(root, 'build', 'asan') : root;
const output = join(folder, 'build', 'Release', 'nsatlas.node');

/** Says what is wrong and how to fix it, and ends. */
function fail(what, fix) {
  console.error(`nsatlas: cannot build the native addon: ${what}\n  fix: ${fix}`);
  process.exit(1);
}

function runs(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function changedAt(path) {
  return statSync(path).mtimeMs;
}

function isUpToDate() {
  if (!existsSync(output)) return false;
  const native = join(root, 'native');
  const sources = [join(root, 'binding.gyp'), ...readdirSync(native, { recursive: true }).map((name) => join(native, name))];
  return sources.every((source) => changedAt(source) < changedAt(output));
}

/** The compiler the build would use, if there is one. CC and CXX are node-gyp's own variables. */
function checkTools() {
  const missing = [];
  if (!runs(process.env.CXX ?? 'g++') && !runs('c++')) missing.push('g++');
  if (!runs('make')) missing.push('make');
  if (!runs(process.env.npm_config_python ?? 'python3')) missing.push('python3');
  if (missing.length > 0) {
    fail(`${missing.join(', ')} not found`, 'apt-get install -y --no-install-recommends g++ make python3');
  }
}

/** @returns the path of node-gyp: the project's, else npm's own, where the package is installed as a dependency of another */
function checkPackages() {
  const require = createRequire(join(root, 'package.json'));
  const find = (name) => {
    try {
      return require.resolve(`${name}/package.json`);
    } catch {
      // Not installed: what follows from that depends on the package.
      return undefined;
    }
  };
  const nodeGyp = find('node-gyp');
  const path = nodeGyp === undefined ? process.env.npm_config_node_gyp : join(dirname(nodeGyp), 'bin', 'node-gyp.js');
  for (const [name, found] of [
    ['node-addon-api', find('node-addon-api')],
    ['node-gyp', path],
  ]) {
    if (found === undefined)
      fail(`the package ${name} is not installed`, 'npm ci   (in the project folder; npm start does it, too)');
  }
  return path;
}

/** Headers beside the running node, which every node distribution but Debian's split package has; else node-gyp looks for them itself. */
function headerArguments() {
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, 'include', 'node', 'node_api.h'))) return [`--nodedir=${prefix}`];
  return [];
}

/** node-gyp always builds into ./build: the sanitized build gets a folder that looks like the project. */
function prepareAsanFolder() {
  mkdirSync(folder, { recursive: true });
  for (const name of ['native', 'binding.gyp', 'node_modules', 'package.json']) {
    rmSync(join(folder, name), { force: true });
    symlinkSync(join('..', '..', name), join(folder, name));
  }
}

if (process.platform !== 'linux') fail(`this is ${process.platform}`, 'network namespaces exist on Linux only; build there');
if (!force && isUpToDate()) process.exit(0);
checkTools();
const nodeGyp = checkPackages();
if (asan) prepareAsanFolder();

const headers = headerArguments();
const args = [nodeGyp, 'configure', 'build', '--loglevel=warn', '-C', folder, ...headers];
const env = { ...process.env, JOBS: process.env.JOBS ?? 'max', ...(asan ? { GYP_DEFINES: 'nsatlas_sanitize=1' } : {}) };
const built = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env });
if (built.status !== 0 || !existsSync(output)) {
  process.stderr.write(`${built.stdout}${built.stderr}`);
  const noHeaders = headers.length === 0 && /headers|ENOTFOUND|ECONNREFUSED|FetchError/i.test(built.stderr);
  if (noHeaders)
    fail(
      "Node's headers were not found and could not be fetched",
      'apt-get install -y libnode-dev, or use a node with include/node beside it',
    );
  fail('the compiler says the above', 'report it, with the output, as a bug');
}
