import { isSame } from '../model/same.js';
import type { Netns, NetnsChange, Table } from '../model/types.js';
import type { LiveHost } from '../live/types.js';
import { countRows, removedOf, SECTIONS } from '../tables/index.js';

interface Known {
  /** Revision of the host up to which the namespace was looked at. */
  checkedAt: number;
  /** Revision of the host at which a change of the tables was seen. */
  changedAt: number;
  /** The namespace as it was then. */
  head: object | undefined;
}

/**
 * Revisions of the namespaces of one host in some tables only, for readers who keep what they made of a namespace: a host changes all
 * the time, most of its namespaces hardly ever. Looking takes no longer than taking the first part of what is new. How many rows a
 * table has and how often it was dumped is no change: the rows are.
 */
export class NetnsRevisions {
  readonly #live: LiveHost;
  readonly #tables: readonly Table[];
  readonly #statuses: readonly Table[];
  readonly #known = new Map<number, Known>();

  /** @param statuses tables of which only how reading them went counts, besides `tables` */
  constructor(live: LiveHost, tables: readonly Table[], statuses: readonly Table[] = []) {
    this.#live = live;
    this.#tables = tables;
    this.#statuses = [...tables, ...statuses];
  }

  /** The revision of a namespace that is there. What is read of it after the call is of this revision or of a later one. */
  of(key: number): string {
    const { epoch, revision } = this.#live;
    const known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, { checkedAt: revision, changedAt: revision, head: this.#headOf(key) });
    else if (known.checkedAt !== revision) {
      if (this.#hasChanged(key, known)) known.changedAt = revision;
      known.checkedAt = revision;
    }
    return `${epoch} ${known?.changedAt ?? revision}`;
  }

  /** Forgets namespaces that are gone. @param keys of those that are there */
  keep(keys: readonly number[]): void {
    if (this.#known.size <= keys.length) return;
    const there = new Set(keys);
    for (const key of this.#known.keys()) if (!there.has(key)) this.#known.delete(key);
  }

  #hasChanged(key: number, known: Known): boolean {
    const [part] = this.#live.parts(key, known.checkedAt, this.#tables);
    if (part === undefined) return false;
    const head = this.#headOf(key);
    const isOther = !isSame(head, known.head);
    known.head = head;
    return isOther || part.whole || part.interfaces.length + countRows(part) > 0 || hasRemovals(part);
  }

  #headOf(key: number): object | undefined {
    const head: Netns | undefined = this.#live.head(key);
    const tables = head?.tables.filter(({ table }) => this.#statuses.includes(table));
    return head === undefined ? undefined : { ...head, tables: tables?.map(({ table, status }) => [table, status]) };
  }
}

function hasRemovals(change: NetnsChange): boolean {
  return change.removedIfindexes.length > 0 || SECTIONS.some((section) => change[removedOf(section)].length > 0);
}
