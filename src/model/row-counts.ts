import { eachSection, type Section } from '../tables/index.js';

/** How many rows there are of each table. */
export interface RowCounts {
  /** By section. */
  rows: Record<string, number>;
  /** As in `rows`: what stood there before it. */
  fdbEntries: number;
  neighbors: number;
  routes: number;
}

/** The counts of every section. */
export function rowCounts(count: (section: Section) => number): RowCounts {
  const rows = eachSection(count);
  return { rows, fdbEntries: rows.fdb, neighbors: rows.neighbors, routes: rows.routes };
}

/** Of a host of which nothing is known. */
export const NO_COUNTS = { namespaces: 0, interfaces: 0, ...rowCounts(() => 0), gaps: 0, resyncs: 0 } as const;
