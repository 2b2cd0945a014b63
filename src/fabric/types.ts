import type { AgentState, Engine, Network } from '../model/types.js';
import type { HostView } from '../model/views.js';

/** A host as the fabric is made of it: from a snapshot, from an agent, or as a collector knows it. */
export interface FabricHost {
  /** Its namespaces and interfaces; `view.hostId` is its id. */
  readonly view: HostView;
  readonly name: string;
  readonly engines: readonly Engine[];
  readonly networks: readonly Network[];
  /** How well a collector knows it; absent without one. */
  readonly state?: AgentState;
  readonly ageMs?: number;
  /** As long as it is the same, so is everything else but state and age. Absent: nothing may be kept of the host. */
  readonly revision?: string;
}
