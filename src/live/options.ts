import type { HistoryLimits } from './history.js';
import type { HostInfoOptions } from './host-info.js';

/** Where and how this host is read. */
export interface HostOptions extends HostInfoOptions {
  /** Where the host's proc file system is mounted. */
  readonly procRoot: string;
  /** When not empty, only these directories are read. */
  readonly netnsDirs: readonly string[];
  readonly dockerSockets: readonly string[];
  /** Whether a person named the sockets, so that an absent one is a gap. */
  readonly dockerSocketsGiven: boolean;
  /** Most milliseconds that one namespace may take. */
  readonly timeLimitMs: number;
}

/** How a host is kept true. */
export interface LiveHostOptions extends HostOptions {
  /** false: no observer namespace, everything is found by reading again. Default true. */
  readonly events?: boolean;
  /** Milliseconds between two full reads under the events. Default 60,000. */
  readonly rescanMs?: number;
  /** The same without events. Default 5,000. */
  readonly pollMs?: number;
  /** Oldest read that answers ready() without events, and fresh(), in milliseconds. Default 1000. */
  readonly maxAgeMs?: number;
  /** How long ready() waits. Default 30,000; Infinity: for as long as it takes. */
  readonly readLimitMs?: number;
  /** Bytes of the buffer for events. Default 16 MiB. */
  readonly receiveBufferBytes?: number;
  /** How far back a reader may resume. */
  readonly historyLimits?: HistoryLimits;
  /** Receives what goes wrong with reading as a whole; it is tried again. */
  readonly onProblem?: (problem: Error) => void;
}
