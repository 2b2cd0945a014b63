import { readFileSync } from 'node:fs';

/** A container's id within the path of a control group: "/docker/ID", "/system.slice/docker-ID.scope". */
const CONTAINER_ID = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/**
 * Reads which containers a process belongs to, from the names of its control groups, which every engine makes of its
 * containers' ids. So it is the kernel that says whose process it is, whatever number it has in an engine's pid namespace.
 * The returned function caches what it has read, so each scan needs a new one; it returns the ids of all
 * control groups, the outer container of a nested one first; undefined if the process is gone.
 * @param procRoot where the proc file system of the machine is mounted
 */
export function containerIdsOfProcesses(procRoot: string): (pid: number) => readonly string[] | undefined {
  const known = new Map<number, readonly string[] | undefined>();
  return (pid) => {
    if (!known.has(pid)) known.set(pid, readContainerIds(`${procRoot}/${pid}/cgroup`));
    return known.get(pid);
  };
}

/** The container ids in the text of /proc/PID/cgroup (cgroups(7)), each once, in order of the first appearance. */
export function parseContainerIds(text: string): string[] {
  return [...new Set(text.match(CONTAINER_ID) ?? [])];
}

function readContainerIds(path: string): string[] | undefined {
  try {
    return parseContainerIds(readFileSync(path, 'utf8'));
  } catch {
    // The process is gone, or /proc is mounted with hidepid: nothing is known about it.
    return undefined;
  }
}
