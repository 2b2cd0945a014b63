import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Why a socket could not be connected to, and what to do about it. */
export interface ConnectErrorExplained {
  /** Whether permissions are the reason. */
  readonly denied: boolean;
  readonly what: string;
}

/** The permissions of a socket; undefined where even they may not be read. */
export interface SocketPermissions {
  /** Name of the group, or its number where it has no name here. */
  readonly group: string;
  readonly mode: number;
}

/** Explains a failed connect(), looking at the socket's permissions where they are the reason. */
export function explainConnectError(socket: string, errno: string): ConnectErrorExplained {
  return describeConnectError(socket, errno, errno === 'EACCES' ? permissionsOf(socket) : undefined);
}

/** Explains a failed connect(). Pure. */
export function describeConnectError(socket: string, errno: string, permissions?: SocketPermissions): ConnectErrorExplained {
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return { denied: true, what: `permission denied (${errno}); ${permissionAdvice(socket, errno, permissions)}` };
    case 'ENOENT':
      return { denied: false, what: 'there is no such socket (ENOENT); is the daemon running, and does it listen there?' };
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'ERR_INVALID_ARG_VALUE':
      return { denied: false, what: `this is not the path of a socket (${errno})` };
    case 'ECONNREFUSED':
      return { denied: false, what: 'nothing listens there (ECONNREFUSED); the daemon has ended, or this is not a socket' };
    case 'EAGAIN':
      return { denied: false, what: 'its queue of connections is full (EAGAIN); the daemon hangs or is overloaded' };
    default:
      return { denied: false, what: `connecting failed (${errno})` };
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
