/** One mount, from a line of /proc/PID/mountinfo. */
interface Mount {
  /** Where it is mounted, as seen from the mount namespace that the file belongs to. */
  readonly mountPoint: string;
  /** In no peer group, neither as member ("shared:361") nor as receiver ("master:12"): what goes away elsewhere stays here, and pins. */
  readonly isPrivate: boolean;
}

/** A mount of a network namespace. */
export interface NsfsMount extends Mount {
  /** Inode number on nsfs, from the root field: "net:[4026532287]". */
  readonly ino: number;
  /** st_dev of nsfs. */
  readonly dev: number;
  /** The file under the mount was unlinked: it cannot be opened by this path any more, but it still pins the namespace. */
  readonly deleted: boolean;
}

/** A mount that is no namespace: a folder in which namespaces may be mounted. */
export interface FolderMount extends Mount {
  /** The folder of its file system that is mounted: "/docker/netns" where /run/docker/netns was bound and /run is a file system. */
  readonly root: string;
}

const DELETED = '//deleted';

/**
 * The network namespace mounts in the text of a mountinfo file, one at a time: there can be thousands. Lines that are not of that form
 * are none of ours. Format: proc_pid_mountinfo(5); the root field of an nsfs mount is the namespace's name (nsfs_show_path(), fs/nsfs.c).
 */
export function* walkMountinfo(text: string): Generator<NsfsMount> {
  // Most mountinfo files (every container has one) hold no such mount: one search is cheaper than going through the lines.
  for (let at = text.indexOf(' net:['); at >= 0; at = text.indexOf(' net:[', at)) {
    const end = text.indexOf('\n', at);
    const line = text.slice(text.lastIndexOf('\n', at) + 1, end < 0 ? text.length : end);
    const mount = parseLine(line);
    if (mount !== undefined) yield mount;
    if (end < 0) return;
    at = end;
  }
}

/** The mounts that are no namespaces. Lines that are not of that form are none of ours. */
export function parseFolderMounts(text: string): FolderMount[] {
  return text.split('\n').flatMap((line) => {
    const [, , root, mountPoint, optional = '', type] = MOUNT_LINE.exec(line) ?? [];
    if (root === undefined || mountPoint === undefined || type === 'nsfs') return [];
    return [{ mountPoint: unescapePath(mountPoint), root: unescapePath(root), isPrivate: isPrivate(optional) }];
  });
}

// mount id, parent id, device, root, mount point, options, optional fields, separator, type
const NSFS_LINE = /^\d+ \d+ (\d+:\d+) net:\[(\d+)\] (\S+) \S+((?: (?!- )\S+)*) - nsfs /;
const MOUNT_LINE = /^\d+ \d+ (\d+:\d+) (\S+) (\S+) \S+((?: (?!- )\S+)*) - (\S+) /;

function parseLine(line: string): NsfsMount | undefined {
  const [, device, ino, rawMountPoint, optional = ''] = NSFS_LINE.exec(line) ?? [];
  if (device === undefined || ino === undefined || rawMountPoint === undefined) return undefined;
  const mountPoint = unescapePath(rawMountPoint);
  const deleted = mountPoint.endsWith(DELETED);
  return {
    mountPoint: deleted ? mountPoint.slice(0, -DELETED.length) : mountPoint,
    ino: Number(ino),
    dev: parseDevice(device),
    isPrivate: isPrivate(optional),
    deleted,
  };
}

/** @param optional fields: " shared:361 master:12" */
function isPrivate(optional: string): boolean {
  return !/ (shared|master):\d/.test(optional);
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
