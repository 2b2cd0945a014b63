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
 * A host with live state: read once, then kept up to date by the kernel's events (or by polling), without anything left
 * open in a namespace. Every method answers immediately from that state. State is versioned: each change that a reader can
 * see gets a revision, so that a reader only needs to pass the last revision that it has.
 */
export interface LiveHost {
  /** Random, another one in each process. */
  readonly epoch: string;
  /** Of the last change; grows by one or more. 0 before anything was read. */
  readonly revision: number;

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

  /** What changed after a revision; undefined if that history is gone (or of another epoch): the full state has to be sent. */
  changesAfter(revision: number): LiveChanges | undefined;
  /** The listener is called after each change of revision, once for changes that are committed together. @returns unsubscribes */
  subscribe(listener: () => void): () => void;
}

/** A live host that is read in this process, as far as somebody asks for it. */
export interface ReadLiveHost extends LiveHost {
  /**
   * Resolves when these tables are read in every namespace, when no received event is left to be handled, and, without
   * events, when everything was read within the last `maxAgeMs`. The tables are kept up to date for some minutes from then on.
   * @throws signal.reason; LiveError when reading as a whole fails or takes longer than the read limit
   */
  ready(tables: readonly Table[], signal: AbortSignal): Promise<void>;

  /** Keeps tables up to date until the returned function is called. For readers of changes. */
  lease(tables: readonly Table[]): () => void;
}

/** Size of the state. */
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

/** Reading the host itself failed. The message is one line for people, and says that it is about reading the host. */
export class LiveError extends NsatlasError<'ERR_NSATLAS_READ' | 'ERR_NSATLAS_READ_TIMEOUT'> {
  /** The reason why the host could not be read, as it is reported. */
  static of(cause: unknown): LiveError {
    if (cause instanceof LiveError) return cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new LiveError('ERR_NSATLAS_READ', `this host could not be read: ${reason}`, { cause });
  }
}
