import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { ROOT } from '../../support/root.js';

interface Variant {
  readonly id: string;
  readonly title: string;
  readonly base: string;
  readonly maxRounds?: number;
  readonly run: () => Promise<number>;
}

interface Row {
  readonly id: string;
  readonly ms: number;
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

interface Change {
  readonly key: string;
  readonly value: number;
  readonly sent: bigint;
  readonly acknowledged: bigint;
}

interface Arrival {
  readonly key: string;
  readonly value: number;
  readonly at: bigint;
}

interface Judged {
  readonly measure: string;
  readonly size: string;
  readonly measured: string;
  readonly verdict: string;
}

async function load<Module>(file: string): Promise<Module> {
  return (await import(pathToFileURL(join(ROOT, 'bench', file)).href)) as Module;
}

const { measure, median, percentile } = await load<{
  measure: (variants: readonly Variant[], rounds: number) => Promise<Row[]>;
  median: (values: readonly number[]) => number;
  percentile: (values: readonly number[], share: number) => number;
}>('rounds.mjs');
const { latencies, valueOfDst } = await load<{
  latencies: (
    changes: readonly Change[],
    arrivals: readonly Arrival[],
  ) => { fromSentMs: number[]; fromAcknowledgedMs: number[]; lost: number };
  valueOfDst: (dst: string) => number;
}>('poke.mjs');
const { judge } = await load<{ judge: (results: readonly object[], big?: object) => Judged[] }>('targets.mjs');

const MS = 1_000_000n;

function change(key: string, value: number, sentMs: number): Change {
  const sent = BigInt(sentMs) * MS;
  return { key, value, sent, acknowledged: sent + MS };
}

function arrival(key: string, value: number, atMs: number): Arrival {
  return { key, value, at: BigInt(atMs) * MS };
}

t.test('the rounds of the benchmarks', async (t) => {
  t.test('take a ratio inside its round, so that a slow round does not show in it', async (t) => {
    let round = 0;
    const variants: Variant[] = [
      { id: 'floor', title: '', base: 'floor', run: async () => [10, 1000, 10][round] ?? 0 },
      { id: 'other', title: '', base: 'floor', run: async () => [20, 2000, 30][round] ?? 0 },
    ];
    const rows: Row[][] = [];
    for (; round < 3; round++) rows.push(await measure(variants, 1));
    t.strictSame(
      rows.map((some) => some.find(({ id }) => id === 'other')?.ratio),
      [2, 2, 3],
    );
  });

  t.test('run a slow variant as often as it says, and each variant once a round', async (t) => {
    const runs = { floor: 0, slow: 0 };
    const variant = (id: 'floor' | 'slow', maxRounds?: number): Variant => ({
      id,
      title: '',
      base: 'floor',
      ...(maxRounds !== undefined && { maxRounds }),
      run: async () => ++runs[id],
    });
    const rows = await measure([variant('floor'), variant('slow', 2)], 5);
    t.strictSame(runs, { floor: 5, slow: 2 });
    t.strictSame(
      rows.map(({ id, ms, ratio, low, high, rounds }) => ({ id, ms, ratio, low, high, rounds })),
      [
        { id: 'floor', ms: 3, ratio: 1, low: 1, high: 1, rounds: 5 },
        { id: 'slow', ms: 1.5, ratio: 1, low: 1, high: 1, rounds: 2 },
      ],
    );
  });

  t.test('have a median between the two in the middle, and percentiles that were measured', async (t) => {
    t.equal(median([4, 1, 3, 2]), 2.5);
    const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
    t.equal(percentile(hundred, 0.99), 99);
    t.equal(percentile([7], 0.99), 7);
  });
});

t.test('latencies of changes', async (t) => {
  t.test('are from before the request and from the acknowledgement to the first message that has the change', async (t) => {
    const { fromSentMs, fromAcknowledgedMs, lost } = latencies(
      [change('a', 1, 0), change('b', 1, 5), change('a', 2, 10)],
      [arrival('a', 1, 3), arrival('b', 1, 6), arrival('a', 1, 8), arrival('a', 2, 14)],
    );
    t.strictSame(fromSentMs, [3, 1, 4]);
    t.strictSame(fromAcknowledgedMs, [2, 0, 3]);
    t.equal(lost, 0);
  });

  t.test('of a change that was overtaken end with the message that has the later one', async (t) => {
    const { fromSentMs, lost } = latencies([change('a', 1, 0), change('a', 2, 1), change('a', 3, 2)], [arrival('a', 3, 9)]);
    t.strictSame(fromSentMs, [9, 8, 7]);
    t.equal(lost, 0);
  });

  t.test('are missing for changes of which nothing came', async (t) => {
    const { fromSentMs, lost } = latencies([change('a', 1, 0), change('a', 2, 1)], [arrival('a', 1, 3), arrival('b', 2, 4)]);
    t.strictSame(fromSentMs, [3]);
    t.equal(lost, 1);
  });

  t.test('read the value of a forwarding entry from its address', async (t) => {
    t.equal(valueOfDst('198.18.7.210'), 7 * 256 + 210);
    for (const other of ['192.168.1.1', '198.51.7.210', '10.18.7.210']) t.strictSame(valueOfDst(other), Number.NaN);
  });
});

t.test('the verdicts', async (t) => {
  const scan = (size: number, full: number): object => ({ size, scan: { rows: [{ id: 'full', ms: 1, ratio: full }] } });
  const ofFullScan = (results: readonly object[]): Judged[] =>
    judge(results).filter(({ measure: title }) => title.startsWith('full scan in a running agent'));

  t.test('say met up to the limit, missed beyond it, and not measured of sizes that were left out', async (t) => {
    t.strictSame(
      ofFullScan([scan(1000, 1.1)]).map((row) => [row.size, row.measured, row.verdict]),
      [
        ['1000', '1.10 ×', 'met'],
        ['5000', '', 'not measured'],
      ],
    );
    t.strictSame(
      ofFullScan([scan(1000, 1.11), scan(5000, 1)]).map((row) => row.verdict),
      ['missed', 'met'],
    );
  });

  t.test('are not given at a size that the target does not speak of', async (t) => {
    t.equal(ofFullScan([scan(100, 9)])[0]?.verdict, '');
  });

  t.test('judge the longest of all stretches', async (t) => {
    const stretch = (ownMs: number): object => ({ ownMs, wallMs: 2 * ownMs });
    const agent = {
      readStretch: stretch(1),
      syncStretch: stretch(2),
      serving: [{ name: 'fdb', stretch: stretch(6) }],
      latency: { stretch: stretch(3) },
      flood: { stretch: stretch(4), lost: 0, wrong: 0, p99Ms: 1 },
      watching: { residentMb: 1 },
      idle: { percent: 0 },
    };
    const row = judge([{ size: 10, agent: { ...agent, latency: { ...agent.latency, p50Ms: 1, p99Ms: 1 } } }]).find(
      ({ measure: title }) => title === 'main thread blocked at a stretch',
    );
    t.strictSame([row?.measured, row?.verdict], ['6.00 ms', 'missed']);
  });

  t.test('are missing where nothing was measured, in every row', async (t) => {
    t.strictSame([...new Set(judge([]).map(({ verdict }) => verdict))], ['not measured']);
  });
});
