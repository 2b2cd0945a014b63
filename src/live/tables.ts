// Which requests read which tables, in full and in part.
import type { NetlinkRequest } from '../native/types.js';
import { formatOf, sourceOf, type SourceName } from '../tables/index.js';

/** asm-generic/errno-base.h: what the kernel answers about an interface that is gone. */
const ENODEV = 19;

/** What of a table is read: all of it, or the rows of some interfaces. */
export type Scope = 'whole' | ReadonlySet<number>;

/** The requests that read a table in full. @param acceptInterrupted take the rows even when the table changed meanwhile */
export function wholeRequests(table: SourceName, acceptInterrupted: boolean): NetlinkRequest[] {
  const { requests } = sourceOf(table);
  const rows = { format: formatOf(table), ...(acceptInterrupted && { acceptInterrupted }) };
  return requests.map((bytes, at) => ({ bytes, rows: at === requests.length - 1 ? rows : { ...rows, more: true } }));
}

/** The request that reads the rows of one interface; undefined when the table cannot be read in parts. */
export function partRequest(table: SourceName, ifindex: number): NetlinkRequest | undefined {
  const bytes = sourceOf(table).partRequest?.(ifindex);
  return bytes === undefined ? undefined : { bytes, rows: { format: formatOf(table), ifindex, emptyErrno: ENODEV } };
}
