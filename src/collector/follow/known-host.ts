import type { Host, HostEntry } from '../../model/types.js';
import type { LiveHost } from '../../live/types.js';
import type { Replica } from './agent-session.js';
import type { Member } from '../types.js';

/** The agent that currently reports a host. */
export interface Holder {
  readonly address: string;
  readonly source: string;
  /** Whether it is connected and not silent. */
  readonly connected: boolean;
  /** When something was last received from it, by the collector's clock. */
  readonly heardAt: number | undefined;
}

/** A host that a collector knows, with or without an agent that reports it. */
export class KnownHost implements Member {
  readonly hostId: string;
  readonly live: LiveHost;
  /** Updated by its holder; undefined for the host of this process. */
  readonly replica: Replica | undefined;
  /** Of the agent process that reports it. */
  epoch: string;
  /** undefined: its last state is kept until the host is forgotten. */
  holder: Holder | undefined;
  /** Its last reporter: the current or previous holder. */
  last: Holder;
  /** When it lost its last holder. */
  orphanedAt: number | undefined;
  /** Its last holder now reports another host. */
  moved = false;
  /** Whether its state was complete once. */
  complete = false;
  /** Number of full resyncs. */
  resyncs = 0;
  readonly #entryOf: (host: KnownHost) => HostEntry;
  /** From the first event; live.host() has later ones. */
  #name: string;
  #namedAt: number | undefined;

  constructor(
    { id, name }: Pick<Host, 'id' | 'name'>,
    epoch: string,
    state: { readonly live: LiveHost; readonly replica?: Replica },
    holder: Holder,
    entryOf: (host: KnownHost) => HostEntry,
  ) {
    this.hostId = id;
    this.#name = name;
    this.epoch = epoch;
    this.live = state.live;
    this.replica = state.replica;
    this.holder = holder;
    this.last = holder;
    this.#entryOf = entryOf;
  }

  get name(): string {
    const { revision } = this.live;
    // Lists of hosts are sorted by name, and building a host to get its name costs more than the comparison.
    if (this.#namedAt !== revision) this.#name = this.live.host()?.name ?? this.#name;
    this.#namedAt = revision;
    return this.#name;
  }

  entry(): HostEntry {
    return this.#entryOf(this);
  }
}
