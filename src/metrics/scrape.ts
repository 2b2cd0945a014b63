import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sheet } from './sheet.js';

/** Milliseconds of work at a stretch: what else the process does waits no longer for a scrape. */
const BUDGET_MS = 3;

/** Lets others work now and then: `if (slices.areDue) await slices.rest();` */
export class Slices {
  readonly #now: () => number;
  #since: number;

  /** @param now milliseconds on a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  get areDue(): boolean {
    return this.#now() - this.#since >= BUDGET_MS;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.#since = this.#now();
  }
}

/** Counts series against a limit: whoever asks first gets them, and what is left out is counted. */
export class SeriesBudget {
  readonly #dropped = new Map<string, number>();
  #left: number;

  /** @param limit most series of all scopes together */
  constructor(limit: number) {
    this.#left = limit;
  }

  /** Whether so many series of a scope ("interfaces") may be told. */
  take(scope: string, series: number): boolean {
    const dropped = this.#dropped.get(scope) ?? 0;
    const fits = series <= this.#left;
    if (fits) this.#left -= series;
    else this.#left = 0;
    this.#dropped.set(scope, fits ? dropped : dropped + series);
    return fits;
  }

  /** Series that were left out, by scope; 0 for a scope of which none was. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped;
  }
}

/** What a source has to do with while it collects. */
export interface Scrape {
  /** Aborted when the scrape takes too long. */
  readonly signal: AbortSignal;
  readonly slices: Slices;
  readonly budget: SeriesBudget;
}

/** What a source tells of one scrape. */
export interface Collected {
  readonly sheets: readonly Sheet[];
  /** Why it is not all, or not fresh. */
  readonly problem?: Error;
}

/** Something that is measured: sets metrics of the registry that it was made with, and gives sheets. */
export interface MetricSource {
  /** Value of the label `source` of the metrics about collecting. */
  readonly name: string;
  /** @throws whatever keeps it from telling anything */
  collect(scrape: Scrape): Promise<Collected>;
}
