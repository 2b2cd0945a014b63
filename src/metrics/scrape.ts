import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sheet } from './sheet.js';

/** Milliseconds of uninterrupted work: the rest of the process waits no longer for a scrape. */
const BUDGET_MS = 3;

/** Yields to other work now and then: `if (slices.areDue) await slices.rest();` */
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

/** Counts series against a limit: first come, first served; dropped series are counted. */
export class SeriesBudget {
  readonly #dropped = new Map<string, number>();
  #left: number;

  /** @param limit for the series of all scopes together */
  constructor(limit: number) {
    this.#left = limit;
  }

  /** Whether so many more series of a scope ("interfaces") fit. */
  take(scope: string, series: number): boolean {
    const dropped = this.#dropped.get(scope) ?? 0;
    const fits = series <= this.#left;
    if (fits) this.#left -= series;
    else this.#left = 0;
    this.#dropped.set(scope, fits ? dropped : dropped + series);
    return fits;
  }

  /** Dropped series by scope; 0 for a scope without any. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped;
  }
}

/** One scrape, from the point of view of a source. */
export interface Scrape {
  /** Aborted when the scrape takes too long. */
  readonly signal: AbortSignal;
  readonly slices: Slices;
  readonly budget: SeriesBudget;
}

/** What a source returns for one scrape. */
export interface Collected {
  readonly sheets: readonly Sheet[];
  /** Why it is incomplete or out of date. */
  readonly problem?: Error;
}

/** A source of metrics: sets metrics in the registry that it was created with, and returns sheets. */
export interface MetricSource {
  /** Value of the label `source` in the metrics about collecting. */
  readonly name: string;
  /** @throws whatever prevents it from collecting anything */
  collect(scrape: Scrape): Promise<Collected>;
}
