// Namespaces of one's own, with and without root, and what can be in the way of them.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether this process is root (in whatever user namespace it is). */
export const IS_ROOT = process.getuid() === 0;

/** What `unshare` makes for mounts and network: an ordinary user needs a user namespace around them. */
export const UNSHARE_FLAGS = IS_ROOT ? '-nm' : '-Urnm';

/** Switches that forbid user namespaces. Two are Debian's and Ubuntu's own: kernels without their patches do not have the files. */
const SWITCHES = [
  { name: 'kernel.unprivileged_userns_clone', bad: 0, good: 1, reason: 'unprivileged user namespaces are switched off' },
  { name: 'user.max_user_namespaces', bad: 0, good: 10000, reason: 'the number of user namespaces is limited to 0' },
  {
    name: 'kernel.apparmor_restrict_unprivileged_userns',
    bad: 1,
    good: 0,
    reason: 'AppArmor restricts unprivileged user namespaces',
  },
];

/**
 * Whether this user can have namespaces here; if not, why, and the command that allows it.
 * @returns {{reason: string, remedy: string} | undefined}
 */
export function namespaceProblem() {
  const probe = spawnSync('unshare', [UNSHARE_FLAGS, 'true'], { encoding: 'utf8' });
  if (probe.status === 0) return undefined;
  if (probe.error !== undefined)
    return { reason: 'the command unshare is missing', remedy: 'sudo apt-get install -y util-linux' };
  const said = probe.stderr.trim();
  if (IS_ROOT) {
    const remedy = 'run it outside of the container, or in one with --privileged';
    return { reason: `this root lacks CAP_SYS_ADMIN (${said})`, remedy };
  }
  const off = SWITCHES.find(({ name, bad }) => readSysctl(name) === bad);
  if (off !== undefined) return { reason: off.reason, remedy: `sudo sysctl ${off.name}=${off.good}` };
  const remedy = 'run it as root (sudo), or outside of the container that forbids it';
  return { reason: `unshare ${UNSHARE_FLAGS} failed: ${said}`, remedy };
}

function readSysctl(name) {
  try {
    return Number(readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8'));
  } catch {
    // This kernel has no such switch.
    return undefined;
  }
}
