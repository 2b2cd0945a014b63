// The TypeScript face of the native addon. Native code knows namespaces, sockets and datagrams; it knows no attribute.

/** What open() and identification can find wrong with a path. */
export type NetnsProblem =
  | 'not-found'
  | 'dangling'
  | 'plain-file'
  | 'directory'
  | 'fifo'
  | 'socket'
  | 'device'
  | 'other-namespace'
  | 'not-nsfs'
  | 'changed'
  | 'denied'
  | 'timeout'
  | 'failed';

/** Identity of a namespace: stat of its nsfs inode. */
export interface NetnsIdentity {
  readonly dev: number;
  readonly ino: number;
}

/**
 * One netlink request, complete but for sequence number and port, which the reader fills in. Only reading ones are taken: exactly one
 * message, RTM_GET*, with NLM_F_REQUEST. A dump of links needs an IFLA_EXT_MASK other than 0: without it the kernel ends the dump before a
 * link whose message exceeds 32 KB, as if it were done (rtnl_calcit(), net/core/rtnetlink.c; seen in Linux 6.18).
 */
export interface NetlinkRequest {
  /** nlmsghdr and body. Copied when the job starts. */
  readonly bytes: Uint8Array;
  /** Another namespace whose file descriptor is to be written (host order, 4 bytes) at `offset` before sending: NETNSA_FD. */
  readonly netnsFd?: { readonly offset: number; readonly path: string; readonly expect?: NetnsIdentity };
}

/** One namespace to be read. */
export interface ReadTarget {
  /** A mount of the namespace, or /proc/PID/ns/net. */
  readonly path: string;
  /** When given, another namespace found at that path is an error ('changed'), not an answer. */
  readonly expect?: NetnsIdentity;
  /** Indexes into ReadJob.requests, carried out in this order. */
  readonly requests: readonly number[];
}

export interface ReadJob {
  readonly requests: readonly NetlinkRequest[];
  readonly targets: readonly ReadTarget[];
  /** Most milliseconds that one namespace may take; then it is reported as timed out and left behind. Default 2000. */
  readonly timeLimitMs?: number;
  /** A batch is handed over when it holds this many bytes. Default 131072. */
  readonly batchBytes?: number;
}

/**
 * What is told of a job while it runs, in order. Each target: one `target` (unless it could not be entered), for each request its datagrams and
 * one `requestEnd`, and at last one `targetEnd`. When that has a problem, requests that were not told of with `requestEnd` were not answered,
 * or not whole. A target's cookie and identity are those of the namespace that was read, not of what is at the path by then.
 */
export interface ReadVisitor {
  /** The namespace was opened, proved and entered. */
  target?(target: number, identity: NetnsIdentity, cookie: bigint | undefined): void;
  /** One datagram, whole. The view is valid only during the call. */
  datagram?(target: number, request: number, view: DataView, start: number, end: number): void;
  /** A request has ended. errno 0: answered whole (its DONE, ack or single answer was seen). `operation`: send, receive, netns-fd. */
  requestEnd?(target: number, request: number, errno: number, operation: string): void;
  /** The namespace was left. `problem` is absent when every request was carried out. */
  targetEnd?(target: number, problem: NetnsReadProblem | undefined): void;
}

export interface NetnsReadProblem {
  readonly problem: NetnsProblem;
  /** open | identify | enter | cookie | socket | restore | time-limit */
  readonly operation: string;
  /** 0 when there is none. */
  readonly errno: number;
  /** For people: "uts namespace", "plain file", … */
  readonly detail: string;
}

export type IdentifyResult = { readonly identity: NetnsIdentity } | { readonly problem: NetnsReadProblem };

/** Reads namespaces on a thread of its own. One job at a time: a second read() while one runs is refused (ERR_NSATLAS_BUSY). */
export interface NetnsReader {
  /**
   * Carries out a job. The visitor is called on the calling thread, batch by batch, while reading goes on; a slow
   * visitor makes the reader wait, it does not make it buffer. Resolves after the last call. Rejects only when the job
   * as a whole cannot be carried out (closed, busy, no thread): whatever is wrong with one namespace is told the visitor. Codes:
   * NativeError ERR_NSATLAS_BUSY, _CLOSED, _HOME, _THREAD; TypeError ERR_NSATLAS_ARGUMENT.
   * A visitor that throws ends the job and rejects with what it threw, once the namespace at hand was left.
   */
  read(job: ReadJob, visitor: ReadVisitor): Promise<void>;
  /** Opens and proves without entering. One result for each path, in order. Subject to the same time limit. */
  identify(paths: readonly string[], timeLimitMs?: number): Promise<IdentifyResult[]>;
  /** Ends the threads; a running job is rejected (ERR_NSATLAS_CLOSED). Harmless when repeated. */
  close(): void;
}
