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

/** Netlink protocols that a reader speaks: NETLINK_ROUTE and so on (linux/netlink.h). */
export type Protocol = 'ROUTE' | 'SOCK_DIAG' | 'XFRM' | 'NETFILTER' | 'GENERIC';

/**
 * One netlink request, complete but for sequence number and port, which the reader fills in. Only reading ones are taken: exactly one
 * message of a type that native/netlink/read_only.cc lists, with NLM_F_REQUEST, and besides at most NLM_F_DUMP (both bits) and NLM_F_ACK. Its
 * socket is opened in the namespace and closed before that is left. A dump of links needs an IFLA_EXT_MASK other than 0: without it the kernel
 * ends the dump before a link whose message exceeds 32 KB, as if it were done (rtnl_calcit(), net/core/rtnetlink.c; seen in Linux 6.18).
 */
export interface NetlinkRequest {
  /** nlmsghdr and body. Copied when the job starts. */
  readonly bytes: Uint8Array;
  /** Default ROUTE. One that this kernel does not have ends the request with its errno, operation 'socket'. */
  readonly protocol?: Protocol;
  /**
   * Of a GENERIC request: the name of its family, whose id is asked for inside the namespace and written into nlmsg_type, which has to be 0. A
   * family that is not there ends the request with ENOENT, operation 'family'.
   */
  readonly family?: string;
  /** Another namespace whose file descriptor is to be written (host order, 4 bytes) at `offset` before sending: NETNSA_FD. ROUTE only. */
  readonly netnsFd?: { readonly offset: number; readonly path: string; readonly expect?: NetnsIdentity };
  /**
   * Needs ReadTarget.key. The answer is reported with `row…` instead of `datagram`, after the namespace was left; a refusal also with the `datagram`
   * that says so.
   */
  readonly rows?: RowRequest;
}

/**
 * A file to be read inside the namespace: below /proc/sys/net/ or /proc/thread-self/net/, by its plain path. Its content is reported as one
 * `datagram`. Ends with operation 'file' and its errno: ENOENT, EACCES, ELOOP (a symbolic link), EISDIR, EINVAL (no plain file of procfs),
 * EFBIG (larger than 1 MiB).
 */
export interface FileRequest {
  readonly file: string;
  readonly bytes?: undefined;
  readonly netnsFd?: undefined;
  readonly rows?: undefined;
}

export type ReadRequest = NetlinkRequest | FileRequest;

/**
 * Which attributes of a message are copied. Given as data, so that native code knows no attribute. Attributes that cannot be walked
 * (lengths that do not fit) are copied as they are: whoever decodes them reports them.
 */
export interface AttributeFilter {
  /** By attribute type (flags masked off): copied in full, or a nest of which a part is copied, or a nest whose filter a sibling chooses. */
  readonly keep: ReadonlyMap<number, 'whole' | AttributeFilter | FilterChoice>;
  /** Types that are not copied although `others` is true. */
  readonly drop?: readonly number[];
  /** Whether attributes that are neither in `keep` nor in `drop` are copied. Default false. */
  readonly others?: boolean;
}

/** A nest whose filter depends on the text (up to its first NUL) of another attribute of the same level, wherever that stands. */
export interface FilterChoice {
  /** Type of the attribute that holds the text. */
  readonly by: number;
  readonly filters: ReadonlyMap<string, AttributeFilter>;
  /** For other texts and for none: copied in full. */
}

/** How the messages of one kind of row are read: registered once, used by its position. */
export interface RowFormat {
  /** Bytes of the family's header (struct ifinfomsg: 16), which are copied as they are. */
  readonly headerBytes: number;
  readonly filter: AttributeFilter;
  /** Whether the order of rows matters: then it is reported with `rowOrder` when it is not the order of their coming. */
  readonly ordered: boolean;
  /** Offset in the header of the ifindex by which a part of the table can be read. Absent: only the full table can be. */
  readonly ifindexAt?: number;
  /** Rows that have one of these bits set in the byte at `at` of the header are read by requests of their own, and count as those of interface 0. */
  readonly apart?: { readonly at: number; readonly bits: number };
}

