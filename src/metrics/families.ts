// Ways to say a metric in one expression, for families with few series. Values come from whoever is asked at the scrape.
import {
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricType,
  type MetricValueWithName,
  type Registry,
} from 'prom-client';
import type { Durations } from '../live/stats.js';

/** Name and help of a family. */
export interface Naming {
  readonly name: string;
  readonly help: string;
}

/** A gauge without labels that is asked at each scrape; undefined: not known, so there is no series. */
export function askedGauge(registry: Registry, naming: Naming, value: () => number | undefined): void {
  new Gauge({
    ...naming,
    registers: [registry],
    collect() {
      const now = value();
      if (now === undefined) this.remove();
      else this.set(now);
    },
  });
}

/** A counter without labels that somebody else counts. */
export function askedCounter(registry: Registry, naming: Naming, value: () => number): void {
  new Counter({
    ...naming,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(value());
    },
  });
}

/** A gauge with labels whose series are all told at each scrape; one that is not told any more is gone. Labels are words of ours, not of strangers. */
export function askedGauges<Label extends string>(
  registry: Registry,
  naming: Naming & { readonly labelNames: readonly Label[] },
  values: () => Iterable<readonly [labels: Record<Label, string>, value: number]>,
): void {
  new Gauge<Label>({
    ...naming,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of values()) this.set(labels, value);
    },
  });
}

/** A histogram that somebody else counts. */
export function askedHistogram(registry: Registry, naming: Naming, durations: () => Durations): void {
  new AskedHistogram(registry, naming, durations);
}

class AskedHistogram extends Histogram {
  readonly #naming: Naming;
  readonly #durations: () => Durations;

  constructor(registry: Registry, naming: Naming, durations: () => Durations) {
    super({ ...naming, registers: [registry] });
    this.#naming = naming;
    this.#durations = durations;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { name, help } = this.#naming;
    const { bounds, counts, sum } = this.#durations();
    const values: MetricValueWithName<string>[] = [];
    let total = 0;
    for (const [at, count] of counts.entries()) {
      total += count;
      values.push({ metricName: `${name}_bucket`, labels: { le: bounds[at] ?? '+Inf' }, value: total });
    }
    values.push({ metricName: `${name}_sum`, labels: {}, value: sum }, { metricName: `${name}_count`, labels: {}, value: total });
    // prom-client's types have a number here, and its code the word.
    const type = 'histogram' as unknown as MetricType;
    return { name, help, type, aggregator: 'sum', collect: () => undefined, values };
  }

  /** What rendering takes instead of get(), where a histogram has it. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return this.get();
  }
}
