import { isSame } from '../../model/same.js';
import type { Interface, Netns, NetnsChange } from '../../model/types.js';
import { eachSection, noRows, removedOf, type Section, SECTIONS } from '../../tables/index.js';
import { weigh } from './budget.js';
import { isSameLink, type KeptLink, type LinkPool } from './links.js';
import { type RowMemory, RowTable } from './table.js';

/** What the namespaces of one host share. */
export interface HostMemory extends RowMemory {
  readonly links: LinkPool;
}

/** An interface and the revision of its last change. */
interface LinkState {
  readonly kept: KeptLink;
  readonly revision: number;
}

/** What a namespace takes besides its head and its rows, and what an interface does besides itself; in bytes. */
const NETNS_BYTES = 2_000;
const LINK_BYTES = 200;
/** What a table takes that has a row. */
const TABLE_BYTES = 1_000;

/** Removed interfaces that are remembered at least; beyond that as many as there are interfaces. */
const MIN_REMOVALS = 256;

/** One namespace as sent by its agent, with versions. */
export class ReplicaNetns {
  readonly id: string;
  /** For the order of namespaces; infinite where the id does not say. */
  readonly ino: number;
  readonly createdAt: number;
  /** Of the last change. */
  revision: number;
  head: Netns;
  headChangedAt: number;
  readonly links = new Map<number, LinkState>();
  readonly rows: Record<Section, RowTable | undefined> = eachSection(() => undefined);
  /** The stream in which it was last sent: a new stream sends it in full. */
  stream: number;
  readonly #memory: HostMemory;
  #headWeight: number;
  #removedLinks: { readonly revision: number; readonly ifindex: number }[] = [];
  #linksForgottenAt = 0;
  /** Interfaces that were not sent again yet. */
  #staleLinks: Set<number> | undefined;

  /** @param key never used for another namespace. @returns undefined when there is no room for it */
  static make(key: number, head: Netns, { memory, revision, stream }: Context): ReplicaNetns | undefined {
    const weight = NETNS_BYTES + weigh(head);
    return memory.budget.take(weight) ? new ReplicaNetns(key, head, { memory, revision, stream }, weight) : undefined;
  }

  private constructor(
    readonly key: number,
    head: Netns,
    { memory, revision, stream }: Context,
    weight: number,
  ) {
    this.id = head.id;
    this.ino = Number(/^net:\[(\d+)\]$/.exec(head.id)?.[1] ?? Infinity);
    this.createdAt = revision;
    this.revision = revision;
    this.head = head;
    this.headChangedAt = revision;
    this.stream = stream;
    this.#memory = memory;
    this.#headWeight = weight;
  }

