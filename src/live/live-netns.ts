import { noRows, sourceOf, SOURCE_NAMES, type SourceName } from '../tables/index.js';
import type { Ifindex } from '../proto/identifiers.js';
import type { FoundNetns } from '../discover/types.js';
import { formatNetnsId } from '../model/ids.js';
import { guessRole, type RoleGuess } from '../model/roles.js';
import type { Gap, Netns, NetnsId, Network, Owner, PairStatus, ReadStatus } from '../model/types.js';
import { RowStore } from './row-store.js';

/** One table of a namespace. */
export interface TableState {
  readonly rows: RowStore;
  /** NOT_READ until it was read whole. When a later read fails, this says so and the rows stay those of the last good one. */
  status: ReadStatus;
  /** Reads in a row that were interrupted by changes. */
  interrupted: number;
  /** How many reads the last one took, the interrupted ones included. */
  attempts: number;
  /** What was wrong with the last read. */
  gap: Gap | undefined;
  /** Rows that were found to be malformed when they were decoded, by slot. Absent where none ever was: thousands of empty maps are megabytes. */
  malformed: Map<number, Gap> | undefined;
  /** Revision of the last change of a row. */
  changedAt: number;
  /** Kept true: read at the start and whenever an event says so. */
  kept: boolean;
}

/** What is remembered of a link besides its bytes: what the rows of others refer to. */
export interface LinkEntry {
  readonly ifindex: Ifindex;
  slot: number;
  /** Of the last change that shows in the interface: its own, an address, its master's name, its peer. */
  revision: number;
  name: string;
  kind: string | undefined;
  masterIfindex: Ifindex | undefined;
  linkNsid: number | undefined;
  /** The other end as the link's attributes name it. */
  peer: { readonly ifindex: Ifindex; readonly nsid: number | undefined } | undefined;
  /** Whether it has another end by its kind. */
  isPair: boolean;
  verdict: Verdict | undefined;
  /** Key of the namespace that linkNsid stands for. */
  linkKey: number | undefined;
  /** Where it points, as an entry of the index of pointers. */
  target: string | undefined;
}

/** What is known of the other end. Key, ifindex and name only when PAIRED. */
export interface Verdict {
  readonly status: PairStatus;
  readonly key?: number;
  readonly ifindex?: Ifindex;
  readonly name?: string;
}

/** Something that was taken out, for readers who have it still. */
export interface Removal {
  readonly revision: number;
  readonly table: SourceName;
  /** Of the link, or the row's slot. */
  readonly number: number;
  /** Of a row. */
  readonly bytes?: Uint8Array;
}

/** Whose it is. */
export interface Ownership {
  readonly owner: Owner | undefined;
  readonly joined: readonly Owner[];
  readonly network: Network | undefined;
}

/** Removals that are remembered at least; beyond that as many as there are rows, so that memory stays in proportion. */
const MIN_REMOVALS = 512;

/** Names of removed links that are remembered at most. */
const MOST_FORMER_NAMES = 512;

/** One namespace that is kept true. Data and bookkeeping only: reading and pairing are done by others. */
export class LiveNetns {
  readonly id: NetnsId;
  /** Of the last change. */
  revision: number;
  readonly createdAt: number;
  headChangedAt: number;
  found: FoundNetns;
  cookie: bigint | undefined;
  /** NOT_READ until it was entered once. */
  status: ReadStatus = 'NOT_READ';
  gap: Gap | undefined;
  /** Position in found.openPaths of the path that is tried. */
  pathAt = 0;
  readonly tables: Readonly<Record<SourceName, TableState>>;
  readonly links = new Map<number, LinkEntry>();
  /** The ids that are given to others in this namespace, as far as they are known: nsid to key. */
  readonly nsids = new Map<number, number>();
  /** Nsids that links refer to and that are not known. */
  readonly unresolved = new Set<number>();
  /** Why the last question about nsids was not answered. */
  nsidGap: Gap | undefined;
  ownership: Ownership = { owner: undefined, joined: [], network: undefined };
  #removals: Removal[] = [];
  /** Of removed links, by ifindex. */
  readonly #formerNames = new Map<number, string>();
  #resolved: { readonly revision: number; readonly count: number } | undefined;
  /** Removals up to this revision are forgotten: readers behind it need the full namespace. */
  forgottenAt = 0;

  /** Its nsid in the observer namespace; undefined until it has one: until then there are no events. */
  nsid: number | undefined;

  /** @param key never used for another namespace */
  constructor(
    readonly key: number,
    found: FoundNetns,
    revision: number,
  ) {
    this.id = formatNetnsId(found.ino);
    this.found = found;
    this.createdAt = revision;
    this.revision = revision;
    this.headChangedAt = revision;
    this.tables = Object.fromEntries(SOURCE_NAMES.map((table) => [table, newTable(table)])) as Record<SourceName, TableState>;
  }

