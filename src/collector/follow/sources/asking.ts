import type { Clock } from '../clock.js';
import type { Following } from './types.js';

/**
 * Asks again and again, each time when the answer before has come and a pause has passed.
 * @param ask must not reject; what it finds after the signal was aborted is to be dropped
 */
export function askAgain(ask: (signal: AbortSignal) => Promise<void>, pauseMs: () => number, clock: Clock): Following {
  const controller = new AbortController();
  const { signal } = controller;
  let cancel: (() => void) | undefined;
  const round = async (): Promise<void> => {
    await ask(signal);
    if (!signal.aborted) cancel = clock.after(pauseMs(), () => void round());
  };
  void round();
  return {
    close: () => {
      cancel?.();
      controller.abort();
    },
  };
}

/** What went wrong, in a line. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
