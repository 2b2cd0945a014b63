import { LISTS } from '../model/lists.js';
import { isEmptySelector, selectsNetns, type Selector } from '../model/select.js';
import type { HostSnapshot, Netns, Table } from '../model/types.js';

/**
 * A snapshot as if no other tables had been read. Reads are shared, so there may be more in one than was asked for; what a
 * client gets must not depend on who else asked.
 */
export function onlyTables(snapshot: HostSnapshot, tables: readonly Table[]): HostSnapshot {
  const wanted = new Set(tables);
  const has = (netns: Netns): boolean => netns.tables.some(({ table }) => !wanted.has(table));
  if (!snapshot.namespaces.some(has) && !snapshot.gaps.some((gap) => gap.table !== undefined && !wanted.has(gap.table)))
    return snapshot;
  return {
    ...snapshot,
    gaps: snapshot.gaps.filter((gap) => gap.table === undefined || wanted.has(gap.table)),
    namespaces: snapshot.namespaces.map((netns) => ({
      ...netns,
      tables: netns.tables.filter(({ table }) => wanted.has(table)),
      interfaces: !wanted.has('LINKS') ? [] : wanted.has('ADDRESSES') ? netns.interfaces : netns.interfaces.map(withoutAddresses),
      fdb: wanted.has('FDB') ? netns.fdb : [],
      neighbors: wanted.has('NEIGHBORS') ? netns.neighbors : [],
      routes: wanted.has('ROUTES') ? netns.routes : [],
    })),
  };
}

function withoutAddresses<Link extends { addresses: string[]; addressDetails: unknown[] }>(link: Link): Link {
  return { ...link, addresses: [], addressDetails: [] };
}

/**
 * The part of a snapshot that a selector speaks of: the namespaces that fit, with the rows that fit. Where it asks for
 * interfaces or rows (by kind, name, VNI or address), a namespace without any is left out.
 */
export function selectSnapshot(snapshot: HostSnapshot, selector: Selector): HostSnapshot {
  if (isEmptySelector(selector)) return snapshot;
  const rowsAsked = [selector.kinds, selector.interfaces, selector.vnis, selector.macs, selector.ips].some(
    (values) => (values?.length ?? 0) > 0,
  );
  const rows = rowsAsked ? rowsByNetns(snapshot, selector) : undefined;
  const [fit, unfit] = [new Set<Netns>(), new Set<string>()];
  for (const netns of snapshot.namespaces) {
    if (selectsNetns(netns, selector)) fit.add(netns);
    else unfit.add(netns.id);
  }
  const namespaces = [...fit].flatMap((netns) => {
    if (rows === undefined) return [netns];
    const left = rows.get(netns.id);
    return left === undefined ? [] : [{ ...netns, ...left }];
  });
  // A namespace without a row that fits keeps its gaps: the row may be in what could not be read.
  return { ...snapshot, namespaces, gaps: snapshot.gaps.filter(({ netnsId }) => netnsId === undefined || !unfit.has(netnsId)) };
}

type Rows = Pick<Netns, 'interfaces' | 'fdb' | 'neighbors' | 'routes'>;

/** The rows that the lists select, by namespace; the same rules, and the same rows but for what lists add to them. */
function rowsByNetns(snapshot: HostSnapshot, selector: Selector): Map<string, Rows> {
  const found = new Map<string, Rows>();
  const rowsOf = (id: string): Rows => {
    const rows = found.get(id) ?? { interfaces: [], fdb: [], neighbors: [], routes: [] };
    found.set(id, rows);
    return rows;
  };
  for (const link of LISTS.interfaces.list(snapshot, selector).items) rowsOf(link.netnsId).interfaces.push(withoutPlace(link));
  for (const row of LISTS.fdb.list(snapshot, selector).items) rowsOf(row.netnsId).fdb.push(withoutPlace(row));
  for (const row of LISTS.neighbors.list(snapshot, selector).items) rowsOf(row.netnsId).neighbors.push(withoutPlace(row));
  for (const row of LISTS.routes.list(snapshot, selector).items) rowsOf(row.netnsId).routes.push(withoutPlace(row));
  return found;
}

/** Lists say with each row which host and namespace it is of; inside a snapshot that is said already. */
function withoutPlace<Row extends { host?: string; netnsName?: string }>(row: Row): Row {
  const { host: _host, netnsName: _netnsName, ...rest } = row;
  return rest as Row;
}