  get role(): RoleGuess {
    return guessRole(this.found.paths, this.found.isHost);
  }

  /** Everything about the namespace but its rows. */
  head(): Netns {
    const { found, cookie, ownership } = this;
    const { role, networkPrefix } = this.role;
    const networkId = ownership.network?.id ?? networkPrefix;
    return {
      id: this.id,
      dev: found.dev,
      paths: [...found.paths],
      pids: [...found.pids],
      ...(cookie !== undefined && { cookie }),
      role: ownership.owner !== undefined && role === 'OTHER' ? 'CONTAINER' : role,
      ...(networkId !== undefined && { networkId }),
      ...(ownership.network !== undefined && { networkName: ownership.network.name }),
      ...(ownership.owner !== undefined && { owner: ownership.owner }),
      joined: [...ownership.joined],
      status: this.status,
      tables: [],
      interfaces: [],
      ...noRows(),
    };
  }

  /** Name of an interface: its last one if it was removed, for the rows that name it may be read, or go, after it. */
  nameOf(ifindex: number): string | undefined {
    return this.links.get(ifindex)?.name ?? this.#formerNames.get(ifindex);
  }

  removeLink({ ifindex, name }: LinkEntry): void {
    this.links.delete(ifindex);
    // Last again if it was there already.
    this.#formerNames.delete(ifindex);
    this.#formerNames.set(ifindex, name);
    if (this.#formerNames.size > MOST_FORMER_NAMES) this.#formerNames.delete(this.#formerNames.keys().next().value ?? ifindex);
  }

  /** How many of the ids that its links refer to are known. */
  get resolvedNsids(): number {
    if (this.#resolved?.revision !== this.revision) {
      const known = new Set<number>();
      for (const { linkNsid } of this.links.values()) if (linkNsid !== undefined && this.nsids.has(linkNsid)) known.add(linkNsid);
      this.#resolved = { revision: this.revision, count: known.size };
    }
    return this.#resolved.count;
  }

  /** What is wrong with it, with its tables and with their rows. */
  *gaps(): Generator<Gap> {
    if (this.gap !== undefined) yield this.gap;
    for (const table of SOURCE_NAMES) {
      const { gap, malformed } = this.tables[table];
      if (gap !== undefined && this.gap === undefined) yield gap;
      yield* malformed?.values() ?? [];
    }
    if (this.nsidGap !== undefined) yield this.nsidGap;
  }

  /** Remembers a removal for readers who have it still. */
  remember(removal: Removal): void {
    this.#removals.push(removal);
    const rows = SOURCE_NAMES.reduce((sum, table) => sum + this.tables[table].rows.count, 0);
    const most = 2 * Math.max(MIN_REMOVALS, rows);
    if (this.#removals.length <= most) return;
    const gone = this.#removals.splice(0, this.#removals.length - most / 2);
    this.forgottenAt = gone.at(-1)?.revision ?? this.forgottenAt;
  }

  /**
   * Removals after revision `since` and up to `until`, the oldest first. Includes rows that were added after `since`: a reader may have received them, because parts
   * contain the state at the time when they are taken.
   */
  removalsAfter(since: number, until: number): Removal[] {
    // The newest are at the end, and nearly always they are the ones that are asked for.
    let first = this.#removals.length;
    while (first > 0 && (this.#removals[first - 1]?.revision ?? 0) > since) first--;
    return this.#removals.slice(first).filter(({ revision }) => revision <= until);
  }

  /** Forgets all rows: the next read reports all of them again. Readers get the namespace in full. */
  reset(revision: number): void {
    for (const table of SOURCE_NAMES) Object.assign(this.tables[table], { ...newTable(table), kept: this.tables[table].kept });
    this.links.clear();
    this.#formerNames.clear();
    this.#removals = [];
    this.forgottenAt = revision;
    this.headChangedAt = revision;
  }
}

function newTable(table: SourceName): TableState {
  const rows = new RowStore(sourceOf(table).format.ordered);
  const none = { interrupted: 0, attempts: 0, gap: undefined, malformed: undefined };
  return { rows, status: 'NOT_READ', ...none, changedAt: 0, kept: false };
}

/** The lower, the sooner a namespace gets an id in the observer namespace, and the lower that is: low ids cost less. */
export function rank({ found, role: { role } }: LiveNetns): number {
  if (found.isHost) return 0;
  return role === 'OVERLAY' ? 1 : role === 'CONTAINER' || role === 'OTHER' ? 3 : 2;
}
