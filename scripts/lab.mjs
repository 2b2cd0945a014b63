// npm run lab -- up | exec | status | down: a real Docker Swarm on this machine (test/lab/README.md).
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { checkPlatform, install } from './lib/install.mjs';
import { report, ROOT, runInForeground } from './lib/process.mjs';

try {
  checkPlatform();
  await install((line) => console.error(line));
  await build((line) => console.error(line));
  process.exitCode = await runInForeground(process.execPath, [join(ROOT, 'dist/test/lab/cli.js'), ...process.argv.slice(2)]);
} catch (error) {
  report(error);
}
