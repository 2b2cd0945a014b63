import { readdir } from 'node:fs/promises';
import type { IdentifyResult } from '../native/types.js';
import { errnoName } from '../netlink/errno.js';
import type { DiscoveryProblem } from './types.js';

/** Proves what paths lead to; the native reader's identify(). */
export type Identify = (paths: readonly string[]) => Promise<readonly IdentifyResult[]>;

/** One entry of a directory of namespaces that is one. */
export interface DirectoryEntry {
  readonly path: string;
  readonly ino: number;
  readonly dev: number;
}

/** Looks at every entry of the directories. What is no network namespace becomes a problem that says what it is. */
export async function readDirectories(
  directories: readonly string[],
  identify: Identify,
): Promise<{ entries: DirectoryEntry[]; problems: DiscoveryProblem[] }> {
  const problems: DiscoveryProblem[] = [];
  const paths: string[] = [];
  for (const directory of new Set(directories.map(withoutTrailingSlash))) {
    try {
      const names = await readdir(directory);
      paths.push(...names.sort().map((name) => `${directory}/${name}`));
    } catch (cause) {
      problems.push(directoryProblem(directory, cause as NodeJS.ErrnoException));
    }
  }
  const entries: DirectoryEntry[] = [];
  for (const [at, result] of (await identify(paths)).entries()) {
    const path = paths[at] ?? '';
    if ('identity' in result) entries.push({ path, ...result.identity });
    else problems.push(entryProblem(path, result.problem));
  }
  return { entries, problems };
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

function directoryProblem(path: string, cause: NodeJS.ErrnoException): DiscoveryProblem {
  const kind = cause.code === 'EACCES' || cause.code === 'EPERM' ? 'denied' : 'failed';
  const hint =
    cause.code === 'ENOENT' ? 'there is no such directory; check --netns-dir' : `cannot be listed (${cause.code ?? 'error'})`;
  return {
    path,
    kind,
    operation: 'readdir',
    message: `${path}: ${hint}`,
    ...(cause.code !== undefined && { errno: cause.code }),
  };
}

type Problem = Extract<IdentifyResult, { problem: unknown }>['problem'];

function entryProblem(path: string, { problem, operation, detail, errno }: Problem): DiscoveryProblem {
  // What says nothing of what is at the path.
  const isTrouble = problem === 'denied' || problem === 'timeout' || problem === 'failed';
  const kind = isTrouble ? problem : problem === 'not-found' ? 'vanished' : 'not-a-netns';
  const what = kind === 'not-a-netns' ? `is not a network namespace (${detail})` : detail;
  return { path, kind, operation, message: `${path}: ${what}`, ...(errno !== 0 && { errno: errnoName(errno) }) };
}
