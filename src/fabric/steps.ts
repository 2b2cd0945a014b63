/** Work between two yields, in steps of about a microsecond. */
const STEPS = 500;

/** Nothing that is told: a place where other work can be done. */
export type Breath = readonly never[];

/** What is given at such a place. */
export const BREATH: Breath = [];

/** Work that is done in small stretches: it yields nothing but places where other work can be done. */
export type Work<Result> = Generator<Breath, Result, undefined>;

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
