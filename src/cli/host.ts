import { existsSync } from 'node:fs';
import type { HostOptions, OpenLiveHost } from '../live/index.js';
import type { HostFlags, LiveFlags } from './options.js';
import { VERSION } from './version.js';

/** Where Docker listens by default; /run and /var/run are the same directory on every current system. */
const DEFAULT_SOCKETS = ['/var/run/docker.sock', '/run/docker.sock'] as const;

/** The live state of this host, configured by the flags. The caller closes it. @param onProblem called when a read fails as such */
export async function liveHost(flags: HostFlags & LiveFlags, onProblem: (problem: Error) => void): Promise<OpenLiveHost> {
  const { createLiveHost } = await import('../live/index.js');
  return createLiveHost({
    ...hostOptions(flags),
    events: flags.events,
    rescanMs: flags.rescan * 1000,
    pollMs: flags.poll * 1000,
    ...(flags.maxAge !== undefined && { maxAgeMs: flags.maxAge }),
    onProblem,
  });
}

/** Where and how this host is read, as the flags describe it. */
export function hostOptions(flags: HostFlags): HostOptions {
  const named = flags.dockerSocket;
  return {
    procRoot: flags.procRoot,
    netnsDirs: flags.netnsDir ?? [],
    dockerSockets: named ?? [DEFAULT_SOCKETS.find((path) => existsSync(path)) ?? DEFAULT_SOCKETS[0]],
    dockerSocketsGiven: named !== undefined,
    timeLimitMs: flags.timeLimit,
    agentVersion: VERSION,
    ...(flags.hostId !== undefined && { hostId: flags.hostId }),
    ...(flags.hostName !== undefined && { hostName: flags.hostName }),
  };
}
