// `sudo npm start` in a user's clone must not leave files behind that the user cannot replace.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { IS_ROOT } from './sandbox.mjs';
import { ROOT } from './process.mjs';

const MADE = ['node_modules', 'dist', 'build', '.cache', 'src/proto/gen', 'src/wire/gen'];

/** Gives what root installed and built to whom the project belongs. Does nothing when that is root. */
export function handOver() {
  const { uid, gid } = statSync(ROOT);
  if (!IS_ROOT || uid === 0) return;
  const registries = readdirSync(join(ROOT, 'src'), { recursive: true }).filter((file) => file.endsWith('registry.gen.ts'));
  const paths = [...MADE, ...registries.map((file) => join('src', file))]
    .map((name) => join(ROOT, name))
    .filter((path) => existsSync(path));
  // Where it fails (a user namespace that does not know the owner), the files stay root's, which is what they are without this.
  spawnSync('chown', ['-Rh', `${uid}:${gid}`, ...paths], { stdio: 'ignore' });
}
