import { existsSync } from 'node:fs';
import { createHostSource, type HostSourceOptions } from '../live/scan.js';
import type { HostSource } from '../live/source.js';
import type { OpenLiveHost } from '../live/index.js';
import type { HostFlags, LiveFlags } from './options.js';
import { VERSION } from './version.js';

/** Where Docker listens by default; /run and /var/run are the same directory on every current system. */
const DEFAULT_SOCKETS = ['/var/run/docker.sock', '/run/docker.sock'];

/** The reader of this host, configured by the flags. `follow`: for a server, which keeps the engines' event streams open. */
export function hostSource(flags: HostFlags, { follow = false } = {}): HostSource {
  return createHostSource({ ...hostOptions(flags), followEngines: follow });
}

/** The live state of this host, configured by the flags. The caller closes it. @param onProblem called when a read fails as such */
export async function liveHost(flags: HostFlags & LiveFlags, onProblem: (problem: Error) => void): Promise<OpenLiveHost> {
  // Loaded only where it is needed: most commands read once.
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

function hostOptions(flags: HostFlags): Omit<HostSourceOptions, 'followEngines'> {
  const named = flags.dockerSocket;
  const found = DEFAULT_SOCKETS.find((path) => existsSync(path)) ?? DEFAULT_SOCKETS[0];
  return {
    procRoot: flags.procRoot,
    netnsDirs: flags.netnsDir ?? [],
    dockerSockets: named ?? (found === undefined ? [] : [found]),
    dockerSocketsGiven: named !== undefined,
    timeLimitMs: flags.timeLimit,
    agentVersion: VERSION,
    ...(flags.hostId !== undefined && { hostId: flags.hostId }),
    ...(flags.hostName !== undefined && { hostName: flags.hostName }),
  };
}
