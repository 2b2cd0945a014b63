import type { Engine, Gap, Network } from '../model/types.js';
import { EngineFollower, type EnginePart } from './engine.js';
import type { ContainerClaim, EngineView } from './types.js';

export { containerIdsOfProcesses } from './cgroups.js';
export type { ContainerClaim, EngineView } from './types.js';

/** Where Docker engines listen by default. */
export const DEFAULT_SOCKET = '/var/run/docker.sock';

/** Time limit for an engine that does not answer, in milliseconds. */
const TIME_LIMIT_MS = 2000;

const RETRY_MS = 10_000;

const RELOAD_MS = 10 * 60_000;

/** Which engines to query, and how. */
export interface EnginesOptions {
  /** Paths of unix sockets, with or without "unix://" in front. */
  readonly sockets: readonly string[];
  /** Whether the user named the sockets: one that does not exist is then a gap, otherwise it is ignored. */
  readonly explicit: boolean;
  /**
   * Whether to keep what was learned and follow the engines' events, so that a view asks only for what has changed.
   * Without it every view loads everything and nothing stays open. Default: false.
   */
  readonly follow?: boolean;
  /** Time limit for an engine that hangs, in milliseconds. Default: 2000. */
  readonly timeLimitMs?: number;
  /** When following: an engine or container that hung is asked again after so many milliseconds. Default: 10000. */
  readonly retryMs?: number;
  /** When following: interval of full reloads, in milliseconds. Default: 600000. */
  readonly reloadMs?: number;
  /** Unix time in milliseconds. Default: the machine's clock. */
  readonly now?: () => number;
  /** When following: called when an event reports a change or events are lost; the next view has the new state. */
  readonly onChange?: () => void;
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
export function createEngines(options: EnginesOptions): Engines {
  const sockets = [...new Set(options.sockets.map((socket) => socket.replace(/^unix:\/\//, '')))];
  const followers = sockets.map(
    (socket) =>
      new EngineFollower({
        socket,
        explicit: options.explicit,
        follow: options.follow ?? false,
        timeLimitMs: options.timeLimitMs ?? TIME_LIMIT_MS,
        retryMs: options.retryMs ?? RETRY_MS,
        reloadMs: options.reloadMs ?? RELOAD_MS,
        now: options.now ?? Date.now,
        onChange: options.onChange ?? (() => undefined),
      }),
  );
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
