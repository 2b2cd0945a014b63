import type { ServeOptions } from '../rpc/types.js';
import type { HostSource } from '../live/source.js';
import type { LiveHost } from '../live/types.js';

/** What the agent's service is made of. */
export interface AgentServiceOptions {
  /** Read for what has to be fresh, and without `live` for every answer that the last read is too old for. Not closed by the agent. */
  readonly source: HostSource;
  /** What answers are made of, and what is watched. Without it there is no Watch. Not closed by the agent. */
  readonly live?: LiveHost;
  /** Oldest read that answers a request, in milliseconds before the request came; 1000. */
  readonly maxAgeMs?: number;
  /** How long a request waits for a read, in milliseconds; 30,000. */
  readonly readLimitMs?: number;
}

/** How to serve a host. */
export interface AgentOptions extends AgentServiceOptions, ServeOptions {}

/** The default port of an agent. */
export const DEFAULT_PORT = 7117;
