// Dependencies from the registry, only when they are missing or older than the lock file.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Problem, ROOT, run, seconds, tail } from './process.mjs';

/** The lowest Node release that the project runs on. */
const MIN_NODE = /[0-9.]+/.exec(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node)[0];

/** Refuses platforms on which nothing here can work. */
export function checkPlatform() {
  if (process.platform !== 'linux') throw new Problem(`network namespaces are Linux's; this is ${process.platform}`);
  if (process.versions.node.localeCompare(MIN_NODE, 'en', { numeric: true }) < 0) {
    throw new Problem(
      `Node.js ${process.versions.node} is too old; ${MIN_NODE} or later is needed`,
      "https://nodejs.org/en/download (or your distribution's backports)",
    );
  }
}

/** Whether node_modules is what package-lock.json asks for, as far as times tell. npm writes its own copy when it is done. */
export function isInstalled(root = ROOT) {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  return statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/** `npm ci` when needed. Scripts of the dependencies are not run: none of ours needs one, and the addon is built by the build. */
export async function install(say) {
  if (isInstalled()) return;
  say('installing dependencies (npm ci) …');
  const npm = process.env.npm_execpath;
  const [command, prefix] = npm?.endsWith('.js') ? [process.execPath, [npm]] : [npm ?? 'npm', []];
  const args = [...prefix, 'ci', '--ignore-scripts', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error'];
  const result = await run(command, args);
  if (result.code !== 0) {
    throw new Problem(
      `npm ci failed:\n${tail(result.output)}`,
      'npm ci --ignore-scripts   # shows the whole log; is the npm registry reachable?',
    );
  }
  say(`dependencies installed in ${seconds(result.ms)}`);
}
