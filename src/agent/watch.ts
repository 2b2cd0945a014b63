import { status } from '@grpc/grpc-js';
import type { LiveHost } from '../watch/types.js';
import { watchMessage } from '../wire/watch-bytes.js';
import type { FeedStream } from '../rpc/calls.js';
import { CallError } from '../rpc/error.js';
import { SharedBytes } from './watch-bytes.js';
import { type FeedStep, WatchFeed, type WatchWish } from './watch-feed.js';

/** Those who watch a live host. */
export interface Watchers {
  /**
   * Serves one reader until it goes away.
   * @throws what stream.write throws; stream.signal.reason; CallError UNAVAILABLE when the agent stops
   */
  serve(wish: WatchWish, stream: FeedStream): Promise<never>;
  /** Ends all of them, so that they connect elsewhere or again. */
  stop(): void;
  readonly count: number;
}

/** How long readers are served at a stretch, in milliseconds; what one part costs comes on top. */
const BUDGET_MS = 1.5;

/** Most bytes that a reader is sent before it has taken them. */
const MOST_BYTES = 64 * 1024;

/** @param now milliseconds on a clock that never goes back */
export function createWatchers({ live, now }: { readonly live: LiveHost; readonly now: () => number }): Watchers {
  const hub = new Hub(live, now);
  const bytes = new SharedBytes(live);
  return {
    serve: (wish, stream) =>
      new Promise((_resolve, reject) => {
        const steps = new WatchFeed(live, wish, bytes.maker()).steps();
        const reader = new Reader(hub, steps, stream, (reason) => {
          hub.remove(reader);
          reject(reason instanceof Error ? reason : new Error(String(reason)));
        });
        hub.add(reader);
      }),
    stop: () => hub.stop(),
    get count() {
      return hub.count;
    },
  };
}

/** Gives readers their turns: those who wait when something has changed, those who are behind when they have taken what they were sent. */
class Hub {
  readonly #live: LiveHost;
  readonly now: () => number;
  readonly #readers = new Set<Reader>();
  readonly #waiting = new Set<Reader>();
  readonly #due = new Set<Reader>();
  #unsubscribe: (() => void) | undefined;
  #scheduled = false;
  #stopped = false;

  constructor(live: LiveHost, now: () => number) {
    this.#live = live;
    this.now = now;
  }

  get count(): number {
    return this.#readers.size;
  }

  add(reader: Reader): void {
    this.#readers.add(reader);
    if (this.#stopped) reader.fail(stopping());
    this.#unsubscribe ??= this.#live.subscribe(() => this.#changed());
    this.due(reader);
  }

  remove(reader: Reader): void {
    this.#readers.delete(reader);
    this.#waiting.delete(reader);
    this.#due.delete(reader);
    if (this.#readers.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  wait(reader: Reader): void {
    this.#waiting.add(reader);
  }

  /** It has its turn after the others. */
  due(reader: Reader): void {
    this.#due.add(reader);
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    for (const reader of [...this.#readers]) reader.fail(stopping());
  }

  #changed(): void {
    if (this.#waiting.size === 0) return;
    for (const reader of this.#waiting) this.#due.add(reader);
    this.#waiting.clear();
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Not later than what is running now has ended, and not in the midst of it.
    queueMicrotask(() => this.#serve());
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#serve());
  }

  #serve(): void {
    const until = this.now() + BUDGET_MS;
    this.#scheduled = false;
    for (const reader of this.#due) {
      this.#due.delete(reader);
      reader.run(until);
      if (this.now() >= until) break;
    }
    if (this.#due.size > 0) this.#schedule();
  }
}

function stopping(): CallError {
  return new CallError(status.UNAVAILABLE, 'the agent is stopping');
}

/** One stream. It is sent the next event when it has taken the last ones, and then only the newest state of things. */
class Reader {
  readonly #hub: Hub;
  readonly #steps: Iterator<FeedStep<Uint8Array>, never>;
  readonly #stream: FeedStream;
  readonly #onFail: (reason: unknown) => void;
  #over = false;

  constructor(hub: Hub, steps: Iterator<FeedStep<Uint8Array>, never>, stream: FeedStream, onFail: (reason: unknown) => void) {
    this.#hub = hub;
    this.#steps = steps;
    this.#stream = stream;
    this.#onFail = onFail;
    stream.signal.addEventListener('abort', () => this.fail(stream.signal.reason), { once: true });
  }

  fail(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#onFail(reason);
  }

  /** Never throws. @param until when the turn is over */
  run(until: number): void {
    if (this.#over) return;
    try {
      this.#send(until);
    } catch (cause) {
      this.fail(cause);
    }
  }

  #send(until: number): void {
    const messages: Uint8Array[] = [];
    let bytes = 0;
    let waits = false;
    while (!waits && bytes < MOST_BYTES) {
      const { value: step } = this.#steps.next();
      if (step === 'wait') waits = true;
      else if (step !== 'again') {
        const message = watchMessage(step.cursor, step.body);
        bytes += message.length;
        messages.push(message);
      }
      if (this.#hub.now() >= until) break;
    }
    if (messages.length > 0) {
      const taken = this.#stream.write(messages);
      taken.then(
        () => this.#again(false),
        (cause: unknown) => this.fail(cause),
      );
    } else this.#again(waits);
  }

  #again(waits: boolean): void {
    if (this.#over) return;
    if (waits) this.#hub.wait(this);
    else this.#hub.due(this);
  }
}
