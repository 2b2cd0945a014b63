import type { Engine, Gap, Network, Owner } from '../model/types.js';

/**
 * A running container, as its engine claims it. Whether it really is in a namespace is proved by the kernel: the inode
 * of SandboxKey or of /proc/PID/ns/net (model/owners.ts).
 */
export interface ContainerClaim {
  readonly owner: Owner;
  /** State.Pid, in the engine's pid namespace. */
  readonly pid: number;
  /** NetworkSettings.SandboxKey; absent for joined containers. */
  readonly sandboxKey?: string;
}

/** What the engines know at one time. Never throws away what one engine said because another one failed. */
export interface EngineView {
  readonly engines: readonly Engine[];
  readonly networks: readonly Network[];
  readonly containers: readonly ContainerClaim[];
  readonly gaps: readonly Gap[];
}
