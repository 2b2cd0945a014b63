import type { ServeOptions } from '../rpc/types.js';
import type { OpenLiveHost } from '../live/index.js';

/** What is served. */
export type ServedHost = Pick<OpenLiveHost, Exclude<keyof OpenLiveHost, 'stats' | 'tallies' | 'counters' | 'close'>>;

/** What the agent's service is made of. */
export interface AgentServiceOptions {
  /** What answers are made of, and what is watched. Not closed by the agent. */
  readonly live: ServedHost;
}

/** How to serve a host. */
export interface AgentOptions extends AgentServiceOptions, ServeOptions {}
