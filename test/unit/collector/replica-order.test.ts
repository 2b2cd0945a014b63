// Rules of one priority are tried in the order in which they were added: a replica keeps it, also through slots that are used again and resyncs.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Budget } from '../../../src/collector/replica/budget.js';
import { ShapePool } from '../../../src/collector/replica/shapes.js';
import { RowTable } from '../../../src/collector/replica/table.js';
import type { Rule } from '../../../src/model/types.js';
import type { Row } from '../../../src/tables/index.js';

const ID = 'net:[1]';

function makeTable(): RowTable {
  const budget = new Budget(64 * 1024 * 1024);
  return new RowTable('rules', { budget, shapes: new ShapePool(budget) });
}

function rule(src: number, rowId: number, priority = 10): Rule & Row {
  const plain = { family: 'inet', priority, action: 'lookup', flags: [], l3mdev: false };
  return { ...plain, netnsId: ID, src: `10.0.0.${src}/32`, rowId };
}

function rowsOf(table: RowTable, since = -1): (Rule & Row)[] {
  const rows: Row[] = [];
  table.read(0, { since, end: table.length, most: Infinity }, ID, rows);
  return rows as (Rule & Row)[];
}

const sources = (rows: readonly Rule[]): (string | undefined)[] => rows.map(({ src }) => src);

/** A reader of changes: removes and appends, as a merger does. */
class Reader {
  readonly #rows = new Map<number, Rule & Row>();
  #at = 0;

  read(table: RowTable, revision: number): (string | undefined)[] {
    for (const { rowId } of table.removedAfter(this.#at, ID)) this.#rows.delete(rowId ?? -1);
    for (const row of rowsOf(table, this.#at)) this.#rows.set(row.rowId ?? -1, row);
    this.#at = revision;
    return sources([...this.#rows.values()]);
  }
}

t.test('a rule that is added comes last, whatever was removed before', async (t) => {
  const table = makeTable();
  for (const [at, src] of [1, 2, 3].entries()) table.put(rule(src, at), 1);
  table.remove(0, 2);
  table.put(rule(9, 0), 2);
  table.put(rule(1, 3), 3);
  table.remove(1, 4);
  table.put(rule(77, 1), 4);
  t.strictSame(sources(rowsOf(table)), ['10.0.0.3/32', '10.0.0.9/32', '10.0.0.1/32', '10.0.0.77/32']);
});

t.test('rules that come and go for long take no more room for that', async (t) => {
  const table = makeTable();
  const reader = new Reader();
  for (const at of [1, 2, 3]) table.put(rule(at, at), 1);
  for (let round = 2; round < 2000; round++) {
    table.remove(round - 1, round);
    table.put(rule(round + 2, round + 2), round);
    assert.deepEqual(
      sources(rowsOf(table)),
      [round, round + 1, round + 2].map((src) => `10.0.0.${src}/32`),
    );
    assert.ok(table.length <= 4 * table.count + 70, `${table.length} slots`);
    assert.deepEqual(reader.read(table, round), sources(rowsOf(table)));
  }
  t.equal(table.count, 3);
});

t.test('after a resync the order is that in which the rules were sent, for readers of changes, too', async () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 12 });
  const priorities = fc.func(fc.integer({ min: 1, max: 2 }));
  fc.assert(
    fc.property(fc.array(numbers, { minLength: 1, maxLength: 6 }), priorities, (rounds, priorityOf) => {
      const table = makeTable();
      const reader = new Reader();
      const byPriority = (all: readonly (Rule & Row)[], priority: number): (string | undefined)[] =>
        sources(all.filter((each) => each.priority === priority));
      for (const [at, round] of rounds.entries()) {
        const revision = at + 1;
        const sent = round.map((src, rowId) => rule(src, rowId, priorityOf(src)));
        if (at > 0) table.resync();
        for (const each of sent) assert.notEqual(table.put(each, revision), 'refused');
        table.settle(revision);
        const read = reader.read(table, revision);
        for (const priority of [1, 2]) {
          const expected = byPriority(sent, priority);
          assert.deepEqual(byPriority(rowsOf(table), priority), expected);
          assert.deepEqual(
            read.filter((src) => expected.includes(src)),
            expected,
          );
        }
      }
    }),
    { numRuns: 500 },
  );
});
