/** Time as the collector's parts see it, so that tests can be faster than it. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Unix time in milliseconds. */
  date(): number;
  /** Calls back once. Does not keep the process running. Returns what calls it off. */
  after(ms: number, run: () => void): () => void;
}

/** The machine's own. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};
