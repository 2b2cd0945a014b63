/** One metric family. */
export interface Family {
  readonly name: string;
  /** One sentence without line breaks. */
  readonly help: string;
  readonly type: 'counter' | 'gauge';
}

/**
 * Families whose series have the same labels, with as many series as there are interfaces or namespaces. Values are absolute, as the kernel counts: the counters
 * of prom-client can only be added to, and rendering thousands of its series keeps the main thread for a tenth of a second (docs/decisions/0014-metrics.md).
 */
export class Sheet {
  readonly #families: readonly Family[];
  readonly #labels: string[] = [];
  /** Row by row, a value for each family. */
  readonly #values: (number | undefined)[] = [];

  constructor(families: readonly Family[]) {
    this.#families = families;
  }

  /** How many series each of whose rows makes. */
  get width(): number {
    return this.#families.length;
  }

  /**
   * @param labels as formatLabels() makes them; no two rows with the same
   * @param values one for each family; undefined: not known, so there is no series
   */
  add(labels: string, values: readonly (number | undefined)[]): void {
    this.#labels.push(labels);
    for (let at = 0; at < this.#families.length; at++) this.#values.push(values[at]);
  }

  /** The text format, in pieces of a line or two: between two of them other work can be done. */
  *text(): Generator<string> {
    for (const [column, { name, help, type }] of this.#families.entries()) {
      yield `# HELP ${name} ${help.replaceAll('\\', '\\\\')}\n# TYPE ${name} ${type}\n`;
      for (const [row, labels] of this.#labels.entries()) {
        const value = this.#values[row * this.#families.length + column];
        if (value !== undefined) yield `${name}${labels} ${formatValue(value)}\n`;
      }
    }
  }
}

function formatValue(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