/** Makes the answer to a request rows of a table that is remembered: only what differs from the last time is reported. */
export interface RowRequest {
  /** Position in the formats given to createNetnsReader(). Also names the table: one for each format in each namespace. */
  readonly format: number;
  /** Only rows of this interface are asked for; the others stay as they are. */
  readonly ifindex?: number;
  /** This errno (positive) means that there are no rows: ENODEV for an interface that is gone. */
  readonly emptyErrno?: number;
  /** A further request of the same target with the same `format` completes this one (neighbours and proxies): compared when the last has ended. When one of them fails, the last ends with its errno. */
  readonly more?: boolean;
  /** Take the rows even though the dump was interrupted. Otherwise such an answer changes nothing and ends with EINTR. */
  readonly acceptInterrupted?: boolean;
}

/** One namespace to be read. */
export interface ReadTarget {
  /** A mount of the namespace, or /proc/PID/ns/net. */
  readonly path: string;
  /** When given, another namespace found at that path is an error ('changed'), not an answer. */
  readonly expect?: NetnsIdentity;
  /** Indexes into ReadJob.requests, carried out in this order. */
  readonly requests: readonly number[];
  /** Under which its rows are remembered; a positive 31-bit number, never used for another namespace. */
  readonly key?: number;
}

export interface ReadJob {
  readonly requests: readonly ReadRequest[];
  readonly targets: readonly ReadTarget[];
  /** Most milliseconds that one namespace may take; then it is reported as timed out and left behind. Default 2000. */
  readonly timeLimitMs?: number;
  /** A batch is handed over when it holds this many bytes. Default 131072. */
  readonly batchBytes?: number;
  /**
   * The observer namespace (Observer.identity). A request RTM_NEWNSID with NLM_F_REQUEST | NLM_F_ACK is sent in this namespace only, and never
   * in the one that the process is in; anywhere else it ends with EPERM, operation 'send', and nothing is sent.
   */
  readonly observer?: NetnsIdentity;
}

/**
 * What is reported of a job while it runs, in order. Each target: one `target` (unless it could not be entered), for each request its datagrams and
 * one `requestEnd`, and at last one `targetEnd`. When that has a problem, requests without a `requestEnd` were not answered,
 * or not in full. A target's cookie and identity are those of the namespace that was read, not of what is at the path by then.
 */
export interface ReadVisitor {
  /** The namespace was opened, proved and entered. */
  target?(target: number, identity: NetnsIdentity, cookie: bigint | undefined): void;
  /** One complete datagram, or the content of a file. The view is valid only during the call. */
  datagram?(target: number, request: number, view: DataView, start: number, end: number): void;
  /**
   * A row is there now that was not before. Bytes [start, end) are a message's payload: header and filtered attributes. `slot` is a small
   * number by which the row is called until it is removed. A row that changed is removed and added. Removals come first.
   */
  rowAdded?(target: number, request: number, slot: number, view: DataView, start: number, end: number): void;
  rowRemoved?(target: number, request: number, slot: number): void;
  /** The order of all rows of the table (ordered formats only), when it is not the old order with what was added at the end. */
  rowOrder?(target: number, request: number, slots: readonly number[]): void;
  /** A request has ended. errno 0: answered in full (its DONE, ack or single answer was seen). `operation`: send, receive, netns-fd, socket, family, file. */
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
   * cannot be carried out at all (closed, busy, no thread): whatever is wrong with one namespace is reported to the visitor. Codes:
   * NativeError ERR_NSATLAS_BUSY, _CLOSED, _HOME, _THREAD; TypeError ERR_NSATLAS_ARGUMENT.
   * A visitor that throws ends the job and rejects with what it threw, once the namespace at hand was left.
   */
  read(job: ReadJob, visitor: ReadVisitor): Promise<void>;
  /** Opens and proves without entering. One result for each path, in order. Subject to the same time limit. */
  identify(paths: readonly string[], timeLimitMs?: number): Promise<IdentifyResult[]>;
  /**
   * The job that runs begins no further namespace but its first and resolves when those that were begun have been reported; of the others nothing is, not even their
   * targetEnd(). Harmless without a job.
   */
  stop(): void;
  /**
   * Forgets the remembered rows of a namespace: the next read reports all of them. Takes effect before the next job. A job that did not
   * resolve forgets all its keys by itself.
   */
  forget(key: number): void;
  /** Ends the threads; a running job is rejected (ERR_NSATLAS_CLOSED). Harmless when repeated. */
  close(): void;
}

