// Which files of this Debian machine a program, a package or a folder is made of; for base images.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { filesBelow } from './files.mjs';
import { Problem } from './process.mjs';

/** Never needed to build, and a third of the size. */
const LEFT_OUT = /^\/usr\/share\/(doc|man|info|locale|lintian|bug|gdb)\//;

/** Links of a merged /usr; where they are folders, the files' own paths have them. */
const TOP_LINKS = ['/bin', '/sbin', '/lib', '/lib64'];

/** Paths of the shared libraries of a program, its dynamic linker included. */
export function librariesOf(path) {
  const lines = execFileSync('ldd', [path], { encoding: 'utf8' }).split('\n');
  return lines.map((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1]).filter((library) => library !== undefined);
}

/** The packages given and everything they depend on, as far as it is installed. */
export function closure(roots) {
  const format = '${Package}\t${Pre-Depends}, ${Depends}\t${Provides}\t${db:Status-Status}\n';
  const rows = execFileSync('dpkg-query', ['--show', `--showformat=${format}`], { encoding: 'utf8', maxBuffer: 1e8 }).split('\n');
  const depends = new Map();
  const providers = new Map();
  for (const [name, needs = '', provides = '', status] of rows.map((row) => row.split('\t'))) {
    if (status !== 'installed') continue;
    depends.set(name, needs.split(/[,|]/).map(packageName));
    for (const provided of provides.split(',').map(packageName)) providers.set(provided, name);
  }
  const missing = roots.filter((root) => !depends.has(root));
  if (missing.length > 0)
    throw new Problem(
      `not installed here: ${missing.join(', ')}`,
      `apt-get install -y --no-install-recommends ${missing.join(' ')}`,
    );
  const chosen = new Set(roots);
  for (const name of chosen)
    for (const need of depends.get(name) ?? []) {
      const real = depends.has(need) ? need : providers.get(need);
      if (real !== undefined) chosen.add(real);
    }
  return chosen;
}

/** "libc6:any (>= 2.36)" is libc6. */
function packageName(text) {
  return text.trim().split(/[\s:(]/)[0];
}

/** Everything that a package has installed. */
export function packageFiles(name) {
  return execFileSync('dpkg-query', ['--listfiles', name], { encoding: 'utf8', maxBuffer: 1e8 })
    .split('\n')
    .filter((path) => path.startsWith('/') && path !== '/.' && !LEFT_OUT.test(`${path}/`));
}

/** Paths to copy, each with the folders above it, and links with what they lead to. */
export class PathSet {
  #paths = new Set();

  constructor() {
    for (const link of TOP_LINKS) if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) this.#paths.add(link);
  }

  /** A file, link or folder (without what is in it). */
  add(path) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    // Divided packages list files that an administrator has removed.
    if (stat === undefined) return;
    // By its real folder: /lib/x is /usr/lib/x on a merged /usr, and a tar file must not have both.
    const real = join(realpathSync(dirname(path)), basename(path));
    if (this.#paths.has(real) || TOP_LINKS.includes(real)) return;
    for (let at = real; at !== '/'; at = dirname(at)) this.#paths.add(at);
    if (stat.isSymbolicLink() && existsSync(real)) this.add(realpathSync(real));
  }

  addTree(folder) {
    for (const path of filesBelow(folder)) this.add(path);
  }

  /** Folders before what is in them. */
  sorted() {
    return [...this.#paths].sort();
  }
}
