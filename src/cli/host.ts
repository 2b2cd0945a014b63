import { existsSync } from 'node:fs';
import { createHostSource } from '../scan/index.js';
import type { HostSource } from '../scan/types.js';
import type { HostFlags } from './options.js';
import { VERSION } from './version.js';

/** Where Docker listens unless told otherwise; /run and /var/run are the same place on every current system. */
const DEFAULT_SOCKETS = ['/var/run/docker.sock', '/run/docker.sock'];

/** The reader of this host that the flags describe. `follow`: for a server, which keeps the engines' events open. */
export function hostSource(flags: HostFlags, { follow = false } = {}): HostSource {
  const named = flags.dockerSocket;
  const found = DEFAULT_SOCKETS.find((path) => existsSync(path)) ?? DEFAULT_SOCKETS[0];
  return createHostSource({
    procRoot: flags.procRoot,
    netnsDirs: flags.netnsDir ?? [],
    dockerSockets: named ?? (found === undefined ? [] : [found]),
    dockerSocketsGiven: named !== undefined,
    followEngines: follow,
    timeLimitMs: flags.timeLimit,
    agentVersion: VERSION,
    ...(flags.hostId !== undefined && { hostId: flags.hostId }),
    ...(flags.hostName !== undefined && { hostName: flags.hostName }),
  });
}
