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

/** Defines metrics in one expression each, for families with few series. Values are asked for at each scrape. */
export class Asked<Name extends string> {
  readonly #registry: Registry;
  readonly #help: Readonly<Record<Name, string>>;

  /** @param help of each family, by its name */
  constructor(registry: Registry, help: Readonly<Record<Name, string>>) {
    this.#registry = registry;
    this.#help = help;
  }

  /** A gauge without labels; undefined: unknown, so there is no series. */
  gauge(name: Name, value: () => number | undefined): void {
    new Gauge({
      ...this.#naming(name),
      collect() {
        const now = value();
        if (now === undefined) this.remove();
        else this.set(now);
      },
    });
  }

  /** A counter without labels that is counted elsewhere. */
  counter(name: Name, value: () => number): void {
    new Counter({
      ...this.#naming(name),
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  }

  /** A gauge with labels whose series are replaced at each scrape. Labels must be our own words, not untrusted text. */
  gauges<Label extends string>(
    name: Name,
    labelNames: readonly Label[],
    values: () => Iterable<readonly [labels: Record<Label, string>, value: number]>,
  ): void {
    new Gauge<Label>({
      ...this.#naming(name),
      labelNames,
      collect() {
        this.reset();
        for (const [labels, value] of values()) this.set(labels, value);
      },
    });
  }

  /** A histogram that is counted elsewhere. */
  histogram(name: Name, durations: () => Durations): void {
    new AskedHistogram(this.#naming(name), durations);
  }

  #naming(name: Name): Naming {
    return { name, help: this.#help[name], registers: [this.#registry] };
  }
}

interface Naming {
  readonly name: string;
  readonly help: string;
  readonly registers: Registry[];
}

class AskedHistogram extends Histogram {
  readonly #naming: Naming;
  readonly #durations: () => Durations;

  constructor(naming: Naming, durations: () => Durations) {
    super(naming);
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
