// The definition of a table of the kernel: one file each, found through registry.gen.ts. Code that reads, watches, keeps,
// sends, selects or counts rows iterates over these definitions and knows no table by name.
import { LITTLE_ENDIAN } from '../netlink/attributes.js';
import type { EventRule, RowFormat } from '../native/types.js';
import type { Ifindex } from '../proto/identifiers.js';
import type { DecoderFilter } from './shared/attribute-table.js';
import type { Decoded } from './shared/result.js';

/** Fields of the rows of every table in the public model. */
export interface RowBase {
  /** "net:[4026532287]" */
  netnsId: string;
  /** Id of the host; in lists. */
  host?: string;
  /** Display name of the namespace; in lists. */
  netnsName?: string;
  /** Interface of the row; absent if it has none. */
  ifindex?: Ifindex;
  ifname?: string;
  /** Identifies a row of one table and namespace in Watch. */
  rowId?: number;
}

/** Where a row was read. */
export interface RowPlace {
  readonly netnsId: string;
  /** Name of an interface of the namespace. */
  readonly nameOf: (ifindex: Ifindex) => string | undefined;
  /** Absent in a saved snapshot. */
  readonly rowId?: number;
}

/** The part of a selector that concerns rows; their interface is selected separately. */
export interface RowSelector {
  readonly macs?: readonly string[];
  readonly ips?: readonly string[];
}

/** Whether a row is concerned; by its bytes [start, end). */
export type RowTest = (view: DataView, start: number, end: number) => boolean;

/** A change of another table that changes rows of this one without an event of their own. */
export interface Follows {
  /** Name of the other table, which need not be kept. */
  readonly table: string;
  /** Read the rows of that interface only. Default: the full table. */
  readonly sameInterface?: boolean;
  /** Read only the rows that are set apart. */
  readonly apart?: boolean;
  /** Only rows like this one are changed: nothing is read where there is none. Default: any row may be. */
  readonly where?: RowTest;
  /** Read again after so many milliseconds: the kernel changes the rows later. */
  readonly againAfterMs?: number;
}

/** Offset of the ifindex in ifinfomsg, ifaddrmsg and ndmsg. // linux/rtnetlink.h, if_addr.h, neighbour.h, v6.12 */
export const IFINDEX_AT = 4;

/** The ifindex of a row of those. @param start of its header */
export function ifindexAt(view: DataView, start: number): number {
  return view.getInt32(start + IFINDEX_AT, LITTLE_ENDIAN);
}

/** Stands for an ifindex: the rows of a table that are set apart, because they are read by a request of their own. */
export const APART = 0;

/** How a table is read. */
export interface TableSource<Name extends string = string> {
  /** Its name in enum Table of the .proto files, in statuses and in gaps. */
  readonly name: Name;
  /** The parts of a message that are remembered between reads. */
  readonly format: RowFormat & { readonly filter: DecoderFilter };
  /** The requests that read the full table, in this order. */
  readonly requests: readonly Uint8Array[];
  /** The same where counters are wanted, too. Default: `requests`. */
  readonly completeRequests?: readonly Uint8Array[];
  /** The kernel's events that report changed rows. Empty where it sends none: the next full read finds the changes. */
  readonly events: readonly Omit<EventRule, 'table'>[];
  /** The request that reads the rows of one interface. Absent: the table cannot be read in parts, or that would cost as much. */
  readonly partRequest?: (ifindex: number) => Uint8Array;
  /** The request that reads the rows that `format.apart` sets apart, and no others. It is one of `requests`, too. */
  readonly apartRequest?: Uint8Array;
}

/** How the rows of a table are counted. */
export interface Counted {
  /** One row: "fdb row". */
  readonly noun: string;
  /** The rows in a text for people: "Forwarding rows". */
  readonly title: string;
  /** The rows in the name of a metric: "fdb_entries". */
  readonly metric: string;
  /** Heading of their number in the list of hosts. Absent: it is not shown there. */
  readonly heading?: string;
}

/** A table whose rows stand in a section of their own in namespaces, changes and lists. */
export interface RowTable<Row extends RowBase, Name extends string = string, Section extends string = string>
  extends TableSource<Name> {
  /** Name of the field that has its rows, and of the command that lists them: "fdb". */
  readonly section: Section;
  readonly counted: Counted;
  /**
   * Decodes the payload of one message, bytes [start, end), to a row without the fields of RowBase. Remembered bytes decode to the same
   * without values that change by themselves.
   */
  decode(view: DataView, start: number, end: number): Decoded<Omit<Row, 'netnsId'>>;
  /** Rows that the kernel lists and `ip` does not show; by their bytes. Default: none. */
  readonly isHidden?: (view: DataView, start: number) => boolean;
  /** Adds fields that depend on the namespace, besides `netnsId`, `ifname` and `rowId`. In place: copies are slow to make and to read. */
  complete?(row: Row, place: RowPlace): void;
  /**
   * Whether a row shows the name of one of these interfaces; by its bytes [start, end). For a table whose format has no `ifindexAt`. Default: no row
   * does.
   */
  readonly namesInterface?: (view: DataView, start: number, end: number, ifindexes: ReadonlySet<number>) => boolean;
  /** What identifies a row for people: the same before and after a change. Several rows may share it. */
  readonly identity: (row: Row) => string;
  /** Names of interfaces by which a row is selected although it has no ifindex: those that a rule names, "all". Default: none. */
  readonly interfaceNames?: (row: Row) => readonly (string | undefined)[];
  /**
   * What rows have in common whose order means something, in which the kernel lists them: whoever follows keeps that order, too. Default: order
   * means nothing to those who follow.
   */
  readonly orderedWithin?: (row: Row) => string;
  /** Whether a row matches; its interface was checked already. */
  selects(row: Row, selector: RowSelector): boolean;
  /** Field with the IP address that differs from row to row: kept in binary form if there are millions of rows. */
  readonly address?: keyof Row & string;
  /** Fields whose text differs from row to row: the others repeat the same few texts, of which one copy is kept. */
  readonly distinct?: readonly (keyof Row & string)[];
  readonly follows?: readonly Follows[];
  /** Full reads under events until this table is read again, too; rows that are set apart are read in each of them. Default 1. */
  readonly rescanEvery?: number;
}

/** Defines a table; the name and the section become part of its type. */
export function defineTable<Row extends RowBase>() {
  return <const Name extends string, const Section extends string>(
    table: RowTable<Row, Name, Section>,
  ): RowTable<Row, Name, Section> => table;
}

/** Whether any wanted value matches; an absent or empty list matches everything. */
export function fitsAny<Value>(wanted: readonly Value[] | undefined, fits: (value: Value) => boolean): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.some(fits);
}

/** Whether a row's MAC address matches; a row without one matches only an absent or empty list. */
export function selectsMac(mac: string | undefined, { macs }: RowSelector): boolean {
  return fitsAny(macs, (wanted) => mac?.toLowerCase() === wanted.toLowerCase());
}

/** Whether one of a row's addresses matches, with or without the prefix length. */
export function selectsIp(ips: readonly (string | undefined)[], selector: RowSelector): boolean {
  return fitsAny(selector.ips, (wanted) => ips.some((ip) => ip !== undefined && (ip === wanted || ip.split('/')[0] === wanted)));
}
