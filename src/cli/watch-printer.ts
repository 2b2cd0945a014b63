import { netnsName } from '../model/ids.js';
import type { Freshness, WatchEvent } from '../model/types.js';
import { printable, printableJson } from '../text/printable.js';
import type { Mood, Paint } from '../outputs/contract.js';
import { countWords, watchLines } from '../outputs/watch-lines.js';
import { watchJson } from '../wire/watch-json.js';
import type { WatchMerger } from '../wire/watch-merge.js';
import { reportFreshness } from './report.js';

/** How events are shown. */
export interface PrinterOptions {
  readonly format: 'table' | 'json';
  /** Print lines for the initial state, too. */
  readonly initial: boolean;
  /** Start each line with the time. */
  readonly timestamps: boolean;
  readonly paint?: Paint | undefined;
  /** One line on stderr. */
  readonly warn: (line: string) => void;
  readonly now: () => Date;
  /** Prefix of each line: the host, if there can be several. */
  readonly prefix?: () => string;
}

const MOODS: Readonly<Record<string, Mood>> = { '+': 'good', '-': 'bad', '~': 'changed' };

/** Merges events and formats each. */
export class WatchPrinter {
  readonly #merger: WatchMerger;
  readonly #options: PrinterOptions;
  #restarts = 0;

  constructor(merger: WatchMerger, options: PrinterOptions) {
    this.#merger = merger;
    this.#options = options;
  }

  /** What to write to stdout for an event: complete lines, or nothing. Notices about the watch itself go to stderr. */
  textOf(event: WatchEvent): string {
    const { format, initial } = this.#options;
    const before = { synced: this.#merger.synced, freshness: this.#merger.freshness };
    const changes = this.#merger.apply(event);
    if (event.restart !== undefined && this.#restarts++ > 0) this.#options.warn(printable(`resyncing: ${event.restart.reason}`));
    if (event.synced !== undefined) this.#reportFreshness(before.freshness, event.synced.freshness);
    if (format === 'json') return `${printableJson(watchJson(event))}\n`;
    const lines: string[] = [];
    if (before.synced || initial) for (const change of changes) lines.push(...watchLines(change, (id) => this.#nameOf(id)));
    if (event.synced !== undefined && !before.synced) lines.push(`synced: ${countWords(this.#merger.counts)}`);
    return lines.map((line) => `${decorate(line, this.#options)}\n`).join('');
  }

  #nameOf(id: string): string {
    const netns = this.#merger.netns(id);
    return netns === undefined ? id : netnsName(netns);
  }

  #reportFreshness(before: Freshness | undefined, now: Freshness): void {
    const { warn } = this.#options;
    if (before?.mode !== now.mode) reportFreshness(now, warn);
    if (before !== undefined && now.lostEvents > before.lostEvents)
      warn(`events were lost (${now.lostEvents} times so far); a full read followed`);
  }
}

/** A line as written: with time, host and colour if requested. */
export function decorate(line: string, { paint, timestamps, now, prefix }: PrinterOptions): string {
  const mood = MOODS[line.slice(0, 1)];
  const text = paint === undefined || mood === undefined ? line : paint(mood, line.slice(0, 1)) + line.slice(1);
  return [...(timestamps ? [now().toISOString()] : []), ...(prefix === undefined ? [] : [prefix()]), text].join(' ');
}
