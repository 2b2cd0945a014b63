/** One metric family. */
export interface Family {
  readonly name: string;
  /** One sentence without line breaks. */
  readonly help: string;
  readonly type: 'counter' | 'gauge';
}

/**
 * Families whose series have the same labels, one for each interface or namespace. Values are absolute, as counted by the kernel: the counters
 * of prom-client can only be incremented, and rendering thousands of its series blocks the main thread for a tenth of a second (docs/decisions/0014-metrics.md).
 */
export class Sheet {
  readonly #families: readonly Family[];
  readonly #rows: { readonly labels: string; readonly values: readonly (number | undefined)[] }[] = [];

  constructor(families: readonly Family[]) {
    this.#families = families;
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
