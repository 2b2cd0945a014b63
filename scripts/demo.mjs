// npm run demo [-- COMMAND …]: a small Swarm host out of scratch namespaces, without Docker and without root, and what nsatlas
// says of it; or COMMAND in the middle of it, with nsatlas in its PATH (npm run demo -- bash).
// The script runs twice: outside, where it builds the program and makes private namespaces, and inside of those.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { buildTopology, NETNS_DIR } from './lib/demo-topology.mjs';
import { checkPlatform, install } from './lib/install.mjs';
import { handOver } from './lib/ownership.mjs';
import { givenArguments, Problem, report, ROOT, runInForeground, which } from './lib/process.mjs';
import { namespaceProblem, UNSHARE_FLAGS } from './lib/sandbox.mjs';

/** The word that tells the second run from the first. */
const INSIDE = '--inside';

/** What an operator does by hand with `ip netns exec`, `ip -d link`, `bridge fdb` and a sheet of paper. */
const QUESTIONS = [
  ['Which network namespaces are there?', 'netns'],
  ['Which veth is paired with which?', 'veths'],
  ['Which VXLANs are there?', 'vxlans'],
  ['Where do frames for other hosts go?', 'fdb', '--kind', 'vxlan'],
];

const NSATLAS = join(ROOT, 'dist/bundle/cli/main.js');

try {
  const [first, ...rest] = givenArguments();
  if (first === INSIDE) await inside(rest);
  else await prepare(givenArguments());
} catch (error) {
  report(error);
}

async function prepare(command) {
  checkPlatform();
  if (which('ip') === undefined || which('bridge') === undefined) {
    throw new Problem('the demo needs iproute2', 'sudo apt-get install -y --no-install-recommends iproute2');
  }
  const obstacle = namespaceProblem();
  if (obstacle !== undefined) throw new Problem(`the demo needs namespaces of its own: ${obstacle.reason}`, obstacle.remedy);
  await install(console.error);
  await build(console.error);
  handOver();
  const again = [process.execPath, join(ROOT, 'scripts/demo.mjs'), INSIDE, ...command];
  process.exitCode = await runInForeground('unshare', [UNSHARE_FLAGS, '--propagation', 'private', ...again]);
}

async function inside(command) {
  buildTopology();
  if (command.length === 0) show();
  else {
    process.env.PATH = `${installCommand()}:${process.env.PATH ?? ''}`;
    process.env.NSATLAS_NETNS_DIR = NETNS_DIR;
    process.exitCode = await runInForeground(command[0], command.slice(1));
  }
}

/** A folder with `nsatlas` in it, for a PATH. On the demo's own /run, so it goes with it. */
function installCommand() {
  const folder = '/run/nsatlas-demo';
  mkdirSync(folder);
  writeFileSync(join(folder, 'nsatlas'), `#!/bin/sh\nexec '${process.execPath}' '${NSATLAS}' "$@"\n`, { mode: 0o755 });
  return folder;
}

function show() {
  console.log(
    'Two overlay networks (ingress, and one with three containers) on one Swarm host, in scratch namespaces of this process.',
  );
  for (const [question, ...args] of QUESTIONS) {
    const full = [...args, '--netns-dir', NETNS_DIR];
    console.log(`\n${question}\n$ nsatlas ${full.join(' ')}`);
    const result = spawnSync(process.execPath, [NSATLAS, ...full], { stdio: ['ignore', 'inherit', 'inherit'] });
    if (result.status !== 0) throw new Problem(`nsatlas ${args[0]} ended with ${result.signal ?? `status ${result.status}`}`);
  }
  console.log(
    '\nAll of it was read straight from the kernel. The namespaces are gone now; `sudo npm start` shows this machine’s own.',
  );
}
