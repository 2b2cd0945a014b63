import { AgentError } from '../../client/error.js';
import { backoff, between, spread } from '../../text/backoff.js';
import { SessionError } from './agent-session.js';

/** Why a reachable agent is not used. Ends its stream; it is retried. The message is one line for people. */
export class Refusal extends Error {
  readonly code = 'ERR_NSATLAS_LINK_REFUSAL';
  /** When to retry. 'again': in a moment; 'later': in a while. */
  readonly retry: 'again' | 'later';

  constructor(message: string, retry: Refusal['retry'] = 'later') {
    super(message);
    this.name = 'Refusal';
    this.retry = retry;
  }
}

/** An agent was silent for too long. The message is one line for people. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  readonly code = 'ERR_NSATLAS_LINK_SILENT';
}

/** The first pause after a good stream, in milliseconds; it doubles with each failure. */
const FIRST_MS = 250;
/** A stream that was in sync this long was good, in milliseconds. */
const GOOD_MS = 5000;
/** The pause after a failure that a retry is unlikely to fix, in milliseconds. */
const SLOW = { least: 10_000, most: 30_000 } as const;

/** What may be over within a second. Anything else (a refused certificate, a malformed answer, another version) is not. */
const PASSING: ReadonlySet<string> = new Set([
  'ERR_NSATLAS_AGENT_UNREACHABLE',
  'ERR_NSATLAS_AGENT_TIMEOUT',
  'ERR_NSATLAS_AGENT_FAILED',
  'ERR_NSATLAS_SESSION_MOVED',
  'ERR_NSATLAS_LINK_SILENT',
]);

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
    const isKnown = cause instanceof AgentError || cause instanceof SessionError || cause instanceof SilenceError;
    if (!isKnown || !PASSING.has(cause.code)) return between(SLOW.least, SLOW.most, this.#random());
    if (liveMs >= GOOD_MS) this.#failures = 0;
    // Jitter, in case many agents ended together.
    return spread(backoff(this.#failures++, { firstMs: FIRST_MS, longestMs }), this.#random());
  }
}
