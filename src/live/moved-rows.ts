import { DecodeError } from '../netlink/error.js';
import type { AnyRowTable, Row } from '../tables/index.js';
import type { RowStore } from './row-store.js';

/**
 * Slots of the rows that have to be removed and added again so that a reader who appends what is added gets the new order: of those whose order
 * matters, all behind a row that is new or was moved.
 * @param rows in the old order, with the new ones @param slots in the new order @param come the new ones
 */
export function movedRows(table: AnyRowTable, rows: RowStore, slots: readonly number[], come: ReadonlySet<number>): number[] {
  const { orderedWithin } = table;
  if (orderedWithin === undefined) return [];
  const { view } = rows;
  const before = new Map([...rows.slots()].map((slot, at) => [slot, at]));
  const last = new Map<string, number>();
  return slots.filter((slot) => {
    const row = table.decode(view, rows.start(slot), rows.end(slot));
    if (row instanceof DecodeError) return false;
    const group = orderedWithin(row as Row & typeof row);
    const at = come.has(slot) ? Infinity : (before.get(slot) ?? Infinity);
    const isMoved = at < (last.get(group) ?? -1);
    last.set(group, isMoved ? Infinity : at);
    return isMoved;
  });
}
