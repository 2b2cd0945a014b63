import { EngineError } from './error.js';

/** A round of queries may take so many time limits, as long as the engine keeps answering. */
const ROUND_LIMITS = 5;

/**
 * If an engine has answered nothing for this part of a time limit when a query times out, the engine itself hangs.
 * Queries in flight then get as much time again.
 */
const GRACE = 0.25;

/**
 * How long one engine may take for one round of queries. An engine that answers may take up to five
 * time limits, even if single queries hang. Once a query got no answer for a full time limit and nothing
 * else was answered either, no more queries are sent, and those in flight have a moment to finish. So an engine that
 * hangs costs one time limit, not one for each query.
 */
export class Patience {
  readonly #socket: string;
  readonly #limitMs: number;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly #end: number;
  readonly #controller = new AbortController();
  #spent = false;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #grace: NodeJS.Timeout | undefined;

  constructor(socket: string, limitMs: number, now: () => number, closed?: AbortSignal) {
    this.#socket = socket;
    this.#limitMs = limitMs;
    this.now = now;
    this.#end = now() + limitMs * ROUND_LIMITS;
    if (closed?.aborted === true) this.#controller.abort(closed.reason);
    closed?.addEventListener('abort', () => this.#controller.abort(closed.reason), { signal: this.#controller.signal });
  }

  /** Ends what is on its way when patience is at its end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * How long the next question may take, in milliseconds.
   * @throws EngineError ERR_NSATLAS_ENGINE_NOT_ASKED when it should not be asked any more
   */
  allow(operation: string): number {
    const left = this.#end - this.now();
    if (this.#spent || left <= 0) throw this.#notAsked(operation);
    return Math.min(this.#limitMs, left);
  }

  /** Records a query that was answered, if only with a refusal. */
  answered(): void {
    this.#answeredAt = this.now();
  }

  /** Records a query that failed. */
  failed(error: unknown): void {
    if (this.#spent || !(error instanceof EngineError) || error.code !== 'ERR_NSATLAS_ENGINE_TIMEOUT') return;
    if (this.now() - this.#answeredAt < this.#limitMs * GRACE) return;
    this.#spent = true;
    this.#grace = setTimeout(() => this.#controller.abort(this.#notAsked(error.operation)), this.#limitMs * GRACE);
  }

  /** The round is over. */
  end(): void {
    clearTimeout(this.#grace);
    // Lets go of the listener on the signal that was handed in.
    this.#controller.abort();
  }

  #notAsked(operation: string): EngineError {
    const what = 'not queried, because the engine had used up its time';
    return new EngineError({ socket: this.#socket, operation }, 'ERR_NSATLAS_ENGINE_NOT_ASKED', what);
  }
}
