import { decodeLinkCounters, type LinkCounters } from '../tables/links/link-counters.js';
import type { NetnsReader, ReadVisitor } from '../native/types.js';
import { DecodeError } from '../netlink/error.js';
import { MessageReader, readDone, readError } from '../netlink/messages.js';
import { dumpLinks } from '../tables/links/index.js';
import * as uapi from '../netlink/uapi.js';
import type { LiveNetns } from './live-netns.js';

/** The counters of the interfaces of one namespace, from a fresh read. */
export interface NetnsCounters {
  readonly key: number;
  /** By ifindex. Empty when it could not be read. */
  readonly links: ReadonlyMap<number, LinkCounters>;
  /** False: it could not be entered, or its interfaces could not be read completely. */
  readonly isWhole: boolean;
}

/** A dump that was interrupted by changes is repeated this often; then it is taken as it is. */
const MAX_ATTEMPTS = 3;

/**
 * Reads the counters of all interfaces of some namespaces, and nothing else. What comes is decoded batch by batch while reading goes on, a millisecond
 * or so at a stretch.
 * @throws NativeError when the job as a whole failed; signal.reason
 */
export async function readCounters(
  reader: NetnsReader,
  namespaces: readonly LiveNetns[],
  { timeLimitMs, signal }: { readonly timeLimitMs: number; readonly signal: AbortSignal },
): Promise<NetnsCounters[]> {
  const readings = namespaces.map((netns) => new CounterReading(netns));
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const again = readings.filter((reading) => reading.begin(attempt === MAX_ATTEMPTS));
    if (again.length === 0) break;
    const targets = again.map(({ path, expect }) => ({ path, expect, requests: [0] }));
    await reader.read({ requests: [{ bytes: dumpLinks() }], targets, timeLimitMs }, visitorOf(again, signal));
  }
  return readings;
}

function visitorOf(readings: readonly CounterReading[], signal: AbortSignal): ReadVisitor {
  return {
    target: (at, _identity, cookie) => readings[at]?.entered(cookie),
    datagram: (at, _request, view, start, end) => {
      // Ends the job.
      signal.throwIfAborted();
      readings[at]?.datagram(view, start, end);
    },
    requestEnd: (at, _request, errno) => readings[at]?.ended(errno),
  };
}

class CounterReading implements NetnsCounters {
  readonly key: number;
  readonly path: string;
  readonly expect: { readonly dev: number; readonly ino: number };
  links = new Map<number, LinkCounters>();
  isWhole = false;
  readonly #cookie: bigint | undefined;
  #state: 'unread' | 'reading' | 'interrupted' | 'failed' | 'done' = 'unread';
  #isLast = false;
  #malformed = false;

  constructor({ key, found, pathAt, cookie }: LiveNetns) {
    this.key = key;
    this.path = found.openPaths[pathAt] ?? '';
    this.expect = { dev: found.dev, ino: found.ino };
    this.#cookie = cookie;
  }

  /** Whether it is to be read, for the first time or again. */
  begin(isLast: boolean): boolean {
    if (this.path === '' || (this.#state !== 'unread' && this.#state !== 'interrupted')) return false;
    this.#state = 'reading';
    this.#isLast = isLast;
    this.links = new Map();
    this.#malformed = false;
    return true;
  }

  entered(cookie: bigint | undefined): void {
    // A later namespace with the same inode: its interfaces are not those that are known.
    if (this.#cookie !== undefined && cookie !== undefined && cookie !== this.#cookie) this.#state = 'failed';
  }

  datagram(view: DataView, start: number, end: number): void {
    if (this.#state === 'failed') return;
    const messages = new MessageReader(view, start, end);
    while (messages.next()) {
      if (messages.interrupted && !this.#isLast) this.#state = 'interrupted';
      if (messages.type === uapi.RTM_NEWLINK) {
        const link = decodeLinkCounters(view, messages.offset, messages.end);
        // One that cannot be decoded is left out, and the namespace is not whole.
        if (link instanceof DecodeError) this.#malformed = true;
        else this.links.set(link.ifindex, link);
      } else if (isFailure(messages)) this.#state = 'failed';
    }
    if (messages.error !== undefined) this.#malformed = true;
  }

  ended(errno: number): void {
    if (errno !== 0) this.#state = 'failed';
    if (this.#state === 'reading') this.#state = 'done';
    this.isWhole = this.#state === 'done' && !this.#malformed;
    if (this.#state === 'failed') this.links = new Map();
  }
}

/** Whether the kernel refused or broke off. */
function isFailure(messages: MessageReader): boolean {
  if (messages.type !== uapi.NLMSG_ERROR && messages.type !== uapi.NLMSG_DONE) return false;
  const verdict = messages.type === uapi.NLMSG_ERROR ? readError(messages) : readDone(messages);
  return verdict instanceof DecodeError || verdict.errno !== 0;
}
