// What can be seen of a process from /proc: descriptors, threads and the namespaces they are in.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

function readLinks(folder: string, leaf = ''): string[] {
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}${leaf}`)];
    } catch {
      return []; // the descriptor or thread ended between listing and looking
    }
  });
}

/** What the process's descriptors refer to. */
export function openFiles(): string[] {
  return readLinks('/proc/self/fd');
}

/** Descriptors of namespaces of any kind. */
export function namespaceFiles(): string[] {
  return openFiles().filter((file) => /^(net|uts|mnt|pid|user|ipc|cgroup|time):\[/.test(file));
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

/** Waits until `condition` holds. */
export async function until(what: string, condition: () => boolean, limitMs = 5000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(5);
  }
}
