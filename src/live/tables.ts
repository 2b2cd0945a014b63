// Which requests read which tables, in full and in part.
import type { NetlinkRequest, RowFormat } from '../native/types.js';
import { APART } from '../tables/contract.js';
import { formatOf, rowTableOf, sourceOf, SOURCES, type SourceName } from '../tables/index.js';

/** asm-generic/errno-base.h: what the kernel answers about an interface that is gone. */
const ENODEV = 19;

/** What of a table is read: all of it, or the rows of some interfaces. */
export type Scope = 'whole' | ReadonlySet<number>;

/** How a table is read. */
export interface ReadWish {
  /** Take the rows even when the table changed meanwhile. */
  readonly acceptInterrupted?: boolean;
  /** Counters, timers and ages, too. */
  readonly complete?: boolean;
}

/** What is remembered of the rows of every table. @param complete counters, timers and ages, too: then everything differs at each read */
export function rowFormats(complete = false): RowFormat[] {
  return SOURCES.map(({ format }) => (complete ? { ...format, filter: format.filter.complete } : format));
}

/** The requests that read a table in full. */
export function wholeRequests(
  table: SourceName,
  { acceptInterrupted = false, complete = false }: ReadWish = {},
): NetlinkRequest[] {
  const source = sourceOf(table);
  const requests = (complete ? source.completeRequests : undefined) ?? source.requests;
  const rows = { format: formatOf(table), ...(acceptInterrupted && { acceptInterrupted }) };
  return requests.map((bytes, at) => ({ bytes, rows: at === requests.length - 1 ? rows : { ...rows, more: true } }));
}

/** The request that reads the rows of one interface, or those that are set apart; undefined when the table cannot be read in parts. */
export function partRequest(table: SourceName, ifindex: number): NetlinkRequest | undefined {
  const source = sourceOf(table);
  const bytes = ifindex === APART ? source.apartRequest : source.partRequest?.(ifindex);
  return bytes === undefined ? undefined : { bytes, rows: { format: formatOf(table), ifindex, emptyErrno: ENODEV } };
}

/** The rows of a table that are read by a request of their own. */
export const APART_SCOPE: Scope = new Set([APART]);

/** Whether only those are read: that costs the same however many others there are. */
export function isApart(scope: Scope): boolean {
  return scope !== 'whole' && scope.size === 1 && scope.has(APART);
}

/** What of each table is read in a full read. @param count full reads so far, under events; absent without events: everything is read */
export function rescanScopes(count?: number): ReadonlyMap<SourceName, Scope> {
  const scopes = new Map<SourceName, Scope>();
  for (const { name, apartRequest } of SOURCES) {
    if (count === undefined || count % (rowTableOf(name)?.rescanEvery ?? 1) === 0) scopes.set(name, 'whole');
    else if (apartRequest !== undefined) scopes.set(name, APART_SCOPE);
  }
  return scopes;
}
