import { statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DirectoryEntry, type Identify, readDirectories } from './directories.js';
import { type NsfsMount, walkMountinfo } from './mountinfo.js';
import { netInode, type ProcessScan, readLink, readProcFile, scanProcesses } from './processes.js';
import type { Discovery, DiscoveryProblem, FoundNetns } from './types.js';

export type { Identify } from './directories.js';
export type { Discovery, DiscoveryProblem, FoundNetns } from './types.js';

export interface DiscoverOptions {
  /** Where the proc file system of the machine is mounted: /proc, or /host/proc in a container. */
  readonly procRoot: string;
  /** When not empty, only these directories are looked at: no mounts, no processes. */
  readonly netnsDirs: readonly string[];
  readonly identify: Identify;
  /** Whether this process has CAP_SYS_PTRACE, without which other processes and their mounts cannot be looked at. */
  readonly mayInspect: boolean;
  /** Look at the mounts of this mount namespace only: quick, and finds what engines and people make. Default false. */
  readonly mountsOnly?: boolean;
}

/**
 * Finds the network namespaces of this machine: the union of nsfs mounts (so that a Docker daemon with a directory of
 * its own is found without configuration), of the mounts in other mount namespaces, and of the processes' namespaces.
 * One namespace comes once, with every reference that was found.
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const own = statSync('/proc/self/ns/net');
  const found = new Collection(own.dev);
  const problems: DiscoveryProblem[] = [];
  if (options.netnsDirs.length > 0) {
    const directories = await readDirectories(options.netnsDirs, options.identify);
    for (const entry of directories.entries) found.addEntry(entry);
    problems.push(...directories.problems);
  } else {
    found.addNamespace(own.ino, own.dev).openPaths.push('/proc/self/ns/net');
    let count = 0;
    for (const mount of walkMountinfo(readProcFile('/proc/self/mountinfo') ?? '')) {
      found.addMount(mount, '');
      if (++count % MOUNT_SLICE === 0) await nextTurn();
    }
    if (options.mountsOnly !== true) problems.push(...(await addProcesses(found, options)));
  }
  return { namespaces: found.finish(hostInode(options.procRoot) ?? own.ino), problems };
}

async function addProcesses(found: Collection, options: DiscoverOptions): Promise<DiscoveryProblem[]> {
  const { procRoot } = options;
  let scan: ProcessScan;
  try {
    scan = await scanProcesses(procRoot);
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? 'error';
    const message = `${procRoot}: cannot be listed (${errno}), so namespaces of processes are missing; check --proc-root`;
    return [{ path: procRoot, kind: 'failed', errno, operation: 'readdir', message }];
  }
  for (const { pid, netIno } of scan.processes) found.addProcess(pid, netIno, procRoot);
  await addForeignMounts(found, scan, procRoot);
  return deniedProblem(scan, options);
}

/**
 * Inode of the machine's own namespace: that of its first process; where that may not be read (seen even for root on
 * one virtual machine), of kthreadd, which never leaves the initial namespace.
 */
function hostInode(procRoot: string): number | undefined {
  const first = netInode(readLink(`${procRoot}/1/ns/net`));
  if (first !== undefined || readProcFile(`${procRoot}/2/comm`)?.trim() !== 'kthreadd') return first;
  return netInode(readLink(`${procRoot}/2/ns/net`));
}

/** Mount namespaces inspected without a pause. */
const SLICE = 16;

/** Mounts processed without a pause. */
const MOUNT_SLICE = 256;

/**
 * Mounts that only other mount namespaces have: daemons with a private one, and stale private copies that pin a
 * namespace. A copy of a mount that is here too, under the same name, is ordinary propagation and says nothing.
 */
