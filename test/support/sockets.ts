// In which namespaces a process has sockets: a socket keeps its namespace alive, and nothing in /proc/PID/fd says where it is.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

const TABLES = ['netlink', 'unix', 'tcp', 'tcp6', 'udp', 'udp6', 'raw', 'packet'];

/**
 * What a process has open that refers to a namespace of whatever type, or that is a socket neither in its own namespace nor in its observer
 * namespace.
 */
export function strangeDescriptors(pid: number): string[] {
  const here = new Set([...inodesOf(`/proc/${pid}/net`), ...observerInodes(pid)]);
  const nsfs = statSync('/proc/self/ns/net').dev;
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const path = `/proc/${pid}/fd/${fd}`;
    try {
      const target = readlinkSync(path);
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      // A mounted namespace is linked to as its path: only the device tells.
      const strange = inode === undefined ? statSync(path).dev === nsfs : !here.has(inode);
      return strange ? [target] : [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

/** Inodes of the process's netlink sockets in its observer namespace: one, or none without events. */
export function observerInodes(pid: number): string[] {
  const home = readlinkSync(`/proc/${pid}/ns/net`);
  const open = socketsOf(pid);
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) => {
    try {
      const own = readlinkSync(`/proc/${pid}/task/${tid}/ns/net`);
      // The kernel has sockets of its own in every namespace.
      return own === home ? [] : inodesOf(`/proc/${pid}/task/${tid}/net`, ['netlink']).filter((inode) => open.has(inode));
    } catch {
      // A thread that has ended.
      return [];
    }
  });
}

function socketsOf(pid: number): Set<string> {
  const inodes = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? '';
    } catch {
      // Closed meanwhile.
      return '';
    }
  });
  return new Set(inodes);
}

/** Column of the inode: seq_file headers name it "Inode" or "inode". */
function inodesOf(folder: string, tables: readonly string[] = TABLES): string[] {
  return tables.flatMap((table) => {
    let text: string;
    try {
      text = readFileSync(`${folder}/${table}`, 'utf8');
    } catch {
      // A protocol that this kernel does not have.
      return [];
    }
    const [header = '', ...lines] = text.trimEnd().split('\n');
    // The header of tcp and udp has names of columns in pairs; there the inode is the tenth.
    const at = /^(tcp|udp|raw)/.test(table)
      ? 9
      : header
          .trim()
          .split(/\s+/)
          .findIndex((name) => name.toLowerCase() === 'inode');
    return lines.map((line) => line.trim().split(/\s+/)[at] ?? '');
  });
}
