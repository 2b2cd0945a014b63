/** Work between two yields, in steps of about a microsecond. */
const STEPS = 500;

/** No value: a place where other work can be done. */
export type Breath = readonly never[];

/** What is yielded at such a place. */
export const BREATH: Breath = [];

/** Work in slices of about a millisecond: it yields nothing but places where other work can be done. */
export type Work<Result> = Generator<Breath, Result, undefined>;

/** Does work in one go, where nothing else waits. */
export function finish<Result>(work: Generator<unknown, Result, undefined>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Counts the work that was done, so that it is interrupted often without a clock. */
export class Steps {
  #left = STEPS;

  /** Whether enough was done since the last time that it was. @param steps about a microsecond each */
  spent(steps = 1): boolean {
    this.#left -= steps;
    if (this.#left > 0) return false;
    this.#left = STEPS;
    return true;
  }
}
