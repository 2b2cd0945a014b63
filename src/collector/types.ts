import type { Gap, HostEntry, Table } from '../model/types.js';
import type { LiveHost } from '../live/types.js';

/** A host that a collector knows, whether its agent is heard or not. */
export interface Member {
  readonly hostId: string;
  /** What is known of it, versioned as an agent's own host is: lists and watches are made of it in the same way. */
  readonly live: LiveHost;
  /** How well it is known, now. */
  entry(): HostEntry;
}

/** The hosts of a collector. Implemented by the roster, read by the service and by metrics. */
export interface Members {
  /** Tables that agents are asked for; others are never known. */
  readonly tables: readonly Table[];
  /** Hosts of which something is known; sorted by name, then id. The object of a host stays the same as long as it is known. */
  members(): readonly Member[];
  /** Every agent that is followed, reached or not, those in conflict included. Sorted like members, unreached ones last. */
  entries(): readonly HostEntry[];
  /** Sources that could not be asked, and agents that are not LIVE. */
  gaps(): readonly Gap[];
  /** Told after each change of membership or of an agent's state (not of its age). Returns what ends it. */
  subscribe(listener: () => void): () => void;
}
