import { AgentError } from '../../client/error.js';
import { backoff, between, spread } from '../../text/backoff.js';
import { SessionError } from './agent-session.js';

/** Why an agent is not used that could be. Ends its stream; it is tried again. The message is one line for people. */
export class Refusal extends Error {
  readonly code = 'ERR_NSATLAS_LINK_REFUSAL';
  /** 'again': in a moment; 'later': in a while. */
  readonly retry: 'again' | 'later';

  constructor(message: string, retry: Refusal['retry'] = 'later') {
    super(message);
    this.name = 'Refusal';
    this.retry = retry;
  }
}

/** Nothing was heard of an agent for too long. The message is one line for people. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  readonly code = 'ERR_NSATLAS_LINK_SILENT';
}

/** The first pause after a stream that was good, in milliseconds; each further one is twice as long. */
const FIRST_MS = 250;
/** A stream that was in sync this long was a good one, in milliseconds. */
const GOOD_MS = 5000;
/** The pause after what another attempt will hardly change, in milliseconds. */
const SLOW = { least: 10_000, most: 30_000 } as const;

/** What may be over within a second. Anything else (a refused certificate, a malformed answer, another version) is not. */
const PASSING: ReadonlySet<string> = new Set([
  'ERR_NSATLAS_AGENT_UNREACHABLE',
  'ERR_NSATLAS_AGENT_TIMEOUT',
  'ERR_NSATLAS_AGENT_FAILED',
  'ERR_NSATLAS_SESSION_MOVED',
  'ERR_NSATLAS_LINK_SILENT',
]);

/** How long to wait between two attempts to follow an agent. */
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
    // Not all at once, where many agents ended together.
    return spread(backoff(this.#failures++, { firstMs: FIRST_MS, longestMs }), this.#random());
  }
}
