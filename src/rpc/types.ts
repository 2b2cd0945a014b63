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

/** Certificates with which a server and its clients authenticate each other: paths of PEM files, reloaded when they change. */
export interface TlsFiles {
  /** The server's certificate, and those between it and its CA. */
  readonly cert: string;
  /** The private key of it. */
  readonly key: string;
  /** CAs that clients' certificates may be signed by. */
  readonly ca: string;
  /** Only clients whose certificate has one of these as common name or DNS name; without it, every client of the CAs. */
  readonly allow?: readonly string[];
}

/** The same for a client. */
export interface ClientTls {
  /** CAs that the server's certificate may be signed by. */
  readonly ca: string;
  /** The client's own certificate, with its key; servers of nsatlas want one. */
  readonly cert?: string;
  readonly key?: string;
  /** The name that the server's certificate has to be for, where that is not the host of its address. */
  readonly serverName?: string;
}

/** How to serve, whatever is served. */
export interface ServeOptions {
  /**
   * HOST:PORT or unix:PATH; at least one. Port 0 is any free port. Addresses that other machines can reach need `tls` or
   * `insecure`.
   */
  readonly listen: readonly string[];
  /** Serves with TLS to clients that have a certificate. Unix sockets stay without: their file's permissions say who may. */
  readonly tls?: TlsFiles;
  /** Serves any address in plain text. */
  readonly insecure?: boolean;
  /** How often the certificates' files are looked at, in milliseconds; 5,000. */
  readonly tlsPollMs?: number;
  /** How long a connection may take to become an HTTP/2 connection of a client, TLS included, in milliseconds; 10,000. */
  readonly handshakeLimitMs?: number;
  readonly log: Log;
  /** sd_notify(3): called with "READY=1" once every address is served, and with "STOPPING=1". */
  readonly notify?: (message: string) => void;
  /**
   * How long a client may read nothing of an answer under way before its call is ended, and how long it may take to write its
   * request, in milliseconds; 60,000.
   */
  readonly stallLimitMs?: number;
  /** Most connections to each address; 256. A quarter of them may be in their handshakes. */
  readonly maxConnections?: number;
  /** Most calls at once, of all connections together; 1,000. */
  readonly maxCalls?: number;
  /** Milliseconds on a clock that never goes back; performance.now. */
  readonly now?: () => number;
  /** Called when a call begins: "/nsatlas.v1.Agent/Watch". */
  readonly onCallBegin?: (method: string) => void;
  /** Called when a call has ended; for metrics. */
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
   * Accepts no more calls, reports NOT_SERVING to health checks, lets running calls end, and ends the others after `limitMs`.
   * Resolves when everything is closed and the files of unix sockets are gone. A second call waits for the first.
   */
  drain(limitMs: number): Promise<void>;
}
