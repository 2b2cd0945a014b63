import type {
  Freshness,
  Gap,
  Host,
  Interface,
  Netns,
  NetnsChange,
  NetnsRemoved,
  Network,
  Section,
  Table,
} from '../model/types.js';
import { NsatlasError } from '../text/error.js';

/**
 * A host whose state is kept true: read once, then brought up to date by the kernel's events (or by polling), without anything left
 * open in a namespace. Every method but ready() answers at once from what is known. State is versioned: each change that a reader could
 * see gets a revision, so that a reader only says up to which revision it knows.
 */
export interface LiveHost {
  /** Random, another one in each process. */
  readonly epoch: string;
  /** Of the last change; grows by one or more. 0 before anything was read. */
  readonly revision: number;

  /**
   * Resolves when these tables are read in every namespace, when no event that was heard is left to be read, and, where there are no
   * events, when everything was read within the last `maxAgeMs`. The tables are kept true for some minutes from then on.
   * @throws signal.reason; LiveError when reading as a whole fails or takes longer than the read limit
   */
  ready(tables: readonly Table[], signal: AbortSignal): Promise<void>;

  /** Keeps tables true until it is called. For readers of changes. */
  lease(tables: readonly Table[]): () => void;

  freshness(): Freshness;
  /** With `freshness`; undefined before the first read. */
  host(): Host | undefined;
  networks(): readonly Network[];
  /** All of them; whoever answers for some tables leaves the others' out. */
  gaps(): readonly Gap[];
  readonly counts: LiveCounts;

  /** Of the namespaces that are there: the host's first, then by inode. Keys are never used again. */
  keys(): readonly number[];
  /** A namespace without its rows, table statuses of everything that was read included. undefined: it is gone. */
  head(key: number): Netns | undefined;
  /** One interface of the namespace of that id, for the other end of a pair. */
  interfaceOf(netnsId: string, ifindex: number): Interface | undefined;
  /**
   * What is new in a namespace after revision `since`; everything (`whole` in the first part) when that is undefined. Decoded as it is
   * taken, in parts of some 10 interfaces or 100 rows: between two parts other work can be done. Rows that appear while parts
   * are taken are left for the next call. At least one part, unless the namespace is gone or nothing of `tables` changed.
   */
  parts(key: number, since: number | undefined, tables: readonly Table[]): Iterable<NetnsChange>;

  /** What changed after a revision; undefined when that is not known any more (or of another epoch): everything has to be told. */
  changesAfter(revision: number): LiveChanges | undefined;
  /** Calls back after each change of revision, once for changes that come together. Returns what ends it. */
  subscribe(listener: () => void): () => void;
}

/** How much is known. */
export interface LiveCounts extends Readonly<Record<Section, number>> {
  readonly namespaces: number;
  readonly interfaces: number;
}

/** Names of what changed; the content is asked for with parts(), host(), … */
export interface LiveChanges {
  /** Namespaces that are there and changed, or are new. */
  readonly changed: readonly number[];
  readonly removed: readonly { readonly key: number; readonly netns: NetnsRemoved }[];
  readonly host: boolean;
  readonly networks: boolean;
  readonly gaps: boolean;
  readonly freshness: boolean;
}

/** Reading the host as a whole failed. The message is one line for people, and names the host's reading. */
export class LiveError extends NsatlasError<'ERR_NSATLAS_READ' | 'ERR_NSATLAS_READ_TIMEOUT'> {
  /** What kept the host from being read, as it is reported. */
  static of(cause: unknown): LiveError {
    if (cause instanceof LiveError) return cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new LiveError('ERR_NSATLAS_READ', `this host could not be read: ${reason}`, { cause });
  }
}
