import type { Interface, NetnsChange, Table } from '../../model/types.js';
import {
  countRows,
  noRemovals,
  noRows,
  type RemovedSection,
  removedOf,
  ROW_TABLES,
  type Row,
  type Section,
  SECTIONS,
} from '../../tables/index.js';
import { onlyStatuses } from '../../serve/view.js';
import type { ReplicaNetns } from './netns.js';
import type { RowTable } from './table.js';

/** Size of a part: encoding it takes a millisecond or two of the main thread. */
const LINKS_AT_ONCE = 12;
const ROWS_AT_ONCE = 150;
/** Up to so many rows, what is gone of a table and what is there go into one part: a row that changed is both, and is missing in between. */
const ROWS_TOGETHER = 2 * ROWS_AT_ONCE;

/**
 * See LiveHost.parts(). A row that changes while parts are taken is sent in its current state, and again next time: if it were skipped, it would be
 * missing from an answer that is built in one pass.
 */
export function* partsOf(netns: ReplicaNetns, since: number | undefined, tables: readonly Table[]): Generator<NetnsChange> {
  const whole = since === undefined || since < netns.createdAt || since < netns.forgottenAt;
  const from = whole ? -1 : since;
  const wanted = new Set(tables);
  let part = newPart(netns, tables, whole);
  let [filled, pending] = [false, false];
  const sources = [removedLinks(netns, from, wanted), links(netns, from, wanted), ...sections(netns, from, wanted)];
  for (const source of sources) {
    for (const fill of source) {
      fill(part);
      filled = true;
      pending = true;
      if (weight(part) < ROWS_AT_ONCE / 2) continue;
      yield part;
      part = newPart(netns, tables, false);
      pending = false;
    }
  }
  if (pending || (!filled && (whole || netns.headChangedAt > from))) yield part;
}

/** Puts something into a part. */
type Fill = (part: NetnsChange) => void;

function removedLinks(netns: ReplicaNetns, from: number, wanted: ReadonlySet<Table>): Iterable<Fill> {
  const gone = wanted.has('LINKS') && from >= 0 ? netns.linksRemovedAfter(from) : [];
  return slices(gone, ROWS_AT_ONCE, (part, some) => part.removedIfindexes.push(...some));
}

function links(netns: ReplicaNetns, from: number, wanted: ReadonlySet<Table>): Iterable<Fill> {
  if (!wanted.has('LINKS')) return [];
  const ifindexes: number[] = [];
  for (const [ifindex, { revision }] of netns.links) if (revision > from) ifindexes.push(ifindex);
  return slices(ifindexes, LINKS_AT_ONCE, (part, some) => {
    for (const ifindex of some) {
      const known = netns.linkOf(ifindex);
      if (known !== undefined) part.interfaces.push(wanted.has('ADDRESSES') ? known : withoutAddresses(known));
    }
  });
}

function withoutAddresses(link: Interface): Interface {
  return { ...link, addresses: [], addressDetails: [] };
}

/** Of each table what is gone, then what is there: slots are used again. What is gone is built at once: it may be forgotten while parts are taken. */
function sections(netns: ReplicaNetns, from: number, wanted: ReadonlySet<Table>): Iterable<Fill>[] {
  return ROW_TABLES.flatMap(({ section, name, orderedWithin }): Iterable<Fill>[] => {
    const table = wanted.has(name) ? netns.rows[section] : undefined;
    if (table === undefined || table.changedAt <= from) return [];
    const removed = from < 0 ? [] : table.removedAfter(from, netns.id);
    const removals = slices(removed, ROWS_AT_ONCE, (part, some) => add(part, removedOf(section), some));
    const range = { netnsId: netns.id, since: from };
    if (orderedWithin === undefined && (removed.length === 0 || removed.length >= ROWS_TOGETHER))
      return [removals, rowFills(table, section, range)];
    const rows: Row[] = [];
    // Where order matters, slots may be numbered again before the next part: all are taken now.
    const most = orderedWithin === undefined ? ROWS_TOGETHER - removed.length : Infinity;
    const isMore = table.read(0, { since: from, end: table.length, most }, netns.id, rows) !== undefined;
    if (isMore) return [removals, rowFills(table, section, range)];
    if (removed.length + rows.length > ROWS_TOGETHER)
      return [removals, slices(rows, ROWS_AT_ONCE, (part, some) => add(part, section, some))];
    const both: Fill = (part) => {
      add(part, removedOf(section), removed);
      add(part, section, rows);
    };
    return [[both]];
  });
}

function* rowFills(
  table: RowTable,
  section: Section,
  { netnsId, since }: { readonly netnsId: string; readonly since: number },
): Generator<Fill> {
  const end = table.length;
  let at: number | undefined = 0;
  while (at !== undefined) {
    const some: Row[] = [];
    at = table.read(at, { since, end, most: ROWS_AT_ONCE }, netnsId, some);
    if (some.length > 0) yield (part) => add(part, section, some);
  }
}

function add(part: NetnsChange, name: Section | RemovedSection, some: readonly Row[]): void {
  // The section and the type of its rows belong together, which the compiler cannot follow.
  (part[name] as Row[]).push(...some);
}

/** How much is in a part, in rows. */
function weight(part: NetnsChange): number {
  let rows = (ROWS_AT_ONCE / LINKS_AT_ONCE) * part.interfaces.length + part.removedIfindexes.length + countRows(part);
  for (const section of SECTIONS) rows += part[removedOf(section)].length;
  return rows;
}

/** Mostly there is nothing or little: no generator for that. */
function slices<Item>(
  items: readonly Item[],
  size: number,
  put: (part: NetnsChange, some: readonly Item[]) => void,
): Iterable<Fill> {
  if (items.length === 0) return [];
  return items.length <= size ? [(part) => put(part, items)] : manySlices(items, size, put);
}

function* manySlices<Item>(
  items: readonly Item[],
  size: number,
  put: (part: NetnsChange, some: readonly Item[]) => void,
): Generator<Fill> {
  for (let at = 0; at < items.length; at += size) {
    const some = items.slice(at, at + size);
    yield (part) => put(part, some);
  }
}

function newPart(netns: ReplicaNetns, tables: readonly Table[], whole: boolean): NetnsChange {
  const netnsHead = onlyStatuses(netns.head, tables);
  return { netns: netnsHead, whole, removedIfindexes: [], interfaces: [], ...noRemovals(), ...noRows() };
}
