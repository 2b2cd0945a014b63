// Rows of a snapshot are what was decoded, completed in place. A copy by `{...row}` would get a hidden class of its own from V8, one for each
// row, and whatever reads such rows takes several times as long: encoding a forwarding entry took 7 µs instead of 1.
import type { AddressRecord, FdbRecord, Ifindex, LinkRecord, NeighborRecord, RouteRecord } from '../tables/shared/records.js';
import type { FdbEntry, Interface, Neighbor, NetnsId, Route, Veth } from './types.js';

/** Where a row was read. */
export interface RowPlace {
  readonly netnsId: NetnsId;
  /** Name of an interface of the namespace. */
  readonly nameOf: (ifindex: Ifindex) => string | undefined;
  /** Absent in a one-shot read. */
  readonly rowId?: number;
}

/** What is known of the things that a link refers to. */
export interface Resolved {
  readonly netnsId: string;
  readonly masterName: string | undefined;
  readonly linkNetnsId: string | undefined;
  readonly veth: Veth | undefined;
}

/** An interface, of its record, which is used up, and those of its addresses. */
export function completeInterface(record: LinkRecord, addresses: readonly AddressRecord[], resolved: Resolved): Interface {
  const link = record as Interface;
  link.netnsId = resolved.netnsId;
  if (resolved.masterName !== undefined) link.masterName = resolved.masterName;
  if (resolved.linkNetnsId !== undefined) link.linkNetnsId = resolved.linkNetnsId;
  if (resolved.veth !== undefined) link.veth = resolved.veth;
  link.addresses = addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`);
  link.addressDetails = addresses.map(({ ifindex: _ofThisLink, ...address }) => address);
  return link;
}

/** A forwarding entry, of its record, which is used up. */
export function completeFdb(record: FdbRecord, place: RowPlace): FdbEntry {
  const row = completed(record as FdbEntry, place);
  const masterName = row.masterIfindex === undefined ? undefined : place.nameOf(row.masterIfindex);
  if (masterName !== undefined) row.masterName = masterName;
  return row;
}

/** A neighbour, of its record, which is used up. */
export function completeNeighbor(record: NeighborRecord, place: RowPlace): Neighbor {
  return completed(record as Neighbor, place);
}

/** A route, of its record, which is used up. */
export function completeRoute(record: RouteRecord, place: RowPlace): Route {
  const row = completed(record as Route, place);
  for (const hop of row.nextHops) {
    const ifname = place.nameOf(hop.ifindex);
    if (ifname !== undefined) hop.ifname = ifname;
  }
  return row;
}

function completed<Row extends FdbEntry | Neighbor | Route>(row: Row, { netnsId, nameOf, rowId }: RowPlace): Row {
  row.netnsId = netnsId;
  const ifname = row.ifindex === undefined ? undefined : nameOf(row.ifindex);
  if (ifname !== undefined) row.ifname = ifname;
  if (rowId !== undefined) row.rowId = rowId;
  return row;
}
