import t from 'tap';
import { SeriesBudget, Slices } from '../../../src/metrics/scrape.js';
import { Sheet } from '../../../src/metrics/sheet.js';

const FAMILIES = { a_total: 'First \\ of two.', b: 'Second.' };

t.test('a sheet', async (t) => {
  t.test('tells family by family, each with all of its series', async (t) => {
    const sheet = new Sheet(FAMILIES);
    sheet.add('{x="1"}', [1, 2]);
    sheet.add('{x="2"}', [2 ** 53, undefined]);
    sheet.add('{x="3"}', [2 ** 64, Number.POSITIVE_INFINITY]);
    t.equal(
      [...sheet.text()].join(''),
      [
        '# HELP a_total First \\\\ of two.',
        '# TYPE a_total counter',
        'a_total{x="1"} 1',
        'a_total{x="2"} 9007199254740992',
        'a_total{x="3"} 18446744073709552000',
        '# HELP b Second.',
        '# TYPE b gauge',
        'b{x="1"} 2',
        'b{x="3"} +Inf',
        '',
      ].join('\n'),
    );
  });

  t.test('comes in pieces of a line or two, so that it can be told in slices', async (t) => {
    const sheet = new Sheet(FAMILIES);
    for (let row = 0; row < 100; row++) sheet.add(`{row="${row}"}`, [row, row]);
    for (const piece of sheet.text()) t.ok(piece.length < 100, piece);
  });
});

t.test('the limit on series', async (t) => {
  t.test('lets in whoever comes first and counts the others by scope', async (t) => {
    const budget = new SeriesBudget(10);
    t.strictSame(
      [budget.take('a', 4), budget.take('b', 4), budget.take('b', 4), budget.take('a', 1)],
      [true, true, false, false],
    );
    t.strictSame(Object.fromEntries(budget.dropped), { a: 1, b: 4 });
  });

  t.test('says 0 of a scope of which nothing was left out', async (t) => {
    const budget = new SeriesBudget(10);
    budget.take('a', 10);
    t.strictSame(Object.fromEntries(budget.dropped), { a: 0 });
  });
});

t.test('slices', async (t) => {
  t.test('are due after some milliseconds of work, and not right after a rest', async (t) => {
    let time = 0;
    const slices = new Slices(() => time);
    t.equal(slices.areDue, false);
    time = 5;
    t.equal(slices.areDue, true);
    await slices.rest();
    t.equal(slices.areDue, false);
  });
});
