// The three folders of tests: how each is run, and what it needs.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesBelow } from './files.mjs';
import { ROOT, which } from './process.mjs';
import { IS_ROOT, namespaceProblem, UNSHARE_FLAGS } from './sandbox.mjs';

/** `unshare` puts these before a live test, so that nothing it does or forgets reaches the machine's own namespaces. */
const IN_SCRATCH = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

/**
 * concurrency: files at once. timeLimitMs: for one file. wrapper: what is put before node's command line.
 * obstacle(): why the folder cannot run on this machine, with the command that helps; undefined when it can.
 */
export const FOLDERS = {
  unit: { concurrency: 2, timeLimitMs: 60_000, wrapper: [], obstacle: () => undefined },
  live: {
    // Each has the mounts and the network of its own; what two may see of each other is /proc.
    concurrency: 2,
    timeLimitMs: 240_000,
    // Mounts that the machine removes have to go from the copy, too (slave): a private copy would keep namespaces alive.
    wrapper: ['unshare', UNSHARE_FLAGS, '--propagation', 'slave', ...IN_SCRATCH],
    obstacle: () => missingTool() ?? namespaceProblem(),
  },
  swarm: { concurrency: 1, timeLimitMs: 900_000, wrapper: [], obstacle: swarmObstacle },
};

function missingTool() {
  if (which('ip') !== undefined) return undefined;
  return { reason: 'iproute2 is missing', remedy: 'sudo apt-get install -y --no-install-recommends iproute2' };
}

function swarmObstacle() {
  if (which('dockerd') === undefined) return { reason: 'dockerd is not installed', remedy: 'sudo scripts/install-docker.sh' };
  if (!IS_ROOT) return { reason: 'starting a Docker daemon needs root', remedy: 'sudo npm run test:swarm' };
  return namespaceProblem();
}

/** Compiled test files of a folder, sorted; `filters` are parts of their paths, any of which has to be in it. */
export function testFiles(folder, filters) {
  const files = filesBelow(join(ROOT, 'dist/test', folder))
    .filter((path) => path.endsWith('.test.js'))
    .map((path) => relative(ROOT, path));
  return files.filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter))).sort();
}

/** How many tests of a folder are known to be skipped: test/expected-skips.json. */
export function expectedSkips(folder) {
  const committed = JSON.parse(readFileSync(join(ROOT, 'test/expected-skips.json'), 'utf8'));
  return committed[IS_ROOT ? 'root' : 'user'][folder];
}
