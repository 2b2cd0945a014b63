import type { FeedStream } from '../rpc/calls.js';
import { CallError } from '../rpc/error.js';

/** A message to be sent; 'again' if a piece of work produced none; 'wait' if everything was sent: continue after the next change. */
export type HubStep = Uint8Array | 'again' | 'wait';

/** A message for a reader that is in sync, so that it can detect silence. */
export interface Heartbeat {
  /** Milliseconds without a message after which one is sent; 0: never. */
  readonly everyMs: number;
  /** The message; undefined before there is one. */
  mark(): Uint8Array | undefined;
}

interface HubOptions {
  /** The listener is called after each change. @returns unsubscribes */
  readonly subscribe: (listener: () => void) => () => void;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** What is stopping when it stops: "agent", "collector". */
  readonly who: string;
  /**
   * How long readers are served at a stretch, in milliseconds; 1.5. What one part costs comes on top. They get as much time as everything else
   * took since the last stretch when that is more, but at most `mostMs`.
   */
  readonly budgetMs?: number;
  readonly mostMs?: number;
  /**
   * Whether changes of one turn of the event loop are sent together, after it; false: each change is sent as soon as the work that caused it
   * has ended. Together costs a fraction if changes come from many hosts.
   */
  readonly together?: boolean;
}

/** Of an agent: it must not keep the kernel's events waiting. */
const BUDGET_MS = 1.5;

/** Most bytes that a reader is sent at once. What one message has comes on top. */
const MOST_BYTES = 64 * 1024;

/** Batches on the way to a reader: more than one, so that neither side waits for the other. */
const MOST_ON_THE_WAY = 2;

/** Shortest interval of heartbeats, in milliseconds; shorter requests get this. */
const MIN_HEARTBEAT_MS = 500;

