import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root.js';

/** What the lab runs, and the Debian package it comes in. */
const TOOLS: ReadonlyMap<string, string> = new Map([
  ['dockerd', 'docker.io'],
  ['containerd', 'containerd'],
  ['docker', 'docker.io (docker-cli since Debian 13)'],
  ['iptables', 'iptables'],
  ['ip', 'iproute2'],
  ['busybox', 'busybox-static'],
  ['unshare', 'util-linux'],
  ['nsenter', 'util-linux'],
  ['bash', 'bash'],
  ['tar', 'tar'],
]);

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Path of a program in the places where Debian has them, or undefined. */
export function findTool(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      // Not in this folder.
      return false;
    }
  });
}

/**
 * Why there can be no lab on this machine, in one line with what helps; undefined when there can.
 * For tests: `test('…', { skip: labObstacle() ?? false }, …)`.
 */
export function labObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'a lab needs root (sudo)';
  const missing = [...TOOLS].filter(([name]) => findTool(name) === undefined).map(([name, from]) => `${name} (${from})`);
  if (missing.length > 0) return `not installed: ${missing.join(', ')}; scripts/install-docker.sh installs them`;
  return undefined;
}

/**
 * Which cgroups Docker is to use: v1 when any controller of version 1 is in use on this machine (hybrid machines are such),
 * else v2. cgroups(7), "/proc/pid/cgroup": only version 2's own hierarchy has the number 0.
 */
export function cgroupVersion(): 'v1' | 'v2' {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  // "1:name=systemd:/" alone is a hierarchy without controllers.
  return lines.some((line) => /^[1-9]\d*:[^=:]+:/.test(line)) ? 'v1' : 'v2';
}

/** Path of one of the lab's shell scripts. They are run from the sources: tsc copies no shell scripts. */
export function script(name: string): string {
  return join(ROOT, 'test/lab', name);
}
