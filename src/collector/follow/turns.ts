/** Schedules work, so that hundreds of streams share the one thread fairly and leave time for everything else. */
export interface Turns {
  /**
   * Resolves when it is the caller's turn: first come, first served. The turn lasts until the caller waits for something other than
   * promises that are settled already.
   */
  turn(): Promise<void>;
}

interface TurnsOptions {
  /** How long turns follow one another without a break, in milliseconds; 5. What the last one costs comes on top. */
  readonly budgetMs?: number;
  /** Milliseconds on a clock that never goes back; performance.now. */
  readonly now?: () => number;
}

/** Turns on this thread: some in a row, then a break in which sockets and timers are served. */
export function createTurns({ budgetMs = 5, now = () => performance.now() }: TurnsOptions = {}): Turns {
  const waiting: (() => void)[] = [];
  let running = false;
  let since = 0;

  const next = (): void => {
    const begin = waiting.shift();
    if (begin === undefined) {
      running = false;
      return;
    }
    begin();
    // The work runs in microtasks, which all come before the next tick that is asked for by one of them: then it is done.
    queueMicrotask(() => process.nextTick(pass));
  };
  const pass = (): void => {
    if (now() - since < budgetMs) next();
    else setImmediate(start);
  };
  const start = (): void => {
    since = now();
    next();
  };

  return {
    turn: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (running) return;
        running = true;
        setImmediate(start);
      }),
  };
}
