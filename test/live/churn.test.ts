import { liveOptions } from '../support/live-options.js';
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { LISTS } from '../../src/model/lists.js';
import { readHost } from '../../src/live/index.js';
import { snapshotOf } from '../../src/serve/view.js';
import { ALL_TABLES } from '../../src/tables/index.js';
import { CHURN_MS } from '../support/extent.js';
import { assertClean, eventually, takeFootprint } from '../support/hygiene.js';
import { Scratch } from '../support/netns.js';
import { ROOT } from '../support/root.js';

t.setTimeout(0);

/** How many namespaces there are at a time. */
const ALIVE = 30;

t.test('a host whose namespaces come and go', async (t) => {
  t.test(
    'is read for as long as that without a crash, a wrong pair, a leaked descriptor or a namespace kept alive',
    {
      timeout: CHURN_MS + 60_000,
    },
    async (t) => {
      const started: ChildProcess[] = [];
      const scratch = Scratch.create(t);
      // The last hook runs first: what fills the folder has to end first.
      t.after(() => started.forEach((child) => child.kill('SIGKILL')));
      const host = scratch.netns('host');
      const before = takeFootprint();
      const churn = spawn('sh', [join(ROOT, 'test/support/churn.sh'), scratch.dir, host.path, String(ALIVE)], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      started.push(churn);
      const made = text(churn.stdout);
      const options = liveOptions();
      const begin = performance.now();
      const seen = { snapshots: 0, pairs: 0, unpaired: 0, vanished: 0 };
      while (performance.now() - begin < CHURN_MS) {
        const snapshot = snapshotOf(await readHost(options, ALL_TABLES));
        seen.snapshots++;
        for (const { status, a, b } of LISTS.veths.list(snapshot, { netns: [host.path] }).items) {
          if (status !== 'PAIRED' || b === undefined) {
            seen.unpaired++;
            continue;
          }
          seen.pairs++;
          const [container, bridge] = a.name.startsWith('e') ? [a, b] : [b, a];
          assert.equal(bridge.name, `h${container.name.slice(1)}`, JSON.stringify([a, b]));
          assert.equal(bridge.netnsId, host.id);
        }
        for (const gap of snapshot.gaps) {
          if (gap.status === 'VANISHED') seen.vanished++;
          // What is gone is gone; anything else that could not be read would be a fault of ours.
          else assert.ok(!gap.message.includes(scratch.dir) || gap.status === 'INTERRUPTED', gap.message);
        }
      }
      churn.kill('SIGTERM');
      await once(churn, 'exit');
      const containers = Number(await made);
      t.comment(`${containers} containers, ${JSON.stringify(seen)}`);
      assert.ok(containers > ALIVE, `${containers} containers`);
      assert.ok(seen.pairs > ALIVE, `${seen.pairs} pairs`);
      // The end in the host goes with the namespace of the other: one that stays is a namespace that something holds.
      await eventually('all namespaces are gone', () => (host.ipJson('link') as unknown[]).length === 1);
      await assertClean(before);
    },
  );
});
