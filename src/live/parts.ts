import { decodeAddress } from '../tables/addresses.js';
import { decodeLink } from '../tables/links/link.js';
import type { AddressRecord } from '../tables/shared/records.js';
import {
  type AnyRowTable,
  noRemovals,
  noRows,
  removedOf,
  ROW_TABLES,
  rowTableOf,
  type Row,
  rowAt,
  SECTIONS,
  type SourceName,
} from '../tables/index.js';
import { ifindexAt } from '../tables/contract.js';
import { DecodeError } from '../netlink/error.js';
import { completeInterface } from '../model/complete.js';
import type { Interface, NetnsChange, Table, TableStatus, Veth } from '../model/types.js';
import { push } from '../text/lists.js';
import type { LinkEntry, LiveNetns, Removal } from './live-netns.js';

/** Size of a part: decoding it takes a millisecond or two of the main thread. */
const LINKS_AT_ONCE = 12;
const ROWS_AT_ONCE = 150;
/** Up to so many rows, what is gone of a table and what is there go into one part: a row that changed is both, and is missing in between. */
const ROWS_TOGETHER = 2 * ROWS_AT_ONCE;

/** What parts are made with. */
export interface PartsContext {
  readonly namespaces: ReadonlyMap<number, LiveNetns>;
  /** Rows that come later are left out. */
  readonly until: number;
  /** Receives each row that cannot be decoded, by its slot. */
  readonly onMalformed: (netns: LiveNetns, table: SourceName, slot: number, error: DecodeError) => void;
}

/** The head of a namespace with the statuses of some tables. */
export function headOf(netns: LiveNetns, tables: readonly Table[]): NetnsChange['netns'] {
  return { ...netns.head(), tables: statusesOf(netns, tables) };
}

/** See LiveHost.parts(). */
export function* partsOf(
  netns: LiveNetns,
  since: number | undefined,
  tables: readonly Table[],
  context: PartsContext,
): Generator<NetnsChange> {
  const whole = since === undefined || since < netns.createdAt || since < netns.forgottenAt;
  const from = whole ? -1 : since;
  const wanted = new Set(tables);
  const empty = (): NetnsChange => emptyChange(headOf(netns, tables));
  let part = empty();
  part.whole = whole;
  let [filled, pending] = [false, false];
  for (const fill of [...sections(netns, from, wanted, context)]) {
    fill(part);
    filled = true;
    pending = true;
    if (weight(part) < ROWS_AT_ONCE / 2) continue;
    yield part;
    part = empty();
    pending = false;
  }
  if (pending || (!filled && (whole || netns.headChangedAt > from))) yield part;
}

/** How much is in a part, in rows. */
function weight(part: NetnsChange): number {
  let rows = (ROWS_AT_ONCE / LINKS_AT_ONCE) * part.interfaces.length + part.removedIfindexes.length;
  for (const section of SECTIONS) rows += part[section].length + part[removedOf(section)].length;
  return rows;
}

type Fill = (part: NetnsChange) => void;

/** One function for each part, which puts rows into it. What is gone of a table comes before or with what is there: slots are used again. */
function* sections(netns: LiveNetns, from: number, wanted: ReadonlySet<Table>, context: PartsContext): Generator<Fill> {
  const gone = new Map<Table, Removal[]>();
  for (const removal of from < 0 ? [] : netns.removalsAfter(from, context.until)) push(gone, removal.table, removal);
  if (wanted.has('LINKS')) {
    for (const some of slices(gone.get('LINKS') ?? [], ROWS_AT_ONCE)) yield (part) => addRemovals(part, netns, some);
    const links = [...netns.links.values()].filter(({ revision }) => revision > from && revision <= context.until);
    const addresses = wanted.has('ADDRESSES') && links.length > 0 ? slotsByIfindex(netns) : undefined;
    for (const some of slices(links, LINKS_AT_ONCE)) {
      yield (part) => {
        for (const link of some) {
          const known = interfaceOf(netns, link, addresses?.get(link.ifindex) ?? [], context);
          if (known !== undefined) part.interfaces.push(known);
        }
      };
    }
  }
  for (const table of ROW_TABLES) {
    if (!wanted.has(table.name) || netns.tables[table.name].changedAt <= from) continue;
    const { rows } = netns.tables[table.name];
    const slots =
      from < 0 ? [...rows.slots()].filter((slot) => rows.revisionOf(slot) <= context.until) : rows.changed(from, context.until);
    const removed = gone.get(table.name) ?? [];
    const size = removed.length > 0 && removed.length + slots.length <= ROWS_TOGETHER ? ROWS_TOGETHER : ROWS_AT_ONCE;
    const fills: Fill[] = [
      ...[...slices(removed, size)].map(
        (some): Fill =>
          (part) =>
            addRemovals(part, netns, some),
      ),
      ...[...slices(slots, size)].map(
        (some): Fill =>
          (part) =>
            addRows(part, netns, table, some, context),
      ),
    ];
    if (size === ROWS_AT_ONCE) yield* fills;
    else yield (part) => fills.forEach((fill) => fill(part));
  }
}

