import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** What /proc says of one process. */
export interface ProcessNamespaces {
  readonly pid: number;
  /** Inode of its network namespace. */
  readonly netIno: number;
  /** Text of its mount namespace link, an opaque identity; absent when it could not be read. */
  readonly mount: string | undefined;
}

/** Every process that could be looked at. */
export interface ProcessScan {
  readonly processes: readonly ProcessNamespaces[];
  /** Processes whose links may not be read (EACCES, EPERM). */
  readonly denied: readonly number[];
  /** Those of them whose namespace could not be determined in another way either. */
  readonly unknown: readonly number[];
}

/** Symbolic links of /proc are read in slices of this many processes, so that the event loop is never held for long. */
const SLICE = 128;

/** The inode that the text of a link to a network namespace names; undefined for anything else. */
export function netInode(link: string | undefined): number | undefined {
  const digits = /^net:\[(\d+)\]$/.exec(link ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * The namespaces of all processes under a mounted proc file system. Reading another user's link needs CAP_SYS_PTRACE
 * (ptrace_may_access(), proc_ns_readlink() in fs/proc/namespaces.c). Processes that end meanwhile are left out.
 */
export async function scanProcesses(procRoot: string): Promise<ProcessScan> {
  const pids = readdirSync(procRoot)
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  const processes: ProcessNamespaces[] = [];
  const denied: number[] = [];
  for (const [at, pid] of pids.entries()) {
    if (at % SLICE === SLICE - 1) await nextTurn();
    const net = readLink(`${procRoot}/${pid}/ns/net`);
    if (net === 'denied') denied.push(pid);
    const netIno = netInode(net);
    if (netIno === undefined) continue;
    const mount = readLink(`${procRoot}/${pid}/ns/mnt`);
    processes.push({ pid, netIno, mount: mount === 'denied' ? undefined : mount });
  }
  const recognised = recogniseDenied(procRoot, processes, denied);
  const unknown = denied.filter((pid) => !recognised.some((process) => process.pid === pid));
  return { processes: [...processes, ...recognised].sort((a, b) => a.pid - b.pid), denied, unknown };
}

/**
 * The namespaces of processes whose links may not be read, as far as another process is in the same one. /proc/PID/net may
 * be looked into without permission to trace, and each network namespace has entries, and so inode numbers, of its own
 * there (get_proc_task_net(), fs/proc/proc_net.c; proc_register(), fs/proc/generic.c).
 */
function recogniseDenied(
  procRoot: string,
  processes: readonly ProcessNamespaces[],
  denied: readonly number[],
): ProcessNamespaces[] {
  if (denied.length === 0) return [];
  const namespaces = new Map<number, number>();
  const seen = new Set<number>();
  for (const { pid, netIno } of processes) {
    if (seen.has(netIno)) continue;
    const entry = procNetEntry(procRoot, pid);
    if (entry === undefined) continue;
    seen.add(netIno);
    namespaces.set(entry, netIno);
  }
  return denied.flatMap((pid) => {
    const entry = procNetEntry(procRoot, pid);
    const netIno = entry === undefined ? undefined : namespaces.get(entry);
    return netIno === undefined ? [] : [{ pid, netIno, mount: undefined }];
  });
}

function procNetEntry(procRoot: string, pid: number): number | undefined {
  try {
    return statSync(`${procRoot}/${pid}/net/dev`).ino;
  } catch {
    // It ended, or proc is mounted with hidepid: then its namespace stays unknown.
    return undefined;
  }
}

/** The link's text; 'denied'; undefined when the process is gone (or a zombie, which has no namespaces any more). */
export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EACCES' || code === 'EPERM') return 'denied';
    // ENOENT, ESRCH: it ended between readdir and here. Anything else is as good as gone.
    return undefined;
  }
}

/** Text of a small file of /proc, undefined when the process is gone or may not be looked at. */
export function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A process that ended or is another user's: scanProcesses() has counted it already.
    return undefined;
  }
}
