/** One mount of a network namespace, from a line of /proc/PID/mountinfo. */
export interface NsfsMount {
  /** Where it is mounted, as seen from the mount namespace that the file belongs to. */
  readonly mountPoint: string;
  /** Inode number on nsfs, from the root field: "net:[4026532287]". */
  readonly ino: number;
  /** st_dev of nsfs. */
  readonly dev: number;
  /** Peer group that the mount receives from ("master:12"). Without one, mounts that go away elsewhere stay here and pin. */
  readonly propagatedFrom: number | undefined;
  /** The file under the mount was unlinked: it cannot be opened by this path any more, but it still pins the namespace. */
  readonly deleted: boolean;
}

const NET_ROOT = /^net:\[(\d+)\]$/;
const DELETED = '//deleted';

/**
 * The network namespace mounts in the text of a mountinfo file. Lines that are not of that form are none of ours.
 * Format: proc_pid_mountinfo(5); the root field of an nsfs mount is the namespace's name (nsfs_show_path(), fs/nsfs.c).
 */
export function parseMountinfo(text: string): NsfsMount[] {
  const mounts: NsfsMount[] = [];
  // Most mountinfo files (every container has one) hold no such mount: one search is cheaper than splitting.
  if (!text.includes(' net:[')) return mounts;
  for (const line of text.split('\n')) {
    const mount = parseLine(line);
    if (mount !== undefined) mounts.push(mount);
  }
  return mounts;
}

function parseLine(line: string): NsfsMount | undefined {
  const fields = line.split(' ');
  const [, , device, root, rawMountPoint] = fields;
  if (device === undefined || root === undefined || rawMountPoint === undefined) return undefined;
  const ino = NET_ROOT.exec(root)?.[1];
  const separator = fields.indexOf('-', 6);
  if (ino === undefined || separator < 0 || fields[separator + 1] !== 'nsfs') return undefined;
  const master = fields.slice(6, separator).find((field) => field.startsWith('master:'));
  const mountPoint = unescapePath(rawMountPoint);
  const deleted = mountPoint.endsWith(DELETED);
  return {
    mountPoint: deleted ? mountPoint.slice(0, -DELETED.length) : mountPoint,
    ino: Number(ino),
    dev: parseDevice(device),
    propagatedFrom: master === undefined ? undefined : Number(master.slice('master:'.length)),
    deleted,
  };
}

/** Space, tab, newline and backslash are octal escapes in mountinfo (mangle_path(), fs/seq_file.c). */
function unescapePath(path: string): string {
  if (!path.includes('\\')) return path;
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** "0:4" to st_dev, as new_encode_dev() in linux/kdev_t.h does. */
function parseDevice(text: string): number {
  const [major = 0, minor = 0] = text.split(':').map(Number);
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
