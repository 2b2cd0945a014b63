import { eachSection } from '../tables/index.js';
import type { Cursor, FabricAge, FabricEvent, HostCursor, HostEntry, WatchEvent } from '../model/types.js';
import { hostNames, silence } from '../outputs/host-columns.js';
import { hostLine, nameOf } from '../outputs/host-lines.js';
import { printable, printableJson } from '../text/printable.js';
import { countWords } from '../outputs/watch-lines.js';
import { watchJson } from '../wire/watch-json.js';
import { WatchMerger } from '../wire/watch-merge.js';
import { decorate, type PrinterOptions, WatchPrinter } from './watch-printer.js';

interface HostState {
  readonly merger: WatchMerger;
  readonly printer: WatchPrinter;
}

/** Merges the events of a collector's Watch, host by host, and formats each. */
export class FabricPrinter {
  readonly #options: PrinterOptions;
  readonly #cursors = new Map<string, Cursor>();
  readonly #entries = new Map<string, HostEntry>();
  readonly #hosts = new Map<string, HostState>();
  #names: ReadonlyMap<string, string> = new Map();
  #synced = false;

  constructor(options: PrinterOptions) {
    this.#options = options;
  }

  /** To be passed as `after` when reconnecting. */
  get cursors(): HostCursor[] {
    return [...this.#cursors].map(([host, cursor]) => ({ host, cursor }));
  }

  /** What to write to stdout for an event: complete lines, or nothing. Notices about the watch itself go to stderr. */
  textOf(event: FabricEvent): string {
    const { host } = event;
    if (host !== undefined && event.event !== undefined) this.#cursors.set(host, event.event.cursor);
    if (host !== undefined && event.forgotten !== undefined) this.#cursors.delete(host);
    if (this.#options.format === 'json') return `${printableJson(watchJson(event))}\n`;
    if (event.synced !== undefined) return this.#sync(event.synced.fabric);
    if (host === undefined) return '';
    if (event.entry !== undefined) return this.#setEntry(host, event.entry);
    if (event.forgotten !== undefined) return this.#forget(host, event.forgotten.reason);
    return event.event === undefined ? '' : this.#print(host, event.event);
  }

  #print(host: string, event: WatchEvent): string {
    const { merger, printer } = this.#hostState(host);
    // At the start one line reports all hosts as synced; later each host that resyncs has a line of its own.
    const isQuiet = !this.#synced && event.synced !== undefined && !merger.synced;
    const text = printer.textOf(event);
    return isQuiet ? '' : text;
  }

  #hostState(host: string): HostState {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const merger = new WatchMerger();
    const prefix = (): string => printable(this.#names.get(host) ?? host);
    const warn = (line: string): void => this.#options.warn(`${prefix()}: ${line}`);
    const state = { merger, printer: new WatchPrinter(merger, { ...this.#options, warn, prefix }) };
    this.#hosts.set(host, state);
    return state;
  }

  #setEntry(host: string, entry: HostEntry): string {
    const old = this.#entries.get(host);
    this.#entries.set(host, entry);
    this.#rename();
    return this.#lines(hostLine(old, entry));
  }

  #forget(host: string, reason: string): string {
    const old = this.#entries.get(host);
    this.#entries.delete(host);
    this.#hosts.delete(host);
    this.#rename();
    return this.#lines(hostLine(old, undefined, reason));
  }

  #rename(): void {
    this.#names = hostNames([...this.#entries].map(([host, entry]) => ({ host, hostName: nameOf(entry) })));
  }

  #sync({ hosts }: FabricAge): string {
    if (this.#synced) return '';
    this.#synced = true;
    for (const { hostName, ...known } of hosts) {
      const age = silence(known);
      if (age !== undefined) this.#options.warn(printable(`host ${hostName}: ${age}; showing its last known state`));
    }
    return this.#lines(`synced: ${hosts.length} host${hosts.length === 1 ? '' : 's'}, ${countWords(this.#counts())}`, true);
  }

  #counts(): WatchMerger['counts'] {
    const sum = { namespaces: 0, interfaces: 0, ...eachSection(() => 0) };
    for (const { merger } of this.#hosts.values()) {
      const { counts } = merger;
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name];
    }
    return sum;
  }

  #lines(line: string | undefined, always = false): string {
    const { initial } = this.#options;
    return line === undefined || !(this.#synced || initial || always) ? '' : `${decorate(line, this.#options)}\n`;
  }
}