async function addForeignMounts(found: Collection, scan: ProcessScan, procRoot: string): Promise<void> {
  const seen = new Set([readLink('/proc/self/ns/mnt')]);
  for (const { pid, mount } of scan.processes) {
    if (mount === undefined || seen.has(mount)) continue;
    seen.add(mount);
    // Every container has one: the event loop is not held for all of them.
    if (seen.size % SLICE === 0) await nextTurn();
    const text = readProcFile(`${procRoot}/${pid}/mountinfo`) ?? '';
    for (const nsfsMount of walkMountinfo(text)) {
      if (!found.hasMount(nsfsMount)) found.addMount(nsfsMount, `${procRoot}/${pid}/root`);
    }
  }
}

function deniedProblem({ denied, unknown }: ScanCounts, { procRoot, mayInspect }: DiscoverOptions): DiscoveryProblem[] {
  if (denied.length === 0 || (mayInspect && unknown.length === 0)) return [];
  const problem = { path: procRoot, kind: 'denied', errno: 'EACCES', operation: 'readlink' } as const;
  const whose = (count: number): string => (count === 1 ? '1 process' : `${count} processes`);
  const message = mayInspect
    ? `the namespaces of ${whose(unknown.length)} cannot be read despite CAP_SYS_PTRACE: a security module refuses (docs/capabilities.md)`
    : `CAP_SYS_PTRACE is missing: ${whose(denied.length)} cannot be inspected, so namespaces that only they or their mounts refer to are missing; run as root`;
  return [{ ...problem, message }];
}

type ScanCounts = Pick<ProcessScan, 'denied' | 'unknown'>;

interface Entry {
  readonly ino: number;
  readonly dev: number;
  readonly ownPaths: Set<string>;
  readonly foreignPaths: Set<string>;
  readonly openPaths: string[];
  readonly pids: Set<number>;
}

/** Namespaces by identity, while references to them are being collected. */
class Collection {
  readonly #entries = new Map<string, Entry>();
  readonly #nsfsDev: number;

  constructor(nsfsDev: number) {
    this.#nsfsDev = nsfsDev;
  }

  addNamespace(ino: number, dev: number): Entry {
    const known = this.#entries.get(`${dev}:${ino}`);
    if (known !== undefined) return known;
    const entry: Entry = { ino, dev, ownPaths: new Set(), foreignPaths: new Set(), openPaths: [], pids: new Set() };
    this.#entries.set(`${dev}:${ino}`, entry);
    return entry;
  }

  addEntry({ path, ino, dev }: DirectoryEntry): void {
    const entry = this.addNamespace(ino, dev);
    entry.ownPaths.add(path);
    entry.openPaths.push(path);
  }

  hasMount(mount: NsfsMount): boolean {
    return this.#entries.get(`${mount.dev}:${mount.ino}`)?.ownPaths.has(mount.mountPoint) === true;
  }

  /** @param root '' for this mount namespace, else /proc/PID/root */
  addMount(mount: NsfsMount, root: string): void {
    const path = `${root}${mount.mountPoint}`;
    const entry = this.addNamespace(mount.ino, mount.dev);
    (root === '' ? entry.ownPaths : entry.foreignPaths).add(path);
    if (!mount.deleted) entry.openPaths.push(path);
  }

  /** /proc/PID/ns/net has only the inode; nsfs is one file system, so its device is that of our own namespace. */
  addProcess(pid: number, netIno: number, procRoot: string): void {
    const entry = this.addNamespace(netIno, this.#nsfsDev);
    entry.pids.add(pid);
    // Two processes are enough: one may end before it is used.
    if (entry.pids.size <= 2) entry.openPaths.push(`${procRoot}/${pid}/ns/net`);
  }

  finish(hostIno: number): FoundNetns[] {
    const namespaces = [...this.#entries.values()].map((entry) => ({
      ino: entry.ino,
      dev: entry.dev,
      paths: [...[...entry.ownPaths].sort(), ...[...entry.foreignPaths].sort()],
      pids: [...entry.pids].sort((a, b) => a - b),
      openPaths: entry.openPaths,
      isHost: entry.ino === hostIno && entry.dev === this.#nsfsDev,
    }));
    return namespaces.sort((a, b) => Number(b.isHost) - Number(a.isHost) || a.ino - b.ino);
  }
}
