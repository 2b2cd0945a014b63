// What answers of a live host have to be: made of a whole snapshot, all at once.
import { countRows, eachSection, type Sections, tableOf } from '../../../src/tables/index.js';
import { wantedLinks } from '../../../src/model/lists.js';
import {
  isEmptySelector,
  type LinkTest,
  selectRows,
  selectsNetns,
  type Selector,
  speaksOfRows,
} from '../../../src/model/select.js';
import type { HostSnapshot, Netns, Table } from '../../../src/model/types.js';
import type { Rows } from '../../../src/model/views.js';

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
      ...(eachSection((section) => (wanted.has(tableOf(section).name) ? netns[section] : [])) as Sections),
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
  const left = new Set<string>();
  const namespaces = snapshot.namespaces.flatMap((netns) => {
    if (!selectsNetns(netns, selector)) {
      left.add(netns.id);
      return [];
    }
    if (!speaksOfRows(selector)) return [netns];
    const rows = selectRows(netns, selector, linkTest(netns, selector));
    return hasRows(rows) ? [{ ...netns, ...rows }] : [];
  });
  // A namespace without a row that fits keeps its gaps: the row may be in what could not be read.
  return { ...snapshot, namespaces, gaps: snapshot.gaps.filter(({ netnsId }) => netnsId === undefined || !left.has(netnsId)) };
}

/** Whether there is any row. */
function hasRows(rows: Rows): boolean {
  return rows.interfaces.length + countRows(rows) > 0;
}

function linkTest(netns: Netns, selector: Selector): LinkTest {
  const wanted = wantedLinks({ head: netns, take: () => [netns] }, selector);
  for (;;) {
    const { done, value } = wanted.next();
    if (done === true) return value;
  }
}