function addRows(part: NetnsChange, netns: LiveNetns, table: AnyRowTable, slots: readonly number[], context: PartsContext): void {
  const { rows } = netns.tables[table.name];
  const { view } = rows;
  const add = adder(part[table.section], netns, table, context.onMalformed);
  for (const slot of slots) {
    // Gone since the part before: its removal is sent next time.
    if (rows.has(slot)) add(view, rows.start(slot), rows.end(slot), slot);
  }
}

/** Decodes rows and appends them to a list. */
function adder(
  list: Row[],
  netns: LiveNetns,
  table: AnyRowTable,
  onMalformed?: PartsContext['onMalformed'],
): (view: DataView, start: number, end: number, rowId: number) => void {
  const { id: netnsId } = netns;
  const nameOf = (ifindex: number): string | undefined => netns.nameOf(ifindex);
  return (view, start, end, rowId) => {
    const row = rowAt(table, view, start, end, { netnsId, nameOf, rowId });
    if (row instanceof DecodeError) onMalformed?.(netns, table.name, rowId, row);
    else list.push(row);
  };
}

/** One complete interface; undefined if its bytes cannot be decoded. @param addresses slots of its addresses */
export function interfaceOf(
  netns: LiveNetns,
  link: LinkEntry,
  addresses: readonly number[],
  context: PartsContext,
): Interface | undefined {
  const { rows } = netns.tables.LINKS;
  if (!rows.has(link.slot)) return undefined;
  const record = decodeLink(rows.view, rows.start(link.slot), rows.end(link.slot));
  if (record instanceof DecodeError) {
    context.onMalformed(netns, 'LINKS', link.slot, record);
    return undefined;
  }
  // The slot may belong to another interface by now: both are sent again then.
  const own = addressesOf(netns, addresses, context).filter(({ ifindex }) => ifindex === link.ifindex);
  return completeInterface(record, own, {
    netnsId: netns.id,
    masterName: record.masterIfindex === undefined ? undefined : netns.nameOf(record.masterIfindex),
    linkNetnsId: link.linkKey === undefined ? undefined : context.namespaces.get(link.linkKey)?.id,
    veth: vethOf(link, context),
  });
}

function vethOf({ verdict }: LinkEntry, { namespaces }: PartsContext): Veth | undefined {
  if (verdict === undefined) return undefined;
  const netns = verdict.key === undefined ? undefined : namespaces.get(verdict.key);
  if (netns === undefined || verdict.ifindex === undefined) return { status: verdict.status };
  return { status: verdict.status, peer: { netnsId: netns.id, ifindex: verdict.ifindex, name: verdict.name ?? '' } };
}

function addressesOf(netns: LiveNetns, slots: readonly number[], context: PartsContext): AddressRecord[] {
  const { rows } = netns.tables.ADDRESSES;
  const { view } = rows;
  return slots.flatMap((slot) => {
    if (!rows.has(slot)) return [];
    const record = decodeAddress(view, rows.start(slot), rows.end(slot));
    if (!(record instanceof DecodeError)) return [record];
    context.onMalformed(netns, 'ADDRESSES', slot, record);
    return [];
  });
}

/** Slots of the addresses of each interface, in their order. */
export function slotsByIfindex(netns: LiveNetns): Map<number, number[]> {
  const { rows } = netns.tables.ADDRESSES;
  const { view } = rows;
  const groups = new Map<number, number[]>();
  for (const slot of rows.slots()) push(groups, ifindexAt(view, rows.start(slot)), slot);
  return groups;
}

function addRemovals(part: NetnsChange, netns: LiveNetns, gone: readonly Removal[]): void {
  for (const { table, number, bytes } of gone) {
    if (table === 'LINKS') {
      // It may be there again.
      if (!netns.links.has(number)) part.removedIfindexes.push(number);
      continue;
    }
    const rowTable = rowTableOf(table);
    if (bytes === undefined || rowTable === undefined) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    adder(part[removedOf(rowTable.section)], netns, rowTable)(view, 0, bytes.length, number);
  }
}

function statusesOf(netns: LiveNetns, tables: readonly Table[]): TableStatus[] {
  return tables.map((table): TableStatus => {
    if (table === 'NSIDS') {
      return { table, status: netns.nsidGap?.status ?? netns.tables.LINKS.status, rows: netns.resolvedNsids, attempts: 1 };
    }
    const { status, rows, attempts, malformed } = netns.tables[table];
    const bad = malformed?.size ?? 0;
    return {
      table,
      status: status === 'OK' && bad > 0 ? 'MALFORMED' : status,
      rows: rows.count - bad,
      attempts,
    };
  });
}

function emptyChange(netns: NetnsChange['netns']): NetnsChange {
  return { netns, whole: false, removedIfindexes: [], interfaces: [], ...noRemovals(), ...noRows() };
}

function* slices<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
