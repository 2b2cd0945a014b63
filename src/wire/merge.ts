import { type Row, SECTIONS } from '../tables/index.js';
import type { Gap, Host, HostSnapshot, Listing, Netns, Network } from '../model/types.js';
import { WireError } from './error.js';
import type { SnapshotPart } from './messages.js';

/** Puts the parts of a GetSnapshot stream together again. */
export class SnapshotMerger {
  #host: Host | undefined;
  readonly #namespaces = new Map<string, Netns>();
  readonly #gaps: Gap[] = [];
  readonly #networks: Network[] = [];

  add(part: SnapshotPart): void {
    this.#host ??= part.host;
    append(this.#gaps, part.gaps);
    append(this.#networks, part.networks);
    for (const netns of part.namespaces) this.#addNetns(netns);
  }

  /** @throws WireError when no part had the host: the stream was not complete */
  finish(): HostSnapshot {
    if (this.#host === undefined) throw new WireError('is missing', 'host');
    return { host: this.#host, namespaces: [...this.#namespaces.values()], gaps: this.#gaps, networks: this.#networks };
  }

  #addNetns(part: Netns): void {
    const known = this.#namespaces.get(part.id);
    if (known === undefined) {
      this.#namespaces.set(part.id, part);
      return;
    }
    // Rows that are malformed were found among those that were sent meanwhile.
    if (part.tables.length > 0) known.tables = part.tables;
    append(known.interfaces, part.interfaces);
    for (const section of SECTIONS) append<Row>(known[section], part[section]);
  }
}

/** Puts the messages of a List stream together; freshness and ages are the first's. */
export function mergeListing<Item>(parts: readonly Listing<Item>[]): Listing<Item> {
  const listing: Listing<Item> = { ...parts[0], items: [], gaps: [] };
  for (const { items, gaps } of parts) {
    append(listing.items, items);
    append(listing.gaps, gaps);
  }
  return listing;
}

/** push(...rows) would put every row on the stack. */
function append<Item>(rows: Item[], more: readonly Item[]): void {
  for (const row of more) rows.push(row);
}
