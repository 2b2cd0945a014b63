import { loadAddon, type Addon, type ObserverHandle } from './binding.js';
import { ArgumentError, NativeError } from './errors.js';
import { encodeEventRules } from './event-rules.js';
import type { ObservedEvents, Observer, ObserverOptions } from './types.js';

const DEFAULT_RECEIVE_BUFFER_BYTES = 16 * 1024 * 1024;
/** SO_RCVBUF is an int that the kernel doubles. */
const MOST_RECEIVE_BUFFER_BYTES = 0x3fffffff;

/** Words before the dead ids: ObservedEvents::drain(), native/observer/events.cc. */
const HEAD_WORDS = 8;

const NOTHING: ObservedEvents = { changes: [], dead: [], lost: 0, mounts: false, messages: 0 };

/** The Observer over an addon. */
export class AddonObserver implements Observer {
  readonly path?: string;
  readonly identity?: { readonly dev: number; readonly ino: number };
  readonly #addon: Addon;
  readonly #handle: ObserverHandle;
  #closed = false;

  /** @throws TypeError ERR_NSATLAS_ARGUMENT; NativeError ERR_NSATLAS_ADDON; ERR_NSATLAS_OBSERVER with `errno` and `syscall`, which names the capability that is missing */
  constructor(options: ObserverOptions, addonPath?: string) {
    const { events, receiveBufferBytes = DEFAULT_RECEIVE_BUFFER_BYTES, mountinfo = '/proc/self/mountinfo', onEvents } = options;
    if (!Number.isInteger(receiveBufferBytes) || receiveBufferBytes < 1 || receiveBufferBytes > MOST_RECEIVE_BUFFER_BYTES) {
      throw new ArgumentError(
        `receiveBufferBytes ${receiveBufferBytes} is not a whole number from 1 to ${MOST_RECEIVE_BUFFER_BYTES}`,
      );
    }
    if (mountinfo === '' || mountinfo.includes('\0')) throw new ArgumentError('mountinfo is not a path');
    const rules = events === undefined ? undefined : encodeEventRules(events);
    this.#addon = loadAddon(addonPath);
    const wake = (): void => {
      if (!this.#closed) onEvents();
    };
    try {
      this.#handle = this.#addon.observe(rules, receiveBufferBytes, mountinfo, wake);
    } catch (cause) {
      throw observerError(cause);
    }
    const { path, dev, ino } = this.#handle;
    if (path === undefined || dev === undefined || ino === undefined) return;
    this.path = path;
    this.identity = { dev, ino };
  }

  take(): ObservedEvents {
    return this.#closed ? NOTHING : parseEvents(this.#addon.observed(this.#handle));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#addon.unobserve(this.#handle);
  }
}

/** Reads the words of ObservedEvents::drain(). @throws NativeError ERR_NSATLAS_FRAME when they are none */
export function parseEvents(words: Int32Array): ObservedEvents {
  let at = HEAD_WORDS;
  const next = (): number => {
    const word = words[at++];
    if (word === undefined) throw new NativeError('ERR_NSATLAS_FRAME', `the observer's events end at word ${words.length}`);
    return word;
  };
  const [lost = 0, mounts = 0, messages = 0, , low = 0, high = 0, deadCount = 0, changeCount = 0] = words;
  const dead = Array.from({ length: deadCount }, next);
  const changes = Array.from({ length: changeCount }, () => {
    const nsid = next();
    const table = next();
    return { nsid, table, ifindexes: Array.from({ length: next() }, next) };
  });
  const oldestAtMs = ((high >>> 0) * 2 ** 32 + (low >>> 0)) / 1e6 - CLOCK_OFFSET_MS;
  return { changes, dead, lost, mounts: mounts !== 0, messages, ...(messages > 0 && { oldestAtMs }) };
}

/**
 * What process.hrtime(), which is CLOCK_MONOTONIC, is ahead of performance.now(), which is the same clock from the start of the thread on. Of a few
 * tries the one that took the shortest: the process may have to wait between the two.
 */
function clockOffsetMs(): number {
  const tries = Array.from({ length: 5 }, () => {
    const before = performance.now();
    const there = Number(process.hrtime.bigint()) / 1e6;
    return { offset: there - before, took: performance.now() - before };
  });
  return tries.reduce((best, one) => (one.took < best.took ? one : best)).offset;
}

const CLOCK_OFFSET_MS = clockOffsetMs();

function observerError(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const { code, errno, syscall } = cause as NodeJS.ErrnoException;
  if (code !== 'ERR_NSATLAS_OBSERVER') return cause;
  const detail = { cause, ...(errno !== undefined && { errno }), ...(syscall !== undefined && { syscall }) };
  return new NativeError('ERR_NSATLAS_OBSERVER', cause.message, detail);
}
