// Namespaces of one's own, with and without root, and what can be in the way of them.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether this process is root (in whatever user namespace it is). */
export const IS_ROOT = process.getuid() === 0;

/**
 * Whether an ordinary user can have a network namespace here; if not, why, and the command that allows it.
 * @returns {{reason: string, remedy: string} | undefined}
 */
export function userNamespaceProblem() {
  const probe = spawnSync('unshare', ['-Urnm', 'true'], { encoding: 'utf8' });
  if (probe.status === 0) return undefined;
  if (probe.error !== undefined)
    return { reason: 'the command unshare is missing', remedy: 'sudo apt-get install -y util-linux' };
  // Debian's and Ubuntu's own switches; kernels without their patches do not have the files.
  if (readSysctl('kernel/unprivileged_userns_clone') === 0) {
    return { reason: 'unprivileged user namespaces are switched off', remedy: 'sudo sysctl kernel.unprivileged_userns_clone=1' };
  }
  if (readSysctl('user/max_user_namespaces') === 0) {
    return { reason: 'the number of user namespaces is limited to 0', remedy: 'sudo sysctl user.max_user_namespaces=10000' };
  }
  if (readSysctl('kernel/apparmor_restrict_unprivileged_userns') === 1) {
    return {
      reason: 'AppArmor restricts unprivileged user namespaces',
      remedy: 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
    };
  }
  const said = probe.stderr.trim();
  return {
    reason: `unshare -Urnm failed: ${said}`,
    remedy: 'run it as root (sudo), or outside of the container that forbids it',
  };
}

/**
 * Whether root can have namespaces here, which in a container it usually cannot.
 * @returns {{reason: string, remedy: string} | undefined}
 */
export function rootProblem() {
  const probe = spawnSync('unshare', ['-nm', 'true'], { encoding: 'utf8' });
  if (probe.status === 0) return undefined;
  const reason =
    probe.error === undefined ? `this root lacks CAP_SYS_ADMIN (${probe.stderr.trim()})` : 'the command unshare is missing';
  return {
    reason,
    remedy:
      probe.error === undefined
        ? 'run it outside of the container, or in one with --privileged'
        : 'apt-get install -y util-linux',
  };
}

function readSysctl(name) {
  try {
    return Number(readFileSync(`/proc/sys/${name}`, 'utf8'));
  } catch {
    // This kernel has no such switch.
    return undefined;
  }
}
