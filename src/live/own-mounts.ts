import { readFileSync, readlinkSync } from 'node:fs';
import { type FolderMount, parseFolderMounts, walkMountinfo } from '../discover/mountinfo.js';
import type { Feature } from '../model/types.js';

const NAME = 'mount-propagation';

const REMEDY = 'bind the folder with propagation rslave (docs/capabilities.md)';

/**
 * Whether this process's own mounts follow those of the host. A private copy of a namespace mount, which is what containers get by
 * default, keeps a namespace alive that its engine has removed, and what is mounted later is not seen in it.
 * @param procRoot where the proc file system of the machine is mounted
 * @returns undefined in the host's own mount namespace, where there is nothing to follow
 */
export function ownMounts(procRoot: string): Feature | undefined {
  const own = readFileSync('/proc/self/mountinfo', 'utf8');
  return isHostsOwn(procRoot, own) ? undefined : judgeMounts(own);
}

/** @param mountinfo text of /proc/self/mountinfo in a mount namespace that is not the host's */
export function judgeMounts(mountinfo: string): Feature {
  const namespaces = [...walkMountinfo(mountinfo)];
  const stuck = namespaces.filter(({ isPrivate }) => isPrivate);
  const [first] = stuck;
  if (first !== undefined) {
    const which = `${stuck.length} namespace ${stuck.length === 1 ? 'mount' : 'mounts'} (first: ${first.mountPoint})`;
    const loss = `${stuck.length === 1 ? 'is' : 'are'} private to this mount namespace: removed namespaces are kept alive and new ones are not seen`;
    return { name: NAME, enabled: false, detail: `${which} ${loss}; ${REMEDY}` };
  }
  // Nothing is in it yet, so nothing is pinned: but nothing will ever be seen in it.
  const deaf = parseFolderMounts(mountinfo).find((mount) => mount.isPrivate && isNetnsFolder(mount));
  if (deaf !== undefined) {
    const loss = 'is private to this mount namespace: namespaces that the host mounts there are not seen';
    return { name: NAME, enabled: false, detail: `${deaf.mountPoint} ${loss}; ${REMEDY}` };
  }
  return { name: NAME, enabled: true, detail: `${namespaces.length} namespace mounts, all kept up by the host` };
}

/** Engines and iproute2 call it so: /run/docker/netns, /run/user/1000/docker/netns, /run/netns. */
function isNetnsFolder({ root, mountPoint }: FolderMount): boolean {
  return /\/netns$/.test(root) || /\/netns$/.test(mountPoint);
}

function isHostsOwn(procRoot: string, own: string): boolean {
  try {
    return readlinkSync(`${procRoot}/1/ns/mnt`) === readlinkSync('/proc/self/ns/mnt');
  } catch {
    // Without CAP_SYS_PTRACE, or another user's: but everybody may read its mounts, and the id of a mount is in one namespace only.
  }
  try {
    return rootMountId(readFileSync(`${procRoot}/1/mountinfo`, 'utf8')) === rootMountId(own);
  } catch {
    // hidepid, or no such proc: then nothing can be compared, and a warning could be a false one.
    return true;
  }
}

function rootMountId(mountinfo: string): string | undefined {
  return /^(\d+) \d+ \S+ \S+ \/ /m.exec(mountinfo)?.[1];
}
