export { basename } from './ids.js';

/** All but the last part of a path. */
export function dirname(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

/** The "/proc/PID/root" in front of a path of another mount namespace, wherever proc is mounted; '' without one. */
export function ownerRoot(path: string): string {
  return /^(?:\/[^/]+)*?\/[^/]*proc\/[0-9]+\/root(?=\/)/.exec(path)?.[0] ?? '';
}

/** /var/run is a link to /run on every distribution of this age; engines print the one, mountinfo the other. */
export function normalisePath(path: string): string {
  return path.replace(/^\/var\/run(?=\/|$)/, '/run').replace(/\/{2,}/g, '/');
}
