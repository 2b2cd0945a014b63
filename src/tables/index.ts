// All tables, and what is derived from them: names, the sections of a namespace, and complete rows.
import type { EventRule } from '../native/types.js';
import { DecodeError } from '../netlink/error.js';
import * as uapi from '../netlink/uapi.js';
import { ADDRESSES } from './addresses.js';
import type { Follows, RowBase, RowPlace, RowTable, TableSource } from './contract.js';
import { LINKS } from './links/index.js';
import { ROW_TABLES as REGISTERED } from './registry.gen.js';

type Registered = (typeof REGISTERED)[number];

/** Name of a table whose rows have a section of their own. */
type RowTableName = Registered['name'];

/** Name of a table that is read from the kernel. */
export type SourceName = 'LINKS' | 'ADDRESSES' | RowTableName;

/** A value of enum Table: what is read, and NSIDS, what links refer to. */
export type Table = SourceName | 'NSIDS';

/** The row of each section. */
export type SectionRows = {
  [Each in Registered as Each['section']]: Each extends RowTable<infer Row> ? Row : never;
};

/** Name of a section: the field of a namespace that has the rows of one table. */
export type Section = keyof SectionRows;

/** A row of any section. */
export type Row = SectionRows[Section];

/** The rows of a namespace, by section. */
export type Sections = { [Name in Section]: SectionRows[Name][] };

/** Field of a change with the removed rows. */
export type RemovedSection = `removed${Capitalize<Section>}`;

/** The removed rows of a namespace, by section. */
export type RemovedSections = { [Name in Section as `removed${Capitalize<Name>}`]: SectionRows[Name][] };

/** A table whose rows have a section of their own, as seen by code that iterates over all of them. */
export type AnyRowTable = RowTable<RowBase & Row, RowTableName, Section>;

/** Tables with sections, in the order in which they are read and sent. */
// Each row belongs to its table, which the compiler cannot follow through an iteration over all tables.
export const ROW_TABLES = REGISTERED as unknown as readonly AnyRowTable[];

/** Every table that is read, in the order in which they are read. A position in it is the number of the table's format. */
export const SOURCES: readonly TableSource<SourceName>[] = [LINKS, ADDRESSES, ...ROW_TABLES];

/** Names of what is read. */
export const SOURCE_NAMES: readonly SourceName[] = SOURCES.map(({ name }) => name);

/** Every value of enum Table, in the order of statuses. */
export const ALL_TABLES: readonly Table[] = ['LINKS', 'ADDRESSES', 'NSIDS', ...ROW_TABLES.map(({ name }) => name)];

/** Names of the sections. */
export const SECTIONS: readonly Section[] = ROW_TABLES.map(({ section }) => section);

/** Tables with events: the number of a table in a rule is its position here. */
export const EVENT_TABLES: readonly Table[] = [...SOURCE_NAMES, 'NSIDS'];

/** The events of each table; the first matching rule counts. */
export const EVENT_RULES: readonly EventRule[] = [
  ...SOURCES.flatMap(({ events }, table) => events.map((rule) => ({ ...rule, table }))),
  { table: SOURCES.length, groups: [uapi.RTNLGRP_NSID], types: [uapi.RTM_NEWNSID, uapi.RTM_DELNSID] },
];

const BY_NAME = new Map(SOURCES.map((source) => [source.name, source]));
const ROW_BY_NAME = new Map<Table, AnyRowTable>(ROW_TABLES.map((table) => [table.name, table]));
const BY_SECTION = new Map(ROW_TABLES.map((table) => [table.section, table]));
const FORMATS = new Map(SOURCE_NAMES.map((name, at) => [name, at]));
const REMOVED = Object.fromEntries(SECTIONS.map((section) => [section, `removed${capitalized(section)}`]));

/** A table that follows another. */
export interface Follower extends Follows {
  readonly name: RowTableName;
}

const FOLLOWERS = new Map<string, Follower[]>(ALL_TABLES.map((name) => [name, []]));
for (const { name, follows = [] } of ROW_TABLES)
  for (const followed of follows) known(FOLLOWERS.get(followed.table), followed.table).push({ ...followed, name });

/** What is read again after an event of a table, besides that table. */
export function followersOf(name: Table): readonly Follower[] {
  return known(FOLLOWERS.get(name), name);
}

/** How a table is read. */
export function sourceOf(name: SourceName): TableSource<SourceName> {
  return known(BY_NAME.get(name), name);
}

/** The table of this name whose rows have a section of their own; undefined of links and addresses. */
export function rowTableOf(name: Table): AnyRowTable | undefined {
  return ROW_BY_NAME.get(name);
}

/** The table of a section. */
export function tableOf(section: Section): AnyRowTable {
  return known(BY_SECTION.get(section), section);
}

/** Number of the format of a table's rows. */
export function formatOf(name: SourceName): number {
  return known(FORMATS.get(name), name);
}

/** The field of a change with a section's removed rows: "removedFdb". */
export function removedOf(section: Section): RemovedSection {
  return REMOVED[section] as RemovedSection;
}

/** "Fdb" for "fdb", as in the names of messages and RPCs. */
export function capitalized<Text extends string>(text: Text): Capitalize<Text> {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}` as Capitalize<Text>;
}

const NO_VALUES = Object.fromEntries(SECTIONS.map((section) => [section, undefined]));
const NO_REMOVED = Object.fromEntries(SECTIONS.map((section) => [removedOf(section), undefined]));

/** A value for each section; always with the same fields in the same order. */
export function eachSection<Value>(valueOf: (section: Section) => Value): Record<Section, Value> {
  // A copy that is filled takes a seventh of the time of Object.fromEntries(), and every part of an answer has some of these.
  const values: Record<string, Value | undefined> = { ...NO_VALUES };
  for (const section of SECTIONS) values[section] = valueOf(section);
  return values as Record<Section, Value>;
}

/** No rows. */
export function noRows(): Sections {
  return eachSection(() => []);
}

/** No removed rows. */
export function noRemovals(): RemovedSections {
  const none: Record<string, unknown> = { ...NO_REMOVED };
  for (const section of SECTIONS) none[removedOf(section)] = [];
  return none as RemovedSections;
}

/** Number of rows in all sections. */
export function countRows(sections: Readonly<Record<Section, readonly unknown[]>>): number {
  let count = 0;
  for (const section of SECTIONS) count += sections[section].length;
  return count;
}

/**
 * A row of the public model from the bytes [start, end) of a message. The decoded row is completed in place: a copy by `{...row}` would get a
 * hidden class of its own from V8, one for each row, and reading such rows takes several times as long: encoding a forwarding entry took
 * 7 µs instead of 1.
 */
export function rowAt(table: AnyRowTable, view: DataView, start: number, end: number, place: RowPlace): Row | DecodeError {
  const decoded = table.decode(view, start, end);
  return decoded instanceof DecodeError ? decoded : completeRow(table, decoded, place);
}

/** A row of the public model from a record, which is modified. */
export function completeRow(table: AnyRowTable, record: object, place: RowPlace): Row {
  const row = record as RowBase & Row;
  row.netnsId = place.netnsId;
  const ifname = row.ifindex === undefined ? undefined : place.nameOf(row.ifindex);
  if (ifname !== undefined) row.ifname = ifname;
  if (place.rowId !== undefined) row.rowId = place.rowId;
  table.complete?.(row, place);
  return row;
}

function known<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new RangeError(`there is no table ${name}`);
  return value;
}
