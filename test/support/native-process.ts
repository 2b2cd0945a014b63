// What can be seen of the addon's threads from /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

function readLinks(folder: string, leaf = ''): string[] {
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}${leaf}`)];
    } catch {
      return []; // the descriptor or thread ended between listing and looking
    }
  });
}

/** The network namespaces that the process's threads are in. One, unless a thread is astray. */
export function threadNamespaces(): string[] {
  return [...new Set(readLinks('/proc/self/task', '/ns/net'))];
}

/** Threads of the addon: nsatlas-lane, nsatlas-watch. */
export function addonThreads(name = 'nsatlas-'): number {
  return readdirSync('/proc/self/task').filter((task) => {
    try {
      return readFileSync(`/proc/self/task/${task}/comm`, 'utf8').startsWith(name);
    } catch {
      return false; // ended
    }
  }).length;
}
