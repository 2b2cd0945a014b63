// A host that is read once says the same as one whose state is kept: the command line and an agent, field by field.
import { liveOptions } from '../support/live-options.js';
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startAgent } from '../../src/agent/server.js';
import { createAgentClient } from '../../src/client/agent.js';
import { createLiveHost, readHost } from '../../src/live/index.js';
import type { Gap, HostSnapshot, Netns } from '../../src/model/types.js';
import { snapshotOf } from '../../src/serve/view.js';
import { ALL_TABLES, eachSection, SECTIONS, type Sections } from '../../src/tables/index.js';
import { parseSnapshotJson } from '../../src/wire/json.js';
import { nsatlas } from '../support/cli.js';
import { exec, Scratch } from '../support/netns.js';
import { compileHelper, removeFolder, scratchFolder } from '../support/native-namespaces.js';
import { stripVolatile } from '../support/strip-volatile.js';
import { buildTopology } from '../support/topology.js';
import { fakeLog } from '../unit/agent/fake-host.js';

t.setTimeout(0);

const NAMESPACES = 30;

t.test('a host that is read once', async (t) => {
  const undo: (() => void)[] = [];
  const folder = scratchFolder();

  t.after(() => {
    for (const fn of undo.toReversed()) fn();
    removeFolder(folder);
  });
  const shim = compileHelper(folder, 'native-shim', true);
  const scratch = Scratch.create({ after: (fn) => undo.push(fn) });
  buildTopology(scratch, NAMESPACES, 20);
  const at = (name: string): string => join(scratch.dir, name);
  writeFileSync(at('a-plain-file'), '');
  exec(['mkfifo', at('a-fifo')]);
  mkdirSync(at('a-directory'));
  symlinkSync(at('nowhere'), at('a-dangling-symlink'));

  /** The host by the command line. @param env of the process that reads */
  function once(env: NodeJS.ProcessEnv = {}): HostSnapshot {
    const flags = ['--netns-dir', scratch.dir, '--host-id', 'test'];
    const said = nsatlas(['snapshot', '-o', 'json', ...flags], [], { ...process.env, ...env });
    assert.equal(said.status, 1, said.stderr);
    return parseSnapshotJson(said.stdout);
  }

  t.test('gives the JSON that an agent gives, with counters and without, all tables and bad entries included', async () => {
    const live = createLiveHost({ ...liveOptions(scratch.dir), rescanMs: 3_600_000 });
    const agent = await startAgent({ live, log: fakeLog(), listen: ['127.0.0.1:0'] });
    const client = createAgentClient(agent.addresses[0] ?? '');
    try {
      await eventuallySame(once, () => client.snapshot({}, ALL_TABLES));
      await eventuallySame(once, () => client.snapshot({}, ALL_TABLES, { counters: true }));
    } finally {
      client.close();
      await agent.drain(1000);
      live.close();
    }
  });

  t.test('has counters, timers and ages where an agent is asked for them', async () => {
    const { namespaces } = snapshotOf(await readHost(liveOptions(scratch.dir), ALL_TABLES));
    const links = namespaces.flatMap(({ interfaces }) => interfaces);
    assert.ok(links.length > NAMESPACES && links.every(({ counters }) => counters !== undefined));
    const aged = namespaces.flatMap(({ fdb }) => fdb).filter(({ usedSeconds }) => usedSeconds !== undefined);
    assert.ok(aged.length > 0);
    assert.ok(links.filter(({ kind }) => kind === 'bridge').every(({ attributes }) => 'gc_timer' in attributes));
  });

  t.test('gives the same when dumps are interrupted and repeated', async () => {
    const interrupted = { LD_PRELOAD: shim, NSATLAS_SHIM_RECV_INTERRUPTED: '1,4,9,30,31,60,100,150' };
    await eventuallySame(
      () => once(interrupted),
      async () => snapshotOf(await readHost(liveOptions(scratch.dir), ALL_TABLES)),
    );
  });

  t.test('says INTERRUPTED, with the rows, after five dumps that all were, as a host whose state is kept does', async () => {
    const read = (): HostSnapshot => once({ LD_PRELOAD: shim, NSATLAS_SHIM_RECV_INTERRUPTED: '1-' });
    const all = await eventuallySame(read, async () => snapshotOf(await readHost(liveOptions(scratch.dir), ALL_TABLES)), rowsOf);
    for (const { tables } of all.namespaces)
      for (const { table, status, attempts } of tables.filter(({ table: name }) => name !== 'NSIDS'))
        assert.deepEqual([status, attempts], ['INTERRUPTED', 5], table);
    const gaps = all.gaps.filter(({ status }) => status === 'INTERRUPTED');
    assert.equal(gaps.length, all.namespaces.length * (ALL_TABLES.length - 1));
  });
});

/** The kernel goes on for a while after a change: carriers, duplicate address detection, neighbours that do not answer. @returns ours */
async function eventuallySame(
  ours: () => HostSnapshot,
  theirs: () => Promise<HostSnapshot>,
  of: (snapshot: HostSnapshot) => object = comparable,
): Promise<HostSnapshot> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const [a, b] = [ours(), await theirs()];
    try {
      assert.deepEqual(of(a), of(b));
      return a;
    } catch (difference) {
      if (performance.now() > deadline) throw difference;
    }
  }
}

/** A snapshot without when it was made, and without what changes by itself. */
function comparable({ host, namespaces, gaps, networks }: HostSnapshot): object {
  const { readAt: _then, durationMs: _long, freshness: _age, agentVersion: _ours, ...rest } = host;
  return { host: rest, namespaces: namespaces.map(steady), gaps: gaps.map(sorted).sort(), networks };
}

function steady({ interfaces, tables, ...netns }: Netns): object {
  const sections = eachSection((section) => netns[section].map(stripVolatile).map(sorted).sort());
  // How often a dump was interrupted is by chance.
  const statuses = tables.map(({ attempts: _often, ...status }) => status);
  return { ...netns, ...sections, tables: statuses, interfaces: interfaces.map(stripVolatile).map(sorted) };
}

function rowsOf({ namespaces }: HostSnapshot): object {
  return namespaces.map((netns) => {
    const { interfaces, ...rest } = steady(netns) as { interfaces: unknown } & Sections;
    return [netns.id, interfaces, ...SECTIONS.map((section) => rest[section])];
  });
}

function sorted(row: object | Gap): string {
  return JSON.stringify(row, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
