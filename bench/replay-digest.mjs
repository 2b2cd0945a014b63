// What namespaces hold, short enough to be compared between processes.
import { createHash } from 'node:crypto';

/** Set by whoever answers, not by the kernel. */
const LEFT_OUT = new Set(['host', 'netnsName', 'rowId']);
const TABLES = ['interfaces', 'fdb', 'neighbors'];

/** The same text for the same row, whatever the order of its fields. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? `${value}` : JSON.stringify(value);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined && !LEFT_OUT.has(key));
  return `{${keys
    .sort()
    .map((key) => `${key}:${canonical(value[key])}`)
    .join()}}`;
}

/**
 * Counts and a digest of each table's rows, in whatever order they come.
 * @param {{ interfaces: object[], fdb: object[], neighbors: object[] }} lists
 * @returns {Record<string, string>} "400 rows, 3f2a…" by table
 */
export function digestOf(lists) {
  return Object.fromEntries(
    TABLES.map((table) => {
      const hash = createHash('sha256');
      for (const row of lists[table].map(canonical).sort()) hash.update(row).update('\n');
      return [table, `${lists[table].length} rows, ${hash.digest('hex').slice(0, 16)}`];
    }),
  );
}

/** The tables of all namespaces of a snapshot. @param {{ interfaces: object[], fdb: object[], neighbors: object[] }[]} namespaces */
export function digestOfNamespaces(namespaces) {
  return digestOf(Object.fromEntries(TABLES.map((table) => [table, namespaces.flatMap((netns) => netns[table])])));
}
