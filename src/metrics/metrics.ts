import { Registry } from 'prom-client';
import type { Log } from '../rpc/types.js';
import { addCallMetrics, type CallMetrics } from './calls.js';
import { Asked } from './families.js';
import { addProcessMetrics } from './process.js';
import { type MetricSource, type Scrape, SeriesBudget, Slices } from './scrape.js';
import type { Sheet } from './sheet.js';

/** Options of Metrics. */
export interface MetricsOptions {
  /** Of this program. */
  readonly version: string;
  readonly log: Log;
  /** Limit for series of items that can be very many; 20,000. */
  readonly seriesLimit?: number;
  /** How long a scrape may take, in milliseconds, before it returns what it has; 8,000. */
  readonly limitMs?: number;
  /** Milliseconds on a clock that never goes back; performance.now. */
  readonly now?: () => number;
}

/** How long a text is reused, so that simultaneous scrapers share one read. */
const KEEP_MS = 1000;
/** Approximate size of a piece, in bytes. */
const PIECE_BYTES = 64 * 1024;

const HELP = {
  nsatlas_build_info: 'Version of nsatlas and of Node; always 1.',
  nsatlas_collect_success: 'Whether a source of metrics could be collected completely: 1, else 0.',
  nsatlas_collect_duration_seconds: 'Duration of collecting a source of metrics for this scrape.',
  nsatlas_series_dropped: 'Series that this scrape omits because of --metrics-series-limit.',
} as const;

/** All metrics of this process, with a registry of their own. */
export class Metrics {
  /** For metrics that are set directly; sources collect the others. */
  readonly registry = new Registry();
  /** For servers. */
  readonly calls: CallMetrics;
  readonly #options: MetricsOptions;
  readonly #now: () => number;
  readonly #sources: MetricSource[] = [];
  readonly #endProcessMetrics: () => void;
  /** How the last collection of each source went, by its name. */
  readonly #outcomes = new Map<string, { readonly problem: string | undefined; readonly seconds: number }>();
  #dropped: ReadonlyMap<string, number> = new Map();
  #last: Promise<readonly Uint8Array[]> | undefined;
  #isRunning = false;
  #startedAt = Number.NEGATIVE_INFINITY;
  #forget: NodeJS.Timeout | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    const { registry } = this;
    const { version } = options;
    const asked = new Asked(registry, HELP);
    asked.gauges('nsatlas_build_info', ['version', 'node'], () => [[{ version, node: process.version }, 1]]);
    asked.gauges('nsatlas_collect_success', ['source'], () =>
      [...this.#outcomes].map(([source, { problem }]) => [{ source }, Number(problem === undefined)]),
    );
    asked.gauges('nsatlas_collect_duration_seconds', ['source'], () =>
      [...this.#outcomes].map(([source, { seconds }]) => [{ source }, seconds]),
    );
    asked.gauges('nsatlas_series_dropped', ['scope'], () => [...this.#dropped].map(([scope, series]) => [{ scope }, series]));
    this.calls = addCallMetrics(registry);
    this.#endProcessMetrics = addProcessMetrics(registry);
  }

  /** Adds a source; in the order in which they share the limit on series. */
  add(source: MetricSource): void {
    this.#sources.push(source);
  }

  /**
   * The text format, in pieces. One scrape at a time: callers that arrive while it runs, or within a second of its start, get the same text.
   * Never rejects because a source failed: that is a metric.
   */
  render(): Promise<readonly Uint8Array[]> {
    const now = this.#now();
    if (this.#last !== undefined && (this.#isRunning || now - this.#startedAt < KEEP_MS)) return this.#last;
    this.#startedAt = now;
    this.#isRunning = true;
    clearTimeout(this.#forget);
    this.#last = this.#render().finally(() => {
      this.#isRunning = false;
      // It may be megabytes, and it will not be used again.
      this.#forget = setTimeout(() => (this.#last = undefined), KEEP_MS).unref();
    });
    return this.#last;
  }

  /** Stops all measurements. */
  close(): void {
    clearTimeout(this.#forget);
    this.#last = undefined;
    this.#endProcessMetrics();
  }

  async #render(): Promise<readonly Uint8Array[]> {
    const { seriesLimit = 20_000, limitMs = 8000 } = this.#options;
    const slices = new Slices(this.#now);
    const scrape: Scrape = { signal: AbortSignal.timeout(limitMs), slices, budget: new SeriesBudget(seriesLimit) };
    const sheets: Sheet[] = [];
    for (const source of this.#sources) sheets.push(...(await this.#collect(source, scrape)));
    this.#dropped = scrape.budget.dropped;
    const pieces = new Pieces();
    for (const { name } of this.registry.getMetricsAsArray()) {
      pieces.add(`${await this.registry.getSingleMetricAsString(name)}\n`);
      if (slices.areDue) await slices.rest();
    }
    for (const sheet of sheets) {
      for (const text of sheet.text()) {
        pieces.add(text);
        if (slices.areDue) await slices.rest();
      }
    }
    return pieces.end();
  }

  async #collect(source: MetricSource, scrape: Scrape): Promise<readonly Sheet[]> {
    const began = this.#now();
    let sheets: readonly Sheet[] = [];
    let problem: Error | undefined;
    try {
      ({ sheets, problem } = await source.collect(scrape));
    } catch (cause) {
      problem = cause instanceof Error ? cause : new Error(String(cause));
    }
    const before = this.#outcomes.get(source.name)?.problem;
    this.#outcomes.set(source.name, { problem: problem?.message, seconds: (this.#now() - began) / 1000 });
    if (problem !== undefined && problem.message !== before)
      this.#options.log.warn({ source: source.name, err: problem }, 'metrics are incomplete');
    return sheets;
  }
}

/** Encodes text to bytes piece by piece: as one string, it would block the event loop and exist twice. */
class Pieces {
  readonly #pieces: Uint8Array[] = [];
  #piece = Buffer.allocUnsafe(PIECE_BYTES);
  #used = 0;

  add(text: string): void {
    // UTF-8 needs at most three bytes per UTF-16 code unit.
    if (text.length * 3 > this.#piece.length - this.#used) this.#flush();
    if (text.length * 3 > PIECE_BYTES) this.#pieces.push(Buffer.from(text));
    else this.#used += this.#piece.write(text, this.#used);
  }

  end(): readonly Uint8Array[] {
    this.#flush();
    return this.#pieces;
  }

  #flush(): void {
    if (this.#used > 0) this.#pieces.push(this.#piece.subarray(0, this.#used));
    this.#piece = Buffer.allocUnsafe(PIECE_BYTES);
    this.#used = 0;
  }
}
