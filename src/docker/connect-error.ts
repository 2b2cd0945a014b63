import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The permissions of a socket; undefined where even they may not be read. */
export interface SocketPermissions {
  /** Name of the group, or its number where it has no name here. */
  readonly group: string;
  readonly mode: number;
}

/** Why a socket could not be connected to, and what to do about it; looks at its permissions where they are the reason. */
export function explainConnectError(socket: string, errno: string): string {
  return describeConnectError(socket, errno, errno === 'EACCES' ? permissionsOf(socket) : undefined);
}

/** The same of given permissions. Pure. */
export function describeConnectError(socket: string, errno: string, permissions?: SocketPermissions): string {
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return `permission denied (${errno}); ${permissionAdvice(socket, errno, permissions)}`;
    case 'ENOENT':
      return 'there is no such socket (ENOENT); is the daemon running, and does it listen there?';
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'ERR_INVALID_ARG_VALUE':
      return `this is not the path of a socket (${errno})`;
    case 'ECONNREFUSED':
      return 'nothing listens there (ECONNREFUSED); the daemon has ended, or this is not a socket';
    case 'EAGAIN':
      return 'its queue of connections is full (EAGAIN); the daemon hangs or is overloaded';
    default:
      return `connecting failed (${errno})`;
  }
}

const GROUP_WRITE = 0o020;

function permissionAdvice(socket: string, errno: string, permissions: SocketPermissions | undefined): string {
  if (errno === 'EPERM') return 'a security module (AppArmor, SELinux) or a seccomp filter forbids it';
  // connect() needs write permission on the socket and search permission on all directories above it: unix(7).
  if (permissions === undefined) return `one of the directories above it (${dirname(socket)}) cannot be searched; run as root`;
  const { group, mode } = permissions;
  const octal = mode.toString(8).padStart(4, '0');
  if ((mode & GROUP_WRITE) === 0) return `its mode ${octal} allows only its owner; run as root`;
  return `its mode ${octal} allows root and the group ${group}; run as root or in that group`;
}

function permissionsOf(socket: string): SocketPermissions | undefined {
  try {
    const { gid, mode } = statSync(socket);
    return { group: groupName(gid), mode: mode & 0o7777 };
  } catch {
    // The caller says then that a directory is in the way, which is why stat() fails where connect() got EACCES.
    return undefined;
  }
}

function groupName(gid: number): string {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(gid));
    return line?.split(':')[0] ?? String(gid);
  } catch {
    // No such file in a minimal image: the number has to do.
    return String(gid);
  }
}
