// Which requests read which tables, whole and in part.
import { ROW_TABLES, type RowTable } from '../tables/row-formats.js';
import type { NetlinkRequest } from '../native/types.js';
import {
  dumpAddresses,
  dumpFdb,
  dumpLinks,
  dumpNeighbors,
  dumpProxyNeighbors,
  dumpRoutes,
  getLink,
} from '../netlink/requests.js';

/** asm-generic/errno-base.h: what the kernel answers about an interface that is gone. */
const ENODEV = 19;

/** What of a table is read: all of it, or the rows of some interfaces. */
export type Scope = 'whole' | ReadonlySet<number>;

/** The requests that read a table whole. @param anyhow take the rows even when the table changed meanwhile */
export function wholeRequests(table: RowTable, anyhow: boolean): NetlinkRequest[] {
  const format = ROW_TABLES.indexOf(table);
  const rows = { format, ...(anyhow && { acceptInterrupted: true }) };
  switch (table) {
    case 'LINKS':
      return [{ bytes: dumpLinks({ counters: false }), rows }];
    case 'ADDRESSES':
      return [{ bytes: dumpAddresses(), rows }];
    case 'FDB':
      return [{ bytes: dumpFdb(), rows }];
    case 'NEIGHBORS':
      // The kernel gives either the rows or the proxy rows.
      return [
        { bytes: dumpNeighbors(), rows: { ...rows, more: true } },
        { bytes: dumpProxyNeighbors(), rows },
      ];
    case 'ROUTES':
      return [{ bytes: dumpRoutes(), rows }];
  }
}

/** The request that reads the rows of one interface; undefined when the table cannot be read in parts. */
export function partRequest(table: RowTable, ifindex: number): NetlinkRequest | undefined {
  const rows = { format: ROW_TABLES.indexOf(table), ifindex, emptyErrno: ENODEV };
  switch (table) {
    case 'LINKS':
      return { bytes: getLink(ifindex), rows };
    case 'ADDRESSES':
      return { bytes: dumpAddresses({ ifindex }), rows };
    case 'FDB':
      return { bytes: dumpFdb({ ifindex }), rows };
    default:
      // The kernel walks all neighbours of the machine however few are wanted, and proxy rows take another request.
      return undefined;
  }
}
