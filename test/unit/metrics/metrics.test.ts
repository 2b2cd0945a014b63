import { setImmediate as nextTurn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Asked } from '../../../src/metrics/families.js';
import { Metrics, type MetricsOptions } from '../../../src/metrics/metrics.js';
import { Sheet } from '../../../src/metrics/sheet.js';
import { DurationCounter } from '../../../src/live/stats.js';
import { fakeLog } from '../agent/fake-host.js';

function metricsFor(t: Test, options: Partial<MetricsOptions> = {}): Metrics & { log: ReturnType<typeof fakeLog> } {
  const log = fakeLog();
  const metrics = new Metrics({ version: '1.2.3', log, ...options });
  t.after(() => metrics.close());
  return Object.assign(metrics, { log });
}

async function textOf(metrics: Metrics): Promise<string> {
  return Buffer.concat(await metrics.render()).toString();
}

const SOME = { some: 'Some.' };

t.test('metrics of a process', async (t) => {
  t.test('say what runs, and how the process is, without a source', async (t) => {
    const text = await textOf(metricsFor(t));
    t.match(text, /^nsatlas_build_info\{version="1\.2\.3",node="v[^"]+"\} 1$/m);
    for (const name of [
      'process_resident_memory_bytes',
      'process_cpu_seconds_total',
      'process_open_fds',
      'process_start_time_seconds',
    ])
      t.match(text, new RegExp(`^${name} [0-9.e+]+$`, 'm'));
    const open = Number(/^process_open_fds (\d+)$/m.exec(text)?.[1]);
    t.ok(open > 2 && open < 10_000, `${open}`);
  });

  t.test('end with a line feed, and no family comes twice', async (t) => {
    const metrics = metricsFor(t);
    metrics.add({ name: 'a', collect: async () => ({ sheets: [new Sheet(SOME)] }) });
    const text = await textOf(metrics);
    t.ok(text.endsWith('\n'));
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    t.strictSame(names, [...new Set(names)]);
  });

  t.test('tell what one source has when another one fails, and that it failed; the log has it once', async (t) => {
    let time = 0;
    const metrics = metricsFor(t, { now: () => (time += 2000) });
    const sheet = new Sheet(SOME);
    sheet.add('', [7]);
    metrics.add({ name: 'bad', collect: () => Promise.reject(new Error('no kernel')) });
    metrics.add({ name: 'late', collect: async () => ({ sheets: [sheet], problem: new Error('slow') }) });
    for (let round = 0; round < 3; round++) {
      const text = await textOf(metrics);
      t.match(text, /^nsatlas_collect_success\{source="bad"\} 0$/m);
      t.match(text, /^nsatlas_collect_success\{source="late"\} 0$/m);
      t.match(text, /^some 7$/m);
    }
    t.equal(metrics.log.lines.filter(({ level }) => level === 'warn').length, 2);
  });

  t.test('are made once for all who ask at the same time, and once more for who comes a second later', async (t) => {
    let time = 0;
    let made = 0;
    const metrics = metricsFor(t, { now: () => time });
    metrics.add({
      name: 'a',
      collect: async () => {
        made++;
        await nextTurn();
        return { sheets: [] };
      },
    });
    await Promise.all([metrics.render(), metrics.render(), metrics.render()]);
    await metrics.render();
    t.equal(made, 1);
    time = 999;
    await metrics.render();
    t.equal(made, 1);
    time = 1000;
    await metrics.render();
    t.equal(made, 2);
  });

  t.test('tell of series that were left out, with their scope', async (t) => {
    const metrics = metricsFor(t, { seriesLimit: 1 });
    metrics.add({
      name: 'a',
      collect: async ({ budget }) => {
        for (let at = 0; at < 3; at++) budget.take('interfaces', 1);
        return { sheets: [] };
      },
    });
    t.match(await textOf(metrics), /^nsatlas_series_dropped\{scope="interfaces"\} 2$/m);
  });

  t.test('let others work while 40,000 series are told', async (t) => {
    const metrics = metricsFor(t, { seriesLimit: 100_000 });
    const families = Array.from({ length: 8 }, (_, at) => [`family_${at}_total`, 'One of eight.'] as const);
    const sheet = new Sheet(Object.fromEntries(families));
    for (let row = 0; row < 5000; row++) sheet.add(`{netns="net:[${row}]",interface="eth0"}`, Array(8).fill(row) as number[]);
    metrics.add({ name: 'a', collect: async () => ({ sheets: [sheet] }) });
    let turns = 0;
    let done = false;
    const others = (async () => {
      while (!done) {
        turns++;
        await nextTurn();
      }
    })();
    const pieces = await metrics.render();
    done = true;
    await others;
    t.ok(turns >= 3, `${turns} turns`);
    t.equal(
      Buffer.concat(pieces)
        .toString()
        .split('\n')
        .filter((line) => line.startsWith('family_')).length,
      40_000,
    );
    for (const piece of pieces) t.ok(piece.length < 100_000);
  });
});

t.test('metrics of calls', async (t) => {
  t.test('count calls by method and code, those that run, and how long they took', async (t) => {
    const metrics = metricsFor(t);
    const method = '/nsatlas.v1.Agent/ListFdb';
    for (let call = 0; call < 3; call++) metrics.calls.onCallBegin(method);
    metrics.calls.onCall({ method, code: 'OK', ms: 2 });
    metrics.calls.onCall({ method, code: 'UNAVAILABLE', ms: 20_000 });
    const text = await textOf(metrics);
    t.match(text, /^nsatlas_grpc_calls_total\{method="\/nsatlas\.v1\.Agent\/ListFdb",code="OK"\} 1$/m);
    t.match(text, /^nsatlas_grpc_calls_total\{method="\/nsatlas\.v1\.Agent\/ListFdb",code="UNAVAILABLE"\} 1$/m);
    t.match(text, /^nsatlas_grpc_calls_running\{method="\/nsatlas\.v1\.Agent\/ListFdb"\} 1$/m);
    t.match(text, /^nsatlas_grpc_call_duration_seconds_bucket\{le="0\.0025",method="[^"]+"\} 1$/m);
    t.match(text, /^nsatlas_grpc_call_duration_seconds_bucket\{le="60",method="[^"]+"\} 2$/m);
    t.match(text, /^nsatlas_grpc_call_duration_seconds_sum\{method="[^"]+"\} 20\.002$/m);
  });
});

t.test('a histogram that somebody else counts', async (t) => {
  t.test('has buckets that include the smaller ones, a sum and a count', async (t) => {
    const metrics = metricsFor(t);
    const durations = new DurationCounter();
    new Asked(metrics.registry, { some_seconds: 'Some.' }).histogram('some_seconds', () => durations);
    for (const ms of [0.5, 1, 1.5, 700, 60_000]) durations.add(ms);
    const lines = (await textOf(metrics)).split('\n').filter((line) => line.startsWith('some_seconds'));
    const bucket = (le: string): string => lines.find((line) => line.includes(`le="${le}"`))?.split(' ')[1] ?? '';
    t.strictSame(['0.001', '0.0025', '0.5', '1', '30', '+Inf'].map(bucket), ['2', '3', '3', '4', '4', '5']);
    t.equal(lines.at(-2), 'some_seconds_sum 60.703');
    t.equal(lines.at(-1), 'some_seconds_count 5');
    t.equal(lines.length, 17);
  });
});
