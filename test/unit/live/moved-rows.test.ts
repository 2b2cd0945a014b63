import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { movedRows } from '../../../src/live/moved-rows.js';
import { RowStore } from '../../../src/live/row-store.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { rowTableOf } from '../../../src/tables/index.js';
import { attribute, hex, join, u32 } from '../../support/message-builder.js';

const RULES = rowTableOf('RULES');
assert.ok(RULES !== undefined);

function store(slots: readonly number[], priorityOf: (slot: number) => number): RowStore {
  const rows = new RowStore(true);
  for (const slot of slots) {
    const bytes = join(hex('02000000 fe000001 00000000'), attribute(uapi.FRA_PRIORITY, u32(priorityOf(slot))));
    rows.add(slot, new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length, 1);
  }
  return rows;
}

t.test('rules of other priorities stay where a rule comes in between', async (t) => {
  const rows = store([0, 1, 2, 3], (slot) => (slot === 3 ? 10 : 10 * slot));
  t.strictSame(movedRows(RULES, rows, [0, 1, 3, 2], new Set([3])), []);
});

t.test('a reader who appends what moved and what is new has the order of each priority', async () => {
  const orders = fc.tuple(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7]), fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7]));
  fc.assert(
    fc.property(orders, fc.func(fc.integer({ min: 1, max: 2 })), ([before, after], priorityOf) => {
      const come = new Set(after.filter((slot) => !before.includes(slot)));
      const stays = before.filter((slot) => after.includes(slot));
      const rows = store([...stays, ...after.filter((slot) => come.has(slot))], priorityOf);
      const moved = new Set(movedRows(RULES, rows, after, come));
      const seen = [...stays.filter((slot) => !moved.has(slot)), ...after.filter((slot) => moved.has(slot) || come.has(slot))];
      for (const priority of [1, 2]) {
        const isOf = (slot: number): boolean => priorityOf(slot) === priority;
        assert.deepEqual(seen.filter(isOf), after.filter(isOf));
      }
    }),
    { numRuns: 500 },
  );
});
