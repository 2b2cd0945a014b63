import type { Netns, NetnsId } from './types.js';

/** "net:[4026532287]", as the kernel prints it. */
export function formatNetnsId(ino: number): NetnsId {
  return `net:[${ino}]`;
}

/** Last part of a path. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What people call a namespace. Not an identity: two namespaces can have the same. */
export function netnsName(netns: Netns): string {
  const network = netns.networkName ?? netns.networkId;
  if (netns.role === 'HOST') return 'host';
  if (netns.owner !== undefined) return netns.owner.containerName;
  if (netns.role === 'OVERLAY' && network !== undefined) return `overlay:${network}`;
  if (netns.role === 'LOAD_BALANCER' && network !== undefined) return `lb:${network}`;
  const path = netns.paths[0];
  if (path !== undefined) return basename(path);
  const pid = netns.pids[0];
  return pid === undefined ? netns.id : `pid:${pid}`;
}