/** A number in host order in the payload of a message, compared with a value. Does not hold where the payload ends before it. */
export interface FieldTest {
  /** Offset in the payload, behind the nlmsghdr. */
  readonly at: number;
  readonly bytes: 1 | 2 | 4;
  readonly equals: number;
}

/**
 * Says which events concern a table. The first rule that matches a message counts; a message that matches none is ignored. Given as data, so
 * that native code knows no table.
 */
export interface EventRule {
  /** The caller's number for the table, 0 to 63: ObservedEvents speaks of it. Several rules may have the same. */
  readonly table: number;
  /** Multicast groups (RTNLGRP_*) in which the messages come. A group that the kernel does not have is left out. */
  readonly groups: readonly number[];
  /** RTM_NEW… and RTM_DEL… types. */
  readonly types: readonly number[];
  /** The first byte of the payload must be this. */
  readonly family?: number;
  /** Not when all of these hold. */
  readonly unless?: readonly FieldTest[];
  /** Offset in the payload of the ifindex that the row belongs to. Absent: any row of the table may have changed. */
  readonly ifindexAt?: number;
}

/** What happened since the last take(), coalesced: bounded by the number of namespaces, however much happened. */
export interface ObservedEvents {
  /** `table`: EventRule.table. `ifindexes` empty: any row of the table. At most 64 ifindexes, beyond that any. */
  readonly changes: readonly { readonly nsid: number; readonly table: number; readonly ifindexes: readonly number[] }[];
  /** Ids whose namespaces have died (RTM_DELNSID in the observer namespace). */
  readonly dead: readonly number[];
  /** At least how often the kernel dropped events since the last take() (ENOBUFS; counted when it begins and when it is over): everything may have changed. */
  readonly lost: number;
  /** The mount table changed. */
  readonly mounts: boolean;
  /** Messages received since the last take(). */
  readonly messages: number;
  /** When the oldest of them was received, in milliseconds of performance.now()'s clock (CLOCK_MONOTONIC); absent without any. */
  readonly oldestAtMs?: number;
}

export interface ObserverOptions {
  /** Which events to receive, in a private observer namespace. Absent: watch the mount table only. */
  readonly events?: readonly EventRule[] | undefined;
  /** Bytes of the socket's receive buffer (SO_RCVBUFFORCE, else SO_RCVBUF). Default 16 MiB. */
  readonly receiveBufferBytes?: number;
  /** The file that is polled for changes of mounts. Default /proc/self/mountinfo. */
  readonly mountinfo?: string;
  /** Called on the JavaScript thread when there is something to take() after take() found nothing. */
  readonly onEvents: () => void;
}

/**
 * Receives events of all namespaces that were given an id in the observer namespace, from a thread of its own that lives in that
 * namespace and never enters another one. Ids are given by a read job in the observer namespace (path) that sends RTM_NEWNSID, the one
 * request besides those that only read, and only there.
 */
export interface Observer {
  /** Path by which the observer namespace is entered (/proc/self/task/TID/ns/net); absent without events. */
  readonly path?: string;
  readonly identity?: NetnsIdentity;
  /** Everything since the last call; empty when there was nothing. */
  take(): ObservedEvents;
  /** Ends the thread; the observer namespace is gone with it. Harmless when repeated. */
  close(): void;
}
