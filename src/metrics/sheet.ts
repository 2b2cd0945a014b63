/**
 * Families whose series have the same labels, one for each interface or namespace. Values are absolute, as counted by the kernel: the counters
 * of prom-client can only be incremented, and rendering thousands of its series blocks the main thread for a tenth of a second (docs/decisions/0014-metrics.md).
 */
export class Sheet {
  readonly #families: readonly (readonly [name: string, help: string])[];
  readonly #rows: { readonly labels: string; readonly values: readonly (number | undefined)[] }[] = [];

  /** @param families by name, each with its help, one sentence without line breaks. A name that ends with _total is a counter's, others are gauges' */
  constructor(families: Readonly<Record<string, string>>) {
    this.#families = Object.entries(families);
  }

  /** Number of series of each row. */
  get width(): number {
    return this.#families.length;
  }

  /**
   * @param labels from formatLabels(); unique
   * @param values one for each family; undefined: unknown, so there is no series. The caller must not change them later
   */
  add(labels: string, values: readonly (number | undefined)[]): void {
    this.#rows.push({ labels, values });
  }

  /** The text format, in pieces of a line or two: other work can be done between two of them. */
  *text(): Generator<string> {
    for (const [column, [name, help]] of this.#families.entries()) {
      const type = name.endsWith('_total') ? 'counter' : 'gauge';
      yield `# HELP ${name} ${help.replaceAll('\\', '\\\\')}\n# TYPE ${name} ${type}\n`;
      for (const { labels, values } of this.#rows) {
        const value = values[column];
        if (value !== undefined) yield `${name}${labels} ${formatValue(value)}\n`;
      }
    }
  }
}

function formatValue(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
