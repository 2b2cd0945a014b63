// The project's own files, without what is installed, built, captured or generated.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const SKIPPED = new Set(['.git', 'node_modules', 'dist', 'build', '.cache', 'gen', '.claude']);

/** Paths of all files in a folder and its folders; none when it is not there. */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

/** The files whose path, relative to `root`, is wanted: a Map of path → text. */
export function readFiles(root, wanted) {
  const found = new Map();
  const visit = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) visit(path);
      // In a work tree of git `.git` is a file.
      if (entry.isFile() && !SKIPPED.has(entry.name) && wanted(path)) found.set(path, readFileSync(join(root, path), 'utf8'));
    }
  };
  visit('.');
  return found;
}
