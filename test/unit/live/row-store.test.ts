import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { RowStore } from '../../../src/live/row-store.js';

const bytesOf = (store: RowStore, slot: number): number[] => [
  ...new Uint8Array(store.view.buffer, store.start(slot), store.end(slot) - store.start(slot)),
];

type Step = { readonly add: number; readonly bytes: Uint8Array } | { readonly remove: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ add: fc.nat(20), bytes: fc.uint8Array({ maxLength: 90 }) }),
  fc.record({ remove: fc.nat(20) }),
);

t.test('rows by slot', async (t) => {
  t.test('are what was put in last, whatever came and went', async () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.boolean(), (steps, ordered) => {
        const store = new RowStore(ordered);
        const model = new Map<number, { bytes: number[]; revision: number }>();
        for (const [at, action] of steps.entries()) {
          if ('add' in action) {
            // Inside of a larger buffer, as batches are.
            const batch = new Uint8Array([7, 7, 7, ...action.bytes, 7]);
            store.add(action.add, new DataView(batch.buffer, 1), 2, 2 + action.bytes.length, at);
            model.delete(action.add);
            model.set(action.add, { bytes: [...action.bytes], revision: at });
          } else {
            const removed = store.remove(action.remove);
            const known = model.get(action.remove);
            assert.deepEqual(removed && [...removed], known?.bytes);
            model.delete(action.remove);
          }
        }
        const slots = ordered ? [...model.keys()] : [...model.keys()].sort((a, b) => a - b);
        assert.deepEqual([...store.slots()], slots);
        assert.equal(store.count, model.size);
        for (const [slot, { bytes, revision }] of model) {
          assert.deepEqual(bytesOf(store, slot), bytes);
          assert.equal(store.revisionOf(slot), revision);
        }
        const half = steps.length / 2;
        assert.deepEqual(
          store.changed(half, steps.length),
          slots.filter((slot) => (model.get(slot)?.revision ?? 0) > half),
        );
      }),
    );
  });

  t.test('do not grow when the same number of bytes comes as goes', async (t) => {
    const store = new RowStore(false);
    const row = new DataView(new ArrayBuffer(64));
    for (let round = 0; round < 10_000; round++) {
      store.add(round % 7, row, 0, 64, round);
      store.remove((round + 3) % 7);
    }
    t.ok(store.view.byteLength < 4096, `${store.view.byteLength} bytes`);
  });

  t.test('have the order that they are given', async (t) => {
    const store = new RowStore(true);
    const row = new DataView(new ArrayBuffer(4));
    for (const slot of [0, 1, 2]) store.add(slot, row, 0, 4, 1);
    store.reorder([2, 0, 1, 9]);
    t.strictSame([...store.slots()], [2, 0, 1]);
    store.add(0, row, 0, 4, 2);
    t.strictSame([...store.slots()], [2, 1, 0], 'a row that comes anew comes last');
  });
});
