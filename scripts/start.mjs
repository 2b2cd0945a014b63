// npm start [-- arguments of `nsatlas up`]: from a fresh clone to a serving agent and collector. Installs and builds what is missing,
// shows this host's namespaces, veth pairs and VXLANs, and serves them until it is told to end.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, checkToolchain } from './lib/build.mjs';
import { checkPlatform, install, isInstalled } from './lib/install.mjs';
import { handOver } from './lib/ownership.mjs';
import { givenArguments, report, ROOT, runInForeground } from './lib/process.mjs';
import { IS_ROOT } from './lib/sandbox.mjs';

const NSATLAS = join(ROOT, 'dist/bundle/cli/main.js');

const LISTS = [
  ['Network namespaces of this host', 'netns'],
  ['veth pairs', 'veths'],
  ['VXLANs', 'vxlans'],
];

try {
  checkPlatform();
  // Before npm, which takes longest: who lacks a compiler should know at once.
  if (!isInstalled()) await checkToolchain();
  await install(console.error);
  await build(console.error);
  handOver();
  if (!IS_ROOT)
    console.error('not root: namespaces of others cannot be entered and are listed as gaps; `sudo npm start` shows them all');
  for (const [title, list] of LISTS) show(title, list);
  console.log('\nServing the same over gRPC; Ctrl-C ends it.');
  process.exitCode = await runInForeground(process.execPath, [NSATLAS, 'up', ...givenArguments()]);
} catch (error) {
  report(error);
}

/** What could not be read is said by the command itself, on stderr; serving is worth it all the same. */
function show(title, list) {
  console.log(`\n${title} (nsatlas ${list})`);
  spawnSync(process.execPath, [NSATLAS, list], { stdio: ['ignore', 'inherit', 'inherit'] });
}