  /** Removals up to this revision are forgotten: readers behind it need the full state. */
  get forgottenAt(): number {
    const ofRows = SECTIONS.map((section) => this.rows[section]?.forgottenAt ?? 0);
    return Math.max(this.#linksForgottenAt, ...ofRows);
  }

  /** An interface with all its fields. */
  linkOf(ifindex: number): Interface | undefined {
    const state = this.links.get(ifindex);
    return state === undefined ? undefined : this.#memory.links.decode(state.kept);
  }

  /** Number of rows of a table. */
  rowsOf(section: Section): number {
    return this.rows[section]?.count ?? 0;
  }

  /** Interfaces that were removed after a revision and not added again. */
  linksRemovedAfter(since: number): number[] {
    const gone = new Set<number>();
    for (const { revision, ifindex } of this.#removedLinks) if (revision > since && !this.links.has(ifindex)) gone.add(ifindex);
    return [...gone];
  }

  /** The full namespace is sent again: settle() removes what was not. Until then everything stays. */
  resync(): void {
    this.#staleLinks = new Set(this.links.keys());
    for (const section of SECTIONS) this.rows[section]?.resync();
  }

  /** The full namespace was sent again. */
  settle(revision: number): void {
    const { count } = this;
    for (const ifindex of this.#staleLinks ?? []) this.#removeLink(ifindex, revision);
    this.#staleLinks = undefined;
    for (const section of SECTIONS) this.rows[section]?.settle(revision);
    if (this.count < count) this.revision = revision;
  }

  /** Number of interfaces and rows. */
  get count(): number {
    return SECTIONS.reduce((sum, section) => sum + this.rowsOf(section), this.links.size);
  }

  /**
   * Applies a change. `revision` becomes the namespace's if the change has any effect.
   * @returns whether everything fit
   */
  apply(change: NetnsChange, revision: number): boolean {
    let fits = this.#setHead(headOf(change.netns), revision);
    for (const ifindex of change.removedIfindexes) this.#removeLink(ifindex, revision);
    for (const link of change.interfaces) fits = this.#setLink(link, revision) && fits;
    for (const section of SECTIONS) {
      const gone = this.rows[section];
      for (const { rowId } of change[removedOf(section)])
        if (rowId !== undefined && gone?.remove(rowId, revision) === true) this.revision = revision;
      if (change[section].length > 0) fits = this.#setRows(section, change, revision) && fits;
    }
    return fits;
  }

  /** Releases its memory. */
  clear(): void {
    const { budget } = this.#memory;
    budget.give(this.#headWeight);
    for (const { kept } of this.links.values()) this.#giveLink(kept);
    this.links.clear();
    for (const section of SECTIONS) {
      if (this.rows[section] === undefined) continue;
      this.rows[section].clear();
      this.rows[section] = undefined;
      budget.give(TABLE_BYTES);
    }
  }

  #setHead(head: Netns, revision: number): boolean {
    if (isSame(this.head, head)) return true;
    const weight = NETNS_BYTES + weigh(head);
    if (!this.#memory.budget.take(weight - this.#headWeight)) return false;
    this.#headWeight = weight;
    this.head = head;
    this.headChangedAt = revision;
    this.revision = revision;
    return true;
  }

  #setLink(link: Interface, revision: number): boolean {
    const { budget, links } = this.#memory;
    const { ifindex } = link;
    this.#staleLinks?.delete(ifindex);
    const old = this.links.get(ifindex)?.kept;
    const kept = links.encode(link);
    if (kept !== undefined && old !== undefined && isSameLink(old, kept)) {
      links.release(kept);
      return true;
    }
    if (kept === undefined || !budget.take(LINK_BYTES + links.weightOf(kept))) {
      if (kept !== undefined) links.release(kept);
      // What it was before would be wrong.
      this.#removeLink(ifindex, revision);
      return false;
    }
    if (old !== undefined) this.#giveLink(old);
    this.links.set(ifindex, { kept, revision });
    this.revision = revision;
    return true;
  }

  #giveLink(kept: KeptLink): void {
    const { budget, links } = this.#memory;
    links.release(kept);
    budget.give(LINK_BYTES + links.weightOf(kept));
  }

  #removeLink(ifindex: number, revision: number): void {
    const old = this.links.get(ifindex);
    this.#staleLinks?.delete(ifindex);
    if (old === undefined) return;
    this.links.delete(ifindex);
    this.#giveLink(old.kept);
    this.revision = revision;
    this.#removedLinks.push({ revision, ifindex });
    const most = 2 * Math.max(MIN_REMOVALS, this.links.size);
    if (this.#removedLinks.length <= most) return;
    const gone = this.#removedLinks.splice(0, this.#removedLinks.length - most / 2);
    this.#linksForgottenAt = gone.at(-1)?.revision ?? this.#linksForgottenAt;
  }

  #setRows(section: Section, change: NetnsChange, revision: number): boolean {
    const table = this.rows[section] ?? this.#makeTable(section);
    if (table === undefined) return false;
    let fits = true;
    try {
      for (const row of change[section]) if (table.put(row, revision) === 'refused') fits = false;
    } finally {
      if (table.changedAt === revision) this.revision = revision;
    }
    return fits;
  }

  #makeTable(section: Section): RowTable | undefined {
    if (!this.#memory.budget.take(TABLE_BYTES)) return undefined;
    this.rows[section] = new RowTable(section, this.#memory);
    return this.rows[section];
  }
}

/** What namespaces are made with. */
interface Context {
  readonly memory: HostMemory;
  readonly revision: number;
  readonly stream: number;
}

/** A namespace without its rows. */
export function headOf(netns: Netns): Netns {
  return { ...netns, interfaces: [], ...noRows() };
}
