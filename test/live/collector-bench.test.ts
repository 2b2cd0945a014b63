import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { ROOT } from '../support/root.js';

t.setTimeout(0);

interface Measured {
  readonly many: {
    readonly counts: { readonly interfaces: number; readonly rows: number };
    readonly steady: { readonly made: number; readonly timed: number; readonly lost: number; readonly wrong: readonly string[] };
    readonly restart: { readonly syncedMs: number };
  };
  readonly big: { readonly counts: { readonly rows: number }; readonly liveBytes: number };
}

const load = async <Module>(file: string): Promise<Module> =>
  (await import(pathToFileURL(join(ROOT, 'bench', file)).href)) as Module;

t.test(
  'the benchmark of a collector runs at a small size: nothing is lost, and an agent that is restarted comes back',
  async (t) => {
    const { measureCollector } = await load<{ measureCollector: (sizes: object) => Promise<Measured> }>('collector.mjs');
    const { describeMachine, renderCollector } = await load<{
      describeMachine: () => object;
      renderCollector: (machine: object, measured: Measured, words: readonly string[]) => string;
    }>('report.mjs');
    const folder = mkdtempSync(join(tmpdir(), 'nsatlas-bench-test-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const sizes = { agents: 4, namespaces: 20, 'big-agents': 2, rows: 400, changes: 200, steady: 1, folder };
    const measured = await measureCollector(sizes);
    const { many, big } = measured;
    t.strictSame(many.counts, { namespaces: 80, interfaces: 320, rows: 320 });
    t.equal(big.counts.rows, 2 * 2 * 400);
    t.equal(many.steady.made, 200);
    t.ok(many.steady.timed > 100, `${many.steady.timed} were timed`);
    t.strictSame([many.steady.lost, many.steady.wrong], [0, []]);
    t.ok(many.restart.syncedMs > 0);
    const text = renderCollector(describeMachine(), measured, ['--only', 'collector']);
    t.equal(/NaN|undefined|Infinity/.exec(text), null, text);
  },
);
