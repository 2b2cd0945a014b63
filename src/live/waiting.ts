import { duration } from '../text/duration.js';
import { LiveError } from './types.js';

/** Waits for conditions that become true as work goes on. */
export class Waiting {
  readonly #waiters = new Set<{ holds: () => boolean; resolve: () => void; reject: (reason: unknown) => void }>();

  /** Looks at all conditions again. */
  check(): void {
    for (const waiter of [...this.#waiters]) {
      if (!waiter.holds()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Rejects all waiters. */
  fail(reason: unknown): void {
    for (const { reject } of this.#waiters) reject(reason);
    this.#waiters.clear();
  }

  /**
   * Resolves when the condition holds.
   * @throws signal.reason; LiveError when that takes longer than `limitMs`, which may be Infinity
   */
  async until(holds: () => boolean, signal: AbortSignal, limitMs: number): Promise<void> {
    signal.throwIfAborted();
    if (holds()) return;
    let timer: NodeJS.Timeout | undefined;
    let waiter: { holds: () => boolean; resolve: () => void; reject: (reason: unknown) => void } | undefined;
    let abort = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        waiter = { holds, resolve, reject };
        this.#waiters.add(waiter);
        abort = () => reject(signal.reason as Error);
        signal.addEventListener('abort', abort, { once: true });
        const late = `reading this host has not ended within ${duration(limitMs)}`;
        if (limitMs < Infinity) timer = setTimeout(() => reject(new LiveError('ERR_NSATLAS_READ_TIMEOUT', late)), limitMs);
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (waiter !== undefined) this.#waiters.delete(waiter);
    }
  }
}
