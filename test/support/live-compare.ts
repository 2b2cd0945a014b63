// What a live host tells, put together and made comparable with a read of the kernel at one time.
import { ALL_TABLES, eachSection, noRows, type Section, SECTIONS } from '../../src/tables/index.js';
import { stripVolatile } from './strip-volatile.js';
import type { HostSnapshot, Interface, Netns, NetnsChange, Table } from '../../src/model/types.js';
import type { LiveHost } from '../../src/live/types.js';

/** Everything that a live host knows of a namespace. */
export function wholeNetns(live: LiveHost, key: number, tables: readonly Table[] = ALL_TABLES): Netns | undefined {
  let netns: Netns | undefined;
  for (const part of live.parts(key, undefined, tables)) netns = merge(netns, part);
  return netns;
}

function merge(netns: Netns | undefined, part: NetnsChange): Netns {
  const known = netns ?? { ...part.netns, interfaces: [], ...noRows() };
  known.interfaces.push(...part.interfaces);
  for (const section of SECTIONS) (known[section] as object[]).push(...part[section]);
  return known;
}

/** Rows of a namespace as comparable text, by table; nothing that changes by itself, no ids of rows, in an order of their own. */
export type Comparable = Readonly<Record<'interfaces' | Section, string[]>>;

/** Two of the same state are deeply equal. */
export function comparable(netns: Pick<Netns, 'interfaces' | Section>): Comparable {
  return {
    interfaces: texts(netns.interfaces.map((link): Interface => ({ ...stripVolatile(link) }))),
    ...eachSection((section) => texts(netns[section].map(stripVolatile))),
  };
}

function texts(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify({ ...row, rowId: undefined, host: undefined, netnsName: undefined }, sorted)).sort();
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A snapshot's namespaces, comparable, by id. */
export function comparableSnapshot({ namespaces }: Pick<HostSnapshot, 'namespaces'>): Map<string, Comparable> {
  return new Map([...namespaces].sort((a, b) => (a.id < b.id ? -1 : 1)).map((netns) => [netns.id, comparable(netns)]));
}

/** The same of a live host. */
export function comparableHost(live: LiveHost): Map<string, Comparable> {
  const namespaces = live.keys().flatMap((key) => wholeNetns(live, key) ?? []);
  return comparableSnapshot({ namespaces });
}

/** In what two states differ, one line for each row that only one of them has; empty when they are the same. */
export function stateDifferences(ours: ReadonlyMap<string, Comparable>, theirs: ReadonlyMap<string, Comparable>): string[] {
  const none: Comparable = { interfaces: [], ...eachSection(() => []) };
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((id) => {
    const [own, other] = [ours.get(id) ?? none, theirs.get(id) ?? none];
    const missing = ours.has(id) === theirs.has(id) ? [] : [`${id}: only ${ours.has(id) ? 'we have' : 'they have'} it`];
    const rows = (Object.keys(none) as (keyof Comparable)[]).flatMap((section) => [
      ...only(own[section], other[section]).map((row) => `only we have: ${section} ${row}`),
      ...only(other[section], own[section]).map((row) => `only they have: ${section} ${row}`),
    ]);
    return [...missing, ...rows];
  });
}

function only(rows: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1);
  return rows.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  });
}
