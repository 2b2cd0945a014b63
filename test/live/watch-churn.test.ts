import { liveOptions } from '../support/live-options.js';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { type AgentClient, createAgentClient } from '../../src/client/agent.js';
import { startAgent } from '../../src/agent/server.js';
import type { HostSnapshot } from '../../src/model/types.js';
import { ALL_TABLES } from '../../src/tables/index.js';
import { createLiveHost, readHost } from '../../src/live/index.js';
import { snapshotOf } from '../../src/serve/view.js';
import { WatchMerger } from '../../src/wire/watch-merge.js';
import { CHURN_MS } from '../support/extent.js';
import { assertClean, eventually, takeFootprint } from '../support/hygiene.js';
import { differencesToIp } from '../support/ip-state.js';
import { comparableSnapshot, stateDifferences } from '../support/live-compare.js';
import { Scratch, type ScratchNetns } from '../support/netns.js';
import { RandomChanges } from '../support/random-changes.js';
import { fakeLog } from '../unit/agent/fake-host.js';

t.setTimeout(0);

const KEEP = 10;
/** Ends of namespaces that are remembered: the churn takes 15 seconds for as many. */
const ENDS_KEPT = 50;

/** Follows an agent in its own way, until it is stopped. */
class Follower {
  readonly merger = new WatchMerger();
  readonly restarts: string[] = [];
  readonly #client: AgentClient;
  readonly #delayMs: number;
  #controller = new AbortController();
  #running: Promise<void> | undefined;

  constructor(client: AgentClient, delayMs = 0) {
    this.#client = client;
    this.#delayMs = delayMs;
  }

  start(): void {
    this.#controller = new AbortController();
    const wish = { selector: {}, tables: [...ALL_TABLES], after: this.merger.cursor };
    this.#running = this.#client
      .watch(
        wish,
        async (event) => {
          if (event.restart !== undefined) this.restarts.push(event.restart.reason);
          this.merger.apply(event);
          if (this.#delayMs > 0) await sleep(this.#delayMs);
        },
        this.#controller.signal,
      )
      .catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#running;
  }
}

function assertSame(name: string, merger: WatchMerger, truth: HostSnapshot, namespaces: readonly ScratchNetns[]): void {
  const snapshot = merger.snapshot();
  assert.ok(snapshot, name);
  assert.deepEqual(stateDifferences(comparableSnapshot(snapshot), comparableSnapshot(truth)), [], name);
  const differences = namespaces.flatMap((netns) => {
    const ours = snapshot.namespaces.find(({ id }) => id === netns.id);
    return ours === undefined ? [`${netns.id} is missing`] : differencesToIp(netns, ours);
  });
  assert.deepEqual(differences, [], name);
}

t.test('four watchers of a host where everything changes', async (t) => {
  t.test(
    'end with exactly what iproute2 reports: a quick one, a slow one, one that reconnects all the time, one whose history is gone',
    {
      timeout: CHURN_MS + 120_000,
    },
    async (t) => {
      const scratch = Scratch.create(t);
      // The last hook runs first: what fills the folder has to end first.
      const stop: (() => void)[] = [];
      t.after(() => stop.forEach((end) => end()));
      const changes = new RandomChanges(scratch, KEEP, Date.now() & 0xffff);
      stop.push(() => changes.stop());
      // Node keeps what it opened for its first children.
      await changes.run(100);
      const before = takeFootprint();
      const options = liveOptions(scratch.dir);
      const problems: Error[] = [];
      // So few ends of namespaces are remembered that the one who stays away for long cannot resume, and so many that the slow one can.
      const live = createLiveHost({
        ...options,
        rescanMs: 3_600_000,
        historyLimits: { removed: ENDS_KEPT },
        onProblem: (problem) => problems.push(problem),
      });
      const agent = await startAgent({ live, log: fakeLog(), listen: ['127.0.0.1:0'] });
      const clients = Array.from({ length: 4 }, () => createAgentClient(agent.addresses[0] ?? ''));
      try {
        const [quick, slow, restless, late] = clients.map((client, at) => new Follower(client, at === 1 ? 30 : 0));
        assert.ok(quick && slow && restless && late);
        for (const follower of [quick, slow, restless, late]) follower.start();
        const churn = changes.run(CHURN_MS);
        await eventually('the late one knows all', () => late.merger.synced);
        await late.stop();
        for (let ended = false; !ended; ) {
          ended = await Promise.race([churn.then(() => true), sleep(1000, false)]);
          await restless.stop();
          restless.start();
        }
        const restarts = [quick, slow, restless].map((follower) => [...follower.restarts]);
        await bearAndKill(scratch, () => live.keys().length);
        late.start();
        await settle(
          [quick, slow, restless, late],
          async () => snapshotOf(await readHost(options, ALL_TABLES)),
          changes.namespaces,
        );
        const { lostEvents, interruptedDumps } = live.freshness();
        t.comment(
          `${changes.lines} changes, ${changes.made} namespaces, revision ${live.revision}, ${interruptedDumps} dumps interrupted, events lost ${lostEvents} times`,
        );
        assert.deepEqual(problems, []);
        // Each got everything once, at its start: also the slow one keeps up, and the restless one resumes.
        assert.deepEqual(restarts, [['no cursor was given'], ['no cursor was given'], ['no cursor was given']]);
        assert.deepEqual(late.restarts, ['no cursor was given', 'too much has happened since']);
      } finally {
        for (const client of clients) client.close();
        await agent.drain(1000);
        live.close();
      }
      await assertClean(before);
    },
  );
});

/** More namespaces come and go than ends are remembered. */
async function bearAndKill(scratch: Scratch, count: () => number): Promise<void> {
  await eventually('what is left of the churn is seen', () => count() === KEEP);
  const many = scratch.many(ENDS_KEPT + 1);
  await eventually('they are all seen', () => count() === KEEP + many.length);
  for (const netns of many) netns.remove();
  await eventually('they are all gone', () => count() === KEEP);
}

/** Waits until all are at rest, and says in what they differ when they do not get there. */
async function settle(
  followers: readonly Follower[],
  read: () => Promise<HostSnapshot>,
  namespaces: readonly ScratchNetns[],
): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    await sleep(500);
    const truth = await read();
    try {
      for (const [at, { merger }] of followers.entries()) assertSame(`watcher ${at}`, merger, truth, namespaces);
      return;
    } catch (difference) {
      if (performance.now() > deadline) throw difference;
    }
  }
}
