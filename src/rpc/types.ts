import type { UntypedServiceImplementation } from '@grpc/grpc-js';

/** Where servers write what happens; pino's loggers fit. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How a call ended. */
export interface CallOutcome {
  /** "/nsatlas.v1.Agent/ListFdb" */
  readonly method: string;
  /** "OK", "UNAVAILABLE", … */
  readonly code: string;
  readonly ms: number;
}

/** How to serve, whatever is served. */
export interface ServeOptions {
  /** HOST:PORT or unix:PATH; at least one. Port 0 is any free port. */
  readonly listen: readonly string[];
  readonly log: Log;
  /** sd_notify(3): told "READY=1" once every address is served, and "STOPPING=1". */
  readonly notify?: (message: string) => void;
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
  /** Told of each call when it begins: "/nsatlas.v1.Agent/Watch". */
  readonly onCallBegin?: (method: string) => void;
  /** Told of each call when it has ended; for metrics. */
  readonly onCall?: (call: CallOutcome) => void;
}

/** One gRPC service of a server. */
export interface ServedService {
  /** "nsatlas.v1.Agent" */
  readonly name: string;
  readonly handlers: UntypedServiceImplementation;
  /** Ends the calls that have no end of their own. */
  stop?(): void;
}

/** A server that serves. */
export interface RunningServer {
  /** What is served, with the real port where 0 was asked for; fit for clients. */
  readonly addresses: readonly string[];
  /**
   * Takes no more calls, tells health checks, lets running calls end, and ends those that have not within `limitMs`.
   * Resolves when everything is closed and the files of unix sockets are gone. A second call waits for the first.
   */
  drain(limitMs: number): Promise<void>;
}
