import { NO_COUNTS } from '../../model/row-counts.js';
import type { HostEntry, Table } from '../../model/types.js';
import type { Log } from '../../rpc/types.js';
import type { ReadLiveHost } from '../../live/types.js';
import type { Clock } from './clock.js';
import type { Holder, KnownHost } from './known-host.js';
import { codeOf } from '../../text/error.js';
import { clipped } from '../../text/printable.js';

interface LocalOptions {
  readonly tables: readonly Table[];
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the host becomes known, has another id, or could not be read. */
  readonly onChange: () => void;
}

/** Delay between attempts to read the host for the first time, in milliseconds. */
const RETRY_MS = 5000;

/** The host of this process, with its own live state: there is no agent to follow. */
export class LocalHost implements Holder {
  readonly address = 'local';
  readonly source = 'this process';
  readonly connected = true;
  readonly live: ReadLiveHost;
  /** Set once it was read. */
  host: KnownHost | undefined;
  readonly #options: LocalOptions;
  readonly #controller = new AbortController();
  #problem: string | undefined;
  #problemCode: string | undefined;
  #release: (() => void) | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(live: ReadLiveHost, options: LocalOptions) {
    this.live = live;
    this.#options = options;
  }

  get heardAt(): number {
    return this.#options.clock.now();
  }

  /** Starts to keep the tables up to date. */
  start(): void {
    this.#release = this.live.lease(this.#options.tables);
    this.#unsubscribe = this.live.subscribe(() => {
      if (this.live.host()?.id !== this.host?.hostId) this.#options.onChange();
    });
    this.#read();
  }

  close(): void {
    this.#controller.abort();
    this.#unsubscribe?.();
    this.#release?.();
  }

  /** The entry until it was read. */
  entry(): HostEntry {
    const code = this.#problemCode;
    const problem = this.#problem ?? 'this host is being read for the first time';
    const known = { problem, ...(code !== undefined && { problemCode: code }) };
    return { agent: this.address, source: this.source, state: 'UNREACHABLE', ...known, ...NO_COUNTS, disconnects: 0 };
  }

  #read(): void {
    const { tables, clock, log, onChange } = this.#options;
    const { signal } = this.#controller;
    this.live.ready(tables, signal).then(
      () => {
        if (!signal.aborted) onChange();
      },
      (cause: unknown) => {
        if (signal.aborted) return;
        this.#problem = clipped(cause instanceof Error ? cause.message : String(cause), 500);
        this.#problemCode = codeOf(cause);
        log.warn({ err: cause }, 'reading this host');
        onChange();
        clock.after(RETRY_MS, () => {
          if (!signal.aborted) this.#read();
        });
      },
    );
  }
}