/**
 * The watchers of something. Gives readers their turns: those who wait when something has changed, those who are behind when they have taken what
 * they were sent.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly now: () => number;
  readonly #readers = new Set<Reader>();
  readonly #waiting = new Set<Reader>();
  readonly #due = new Set<Reader>();
  #unsubscribe: (() => void) | undefined;
  #scheduled = false;
  /** When the last stretch ended. */
  #servedAt = 0;
  #stopped = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.now = options.now;
  }

  get count(): number {
    return this.#readers.size;
  }

  /**
   * Sends the messages of the steps, as fast as the reader takes them, until it goes away.
   * @throws what stream.write throws; stream.signal.reason; CallError ERR_NSATLAS_STOPPING when it stops
   */
  serve(steps: Iterator<HubStep, never>, stream: FeedStream, heartbeat: Heartbeat): Promise<never> {
    return new Promise((_resolve, reject) => {
      const onFail = (reason: unknown): void => {
        this.#remove(reader);
        reject(reason instanceof Error ? reason : new Error(String(reason)));
      };
      const reader = new Reader(this, steps, { stream, heartbeat, onFail });
      this.#add(reader);
    });
  }

  /** Ends all of them, so that they reconnect, here or elsewhere. */
  stop(): void {
    this.#stopped = true;
    for (const reader of [...this.#readers]) reader.fail(this.#stopping());
  }

  #add(reader: Reader): void {
    this.#readers.add(reader);
    if (this.#stopped) reader.fail(this.#stopping());
    this.#unsubscribe ??= this.#options.subscribe(() => this.#changed());
    this.due(reader);
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    this.#waiting.delete(reader);
    this.#due.delete(reader);
    if (this.#readers.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** Its turn comes with the next change. */
  wait(reader: Reader): void {
    this.#waiting.add(reader);
  }

  /** It has its turn after the others. */
  due(reader: Reader): void {
    this.#due.add(reader);
    this.#schedule();
  }

  #stopping(): CallError {
    return new CallError('ERR_NSATLAS_STOPPING', `the ${this.#options.who} is stopping`);
  }

  #changed(): void {
    if (this.#waiting.size === 0) return;
    for (const reader of this.#waiting) this.#due.add(reader);
    this.#waiting.clear();
    if (this.#options.together === true) {
      this.#schedule();
      return;
    }
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
    const { budgetMs = BUDGET_MS, mostMs = budgetMs } = this.#options;
    const begin = this.now();
    const until = begin + Math.max(budgetMs, Math.min(mostMs, begin - this.#servedAt));
    this.#scheduled = false;
    for (const reader of this.#due) {
      this.#due.delete(reader);
      reader.run(until);
      if (this.now() >= until) break;
    }
    this.#servedAt = this.now();
    if (this.#due.size > 0) this.#schedule();
  }
}

/** One stream. It gets the next events when it has taken earlier ones, and then only the latest state. */
class Reader {
  readonly #hub: Hub;
  readonly #steps: Iterator<HubStep, never>;
  readonly #stream: FeedStream;
  readonly #heartbeat: Heartbeat;
  readonly #onFail: (reason: unknown) => void;
  /** Whether everything was sent. */
  #waits = false;
  /** Batches of messages that were sent and not taken yet. */
  #onTheWay = 0;
  #sentAt: number;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(
    hub: Hub,
    steps: Iterator<HubStep, never>,
    { stream, heartbeat, onFail }: { stream: FeedStream; heartbeat: Heartbeat; onFail: (reason: unknown) => void },
  ) {
    this.#hub = hub;
    this.#steps = steps;
    this.#stream = stream;
    this.#heartbeat = heartbeat;
    this.#onFail = onFail;
    this.#sentAt = hub.now();
    stream.signal.addEventListener('abort', () => this.fail(stream.signal.reason), { once: true });
    if (heartbeat.everyMs > 0) this.#beatIn(Math.max(heartbeat.everyMs, MIN_HEARTBEAT_MS));
  }

  fail(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
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
    this.#waits = false;
    const messages: Uint8Array[] = [];
    let bytes = 0;
    let waits = false;
    while (!waits && bytes < MOST_BYTES) {
      const { value: step } = this.#steps.next();
      if (step === 'wait') waits = true;
      else if (step !== 'again') {
        bytes += step.length;
        messages.push(step);
      }
      if (this.#hub.now() >= until) break;
    }
    if (messages.length > 0) this.#write(messages);
    this.#again(waits);
  }

  #write(messages: readonly Uint8Array[]): void {
    this.#sentAt = this.#hub.now();
    this.#onTheWay++;
    this.#stream.write(messages).then(
      () => this.#taken(),
      (cause: unknown) => this.fail(cause),
    );
  }

  #taken(): void {
    if (this.#onTheWay-- === MOST_ON_THE_WAY) this.#again(false);
  }

  /** While too much is on the way it is neither due nor waiting: it goes on when something was taken. */
  #again(waits: boolean): void {
    if (this.#over || this.#onTheWay >= MOST_ON_THE_WAY) return;
    this.#waits = waits;
    if (waits) this.#hub.wait(this);
    else this.#hub.due(this);
  }

  /** Only a reader that is in sync gets a mark: one that is behind receives messages anyway. */
  #beatIn(ms: number): void {
    this.#timer = setTimeout(() => {
      const everyMs = Math.max(this.#heartbeat.everyMs, MIN_HEARTBEAT_MS);
      const quietMs = this.#hub.now() - this.#sentAt;
      const due = this.#waits && this.#onTheWay === 0 && quietMs >= everyMs;
      if (due) this.#mark();
      if (!this.#over) this.#beatIn(due || quietMs >= everyMs ? everyMs : everyMs - quietMs);
    }, ms);
    this.#timer.unref();
  }

  #mark(): void {
    try {
      const message = this.#heartbeat.mark();
      if (message === undefined) return;
      this.#write([message]);
    } catch (cause) {
      this.fail(cause);
    }
  }
}
