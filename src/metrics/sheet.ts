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
  readonly #rows: { readonly labels: string; readonly values: readonly (number | undefined)[] }[] = [];

  constructor(families: readonly Family[]) {
    this.#families = families;
  }

  /** How many series each of whose rows makes. */
  get width(): number {
    return this.#families.length;
  }

  /**
   * @param labels as formatLabels() makes them; no two rows with the same
   * @param values one for each family; undefined: not known, so there is no series. Not to be changed from then on
   */
  add(labels: string, values: readonly (number | undefined)[]): void {
    this.#rows.push({ labels, values });
  }

  /** The text format, in pieces of a line or two: between two of them other work can be done. */
  *text(): Generator<string> {
    for (const [column, { name, help, type }] of this.#families.entries()) {
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
