import { Gauge, Registry } from 'prom-client';
import type { Log } from '../rpc/types.js';
import { addCallMetrics, type CallMetrics } from './calls.js';
import { askedGauges } from './families.js';
import { addProcessMetrics } from './process.js';
import { type MetricSource, type Scrape, SeriesBudget, Slices } from './scrape.js';
import type { Sheet } from './sheet.js';

/** Options of createMetrics(). */
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

/** All metrics of a process. */
export interface Metrics {
  /** For metrics that are set directly; sources collect the others. */
  readonly registry: Registry;
  /** For servers. */
  readonly calls: CallMetrics;
  /** Adds a source; in the order in which they share the limit on series. */
  add(source: MetricSource): void;
  /**
   * The text format, in pieces. One scrape at a time: callers that arrive while it runs, or within a second of its start, get the same text.
   * Never rejects because a source failed: that is a metric.
   */
  render(): Promise<readonly Uint8Array[]>;
  /** Stops all measurements. */
  close(): void;
}

/** Default limit for series. */
export const DEFAULT_SERIES_LIMIT = 20_000;
/** How long a text is reused, so that simultaneous scrapers share one read. */
const KEEP_MS = 1000;
/** Approximate size of a piece, in bytes. */
const PIECE_BYTES = 64 * 1024;

/** Metrics of this process, with a registry of their own. */
export function createMetrics(options: MetricsOptions): Metrics {
  return new ProcessMetrics(options);
}

class ProcessMetrics implements Metrics {
  readonly registry = new Registry();
  readonly calls: CallMetrics;
  readonly #options: MetricsOptions;
  readonly #now: () => number;
  readonly #sources: MetricSource[] = [];
  readonly #endProcessMetrics: () => void;
  readonly #success: Gauge<'source'>;
  readonly #duration: Gauge<'source'>;
  /** Last problem logged of each source, so that it is logged once. */
  readonly #problems = new Map<string, string>();
  #dropped: ReadonlyMap<string, number> = new Map();
  #last: Promise<readonly Uint8Array[]> | undefined;
  #isRunning = false;
  #startedAt = Number.NEGATIVE_INFINITY;
  #forget: NodeJS.Timeout | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    const { registry } = this;
    const registers = [registry];
    const { version } = options;
    const build = { name: 'nsatlas_build_info', help: 'Version of nsatlas and of Node; always 1.' };
    new Gauge({ ...build, labelNames: ['version', 'node'], registers }).set({ version, node: process.version }, 1);
    const success = {
      name: 'nsatlas_collect_success',
      help: 'Whether a source of metrics could be collected completely: 1, else 0.',
    };
    this.#success = new Gauge({ ...success, labelNames: ['source'], registers });
    const duration = {
      name: 'nsatlas_collect_duration_seconds',
      help: 'Duration of collecting a source of metrics for this scrape.',
    };
    this.#duration = new Gauge({ ...duration, labelNames: ['source'], registers });
    askedGauges(
      registry,
      {
        name: 'nsatlas_series_dropped',
        help: 'Series that this scrape omits because of --metrics-series-limit.',
        labelNames: ['scope'],
      },
      () => [...this.#dropped].map(([scope, series]) => [{ scope }, series] as const),
    );
    this.calls = addCallMetrics(registry);
    this.#endProcessMetrics = addProcessMetrics(registry);
  }

  add(source: MetricSource): void {
    this.#sources.push(source);
  }

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

  close(): void {
    clearTimeout(this.#forget);
    this.#last = undefined;
    this.#endProcessMetrics();
  }

  async #render(): Promise<readonly Uint8Array[]> {
    const { seriesLimit = DEFAULT_SERIES_LIMIT, limitMs = 8000 } = this.#options;
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
    this.#success.set({ source: source.name }, problem === undefined ? 1 : 0);
    this.#duration.set({ source: source.name }, (this.#now() - began) / 1000);
    const before = this.#problems.get(source.name);
    if (problem === undefined) this.#problems.delete(source.name);
    else {
      this.#problems.set(source.name, problem.message);
      if (problem.message !== before) this.#options.log.warn({ source: source.name, err: problem }, 'metrics are incomplete');
    }
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
