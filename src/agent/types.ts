import type { HostSource } from '../scan/types.js';
import type { LiveHost } from '../watch/types.js';

/** Where the agent writes what happens; pino's loggers fit. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How to serve a host. */
export interface AgentOptions {
  /** Read for what has to be fresh, and without `live` for every answer that the last read is too old for. Not closed by the agent. */
  readonly source: HostSource;
  /** What answers are made of, and what is watched. Without it there is no Watch. Not closed by the agent. */
  readonly live?: LiveHost;
  /** HOST:PORT of a loopback address, or unix:PATH; at least one. Port 0 is any free port. */
  readonly listen: readonly string[];
  readonly log: Log;
  /** sd_notify(3): told "READY=1" once every address is served, and "STOPPING=1". */
  readonly notify?: (message: string) => void;
  /** Oldest read that answers a request, in milliseconds before the request came; 1000. */
  readonly maxAgeMs?: number;
  /** How long a request waits for a read, in milliseconds; 30,000. */
  readonly readLimitMs?: number;
  /** How long a client may read nothing of an answer under way before its call is ended, in milliseconds; 60,000. */
  readonly stallLimitMs?: number;
  /** Most connections to each address; 256. */
  readonly maxConnections?: number;
  /** Most calls at once, of all connections together; 1,000. */
  readonly maxCalls?: number;
  /** Permissions of the file of a unix socket; 0o600. */
  readonly socketMode?: number;
  /** Milliseconds on a clock that never goes back; performance.now. */
  readonly now?: () => number;
}

/** An agent that serves. */
export interface RunningAgent {
  /** What is served, with the real port where 0 was asked for; fit for createAgentClient. */
  readonly addresses: readonly string[];
  /**
   * Takes no more calls, tells health checks, lets running calls end, and ends those that have not within `limitMs`.
   * Resolves when everything is closed and the files of unix sockets are gone. A second call waits for the first.
   */
  drain(limitMs: number): Promise<void>;
}

/** The port of an agent that is not told another one. */
export const DEFAULT_PORT = 7117;
