import type { HostEntry } from '../../model/types.js';
import type { LiveHost } from '../../live/types.js';
import type { Replica } from './agent-session.js';
import type { Member } from '../types.js';

/** Who tells of a host now. */
export interface Holder {
  readonly address: string;
  readonly source: string;
  /** Whether it tells, and is heard. */
  readonly connected: boolean;
  /** When it was heard last, by the collector's clock. */
  readonly heardAt: number | undefined;
}

/** A host that a collector knows, with or without somebody who tells of it. */
export class KnownHost implements Member {
  readonly hostId: string;
  readonly live: LiveHost;
  /** What its holder feeds; undefined for the host of this process. */
  readonly replica: Replica | undefined;
  /** As the first event said; later ones are in live.host(). */
  readonly firstName: string;
  /** undefined: what was known of it is kept until it is forgotten. */
  holder: Holder | undefined;
  /** Who told of it last: the holder, or the one it had. */
  last: { readonly address: string; readonly source: string };
  /** Of the agent process that tells of it. */
  epoch: string;
  /** When it lost its last holder. */
  orphanedAt: number | undefined;
  /** Its last holder tells of another host now. */
  moved = false;
  /** Whether it was whole once. */
  complete = false;
  /** How often everything was told anew. */
  resyncs = 0;
  readonly #entryOf: (host: KnownHost) => HostEntry;
  #name = '';
  #namedAt: number | undefined;

  constructor(
    known: {
      readonly hostId: string;
      readonly name: string;
      readonly epoch: string;
      readonly live: LiveHost;
      readonly replica?: Replica;
    },
    holder: Holder,
    entryOf: (host: KnownHost) => HostEntry,
  ) {
    this.hostId = known.hostId;
    this.firstName = known.name;
    this.epoch = known.epoch;
    this.live = known.live;
    this.replica = known.replica;
    this.holder = holder;
    this.last = { address: holder.address, source: holder.source };
    this.#entryOf = entryOf;
  }

  get name(): string {
    const { revision } = this.live;
    // Lists of hosts are sorted by it, and making a host to look at its name costs more than comparing.
    if (this.#namedAt !== revision) this.#name = this.live.host()?.name ?? this.firstName;
    this.#namedAt = revision;
    return this.#name;
  }

  entry(): HostEntry {
    return this.#entryOf(this);
  }
}
