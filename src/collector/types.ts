import type { Gap, HostEntry, Table } from '../model/types.js';
import type { LiveHost } from '../live/types.js';

/** A host that a collector knows, whether its agent is silent or not. */
export interface Member {
  readonly hostId: string;
  /** Its state, versioned like an agent's own host: lists and watches use it in the same way. */
  readonly live: LiveHost;
  /** Its agent and how current its state is. */
  entry(): HostEntry;
}

/** The hosts of a collector. Implemented by the roster, read by the service and by metrics. */
export interface Members {
  /** Tables requested from agents; others are never known. */
  readonly tables: readonly Table[];
  /** Hosts with state; sorted by name, then id. The object of a host stays the same as long as the host is known. */
  members(): readonly Member[];
  /** Every followed agent, reached or not, including those in conflict. Sorted like members, unreached ones last. */
  entries(): readonly HostEntry[];
  /** Sources that could not be queried, and agents that are not LIVE. */
  gaps(): readonly Gap[];
  /** The listener is called after each change of membership or of an agent's state (not of its age). @returns unsubscribes */
  subscribe(listener: () => void): () => void;
}
