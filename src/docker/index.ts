import type { Engine, Gap, Network } from '../model/types.js';
import { EngineFollower, type EnginePart, type EngineSettings } from './engine.js';
import type { ContainerClaim, EngineView } from './types.js';

export { containerIdsOfProcesses } from './cgroups.js';
export type { ContainerClaim, EngineView } from './types.js';

/** What is not asked for otherwise; the clock is the machine's. */
const DEFAULTS: Omit<EngineSettings, 'explicit'> = {
  follow: false,
  timeLimitMs: 2000,
  retryMs: 10_000,
  reloadMs: 10 * 60_000,
  now: () => Date.now(),
  onChange: () => undefined,
};

/** Which engines to query, and how. */
export interface EnginesOptions extends Partial<EngineSettings> {
  /** Paths of unix sockets, with or without "unix://" in front. */
  readonly sockets: readonly string[];
  readonly explicit: boolean;
}

/** The Docker engines of one host. */
export interface Engines {
  /**
   * What they know now. Never rejects: what could not be learned is a gap. Takes no longer than the slowest engine, which
   * the time limit bounds. May be called at any time; calls that overlap share one answer.
   */
  view(): Promise<EngineView>;
  /** Hangs up. A view that is on its way ends at once. */
  close(): void;
}

/** Makes ready to ask; nothing is opened before the first view. */
export function createEngines({ sockets, ...settings }: EnginesOptions): Engines {
  const paths = new Set(sockets.map((socket) => socket.replace(/^unix:\/\//, '')));
  const followers = [...paths].map((socket) => new EngineFollower({ ...DEFAULTS, ...settings, socket }));
  return {
    view: async () => mergeParts(await Promise.all(followers.map((follower) => follower.view()))),
    close: () => {
      for (const follower of followers) follower.close();
    },
  };
}

/**
 * Merges the answers of several engines. Two sockets may lead to one daemon, and two daemons of one swarm know the same
 * networks: items with the same id are the same and appear once, as reported by the first engine. The ids of engines do not
 * distinguish them: until 23.0, daemons with one /etc/docker share theirs.
 */
export function mergeParts(parts: readonly EnginePart[]): EngineView {
  const engines: Engine[] = [];
  const networks = new Map<string, Network>();
  const containers = new Map<string, ContainerClaim>();
  const gaps: Gap[] = [];
  for (const part of parts) {
    if (part.engine !== undefined) engines.push(part.engine);
    for (const network of part.networks) if (!networks.has(network.id)) networks.set(network.id, network);
    for (const claim of part.containers)
      if (!containers.has(claim.owner.containerId)) containers.set(claim.owner.containerId, claim);
    gaps.push(...part.gaps);
  }
  return { engines, networks: [...networks.values()], containers: [...containers.values()], gaps };
}
