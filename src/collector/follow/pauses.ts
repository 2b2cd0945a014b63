import { backoff, between, spread } from '../../text/backoff.js';
import { isTransient, NsatlasError } from '../../text/error.js';

/** Why a reachable agent is not used. Ends its stream; it is retried. The message is one line for people. */
export class Refusal extends NsatlasError<'ERR_NSATLAS_SESSION_UNUSED'> {
  /** When to retry. 'again': in a moment; 'later': in a while. */
  readonly retry: 'again' | 'later';

  constructor(message: string, retry: Refusal['retry'] = 'later') {
    super('ERR_NSATLAS_SESSION_UNUSED', message);
    this.retry = retry;
  }
}

/** An agent was silent for too long. The message is one line for people. */
export class SilenceError extends NsatlasError<'ERR_NSATLAS_SESSION_SILENT'> {}

/** The first pause after a good stream, in milliseconds; it doubles with each failure. */
const FIRST_MS = 250;
/** A stream that was in sync this long was good, in milliseconds. */
const GOOD_MS = 5000;
/** The pause after a failure that a retry is unlikely to fix, in milliseconds. */
const SLOW = { least: 10_000, most: 30_000 } as const;

/** The delays between attempts to follow an agent. */
export class Pauses {
  readonly #random: () => number;
  #failures = 0;

  /** @param random from 0 to 1, as Math.random */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * The pause after a stream that ended, in milliseconds.
   * @param cause what it ended with
   * @param stream.liveMs how long it was in sync; stream.longestMs: of a pause after a failure that may pass
   */
  after(cause: unknown, { liveMs, longestMs }: { readonly liveMs: number; readonly longestMs: number }): number {
    if (cause instanceof Refusal && cause.retry === 'again') return spread(FIRST_MS, this.#random());
    if (!isTransient(cause)) return between(SLOW.least, SLOW.most, this.#random());
    if (liveMs >= GOOD_MS) this.#failures = 0;
    // Jitter, in case many agents ended together.
    return spread(backoff(this.#failures++, { firstMs: FIRST_MS, longestMs }), this.#random());
  }
}
