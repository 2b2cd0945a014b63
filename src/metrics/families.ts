// Defines a metric in one expression, for families with few series. Values are read at each scrape.
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

/** A gauge without labels, read at each scrape; undefined: unknown, so there is no series. */
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

/** A counter without labels that is counted elsewhere. */
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

/** A gauge with labels whose series are replaced at each scrape. Labels must be our own words, not untrusted text. */
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

/** A histogram that is counted elsewhere. */
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
    // prom-client's types want a number here, its code the string.
    const type = 'histogram' as unknown as MetricType;
    return { name, help, type, aggregator: 'sum', collect: () => undefined, values };
  }

  /** Rendering calls this instead of get() if a histogram has it. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return this.get();
  }
}
