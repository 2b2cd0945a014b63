// The roster of a collector over real agents, processes of their own, that are killed, stopped, replaced and doubled.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { createAgentClient } from '../../src/client/agent.js';
import { Roster } from '../../src/collector/follow/roster.js';
import { agentsFile } from '../../src/collector/follow/sources/index.js';
import type { HostEntry } from '../../src/model/types.js';
import { ALL_TABLES } from '../../src/tables/index.js';
import { NSATLAS } from '../support/cli.js';
import { eventually } from '../support/hygiene.js';
import { Scratch } from '../support/netns.js';
import { fakeLog } from '../unit/agent/fake-host.js';
import { scratch } from './agent-rig.js';

t.setTimeout(0);

const HEARTBEAT_MS = 500;
/** Silent for three heartbeats, and what it takes to notice on a busy machine. */
const STALE_MS = 20_000;

interface AgentProcess {
  readonly child: ChildProcess;
  readonly address: string;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts `nsatlas agent` of the namespaces in a folder; it ends with the test. */
async function startAgent(
  t: Test,
  { dir, hostId, port = 0 }: { dir: string; hostId: string; port?: number },
): Promise<AgentProcess> {
  const args = ['--netns-dir', dir, '--docker-socket', '/nowhere.sock', '--host-id', hostId, '--host-name', `name-of-${hostId}`];
  const child = spawn(process.execPath, [NSATLAS, 'agent', '--listen', `127.0.0.1:${port}`, ...args], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const log: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    log.push(line);
    const { msg, addresses } = JSON.parse(line) as { msg: string; addresses?: string[] };
    if (msg !== 'serving') continue;
    child.stderr.resume();
    return { child, address: addresses?.[0] ?? '' };
  }
  throw new Error(`the agent ended: ${log.join('\n')}`);
}

async function kill({ child }: AgentProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

interface Following {
  readonly roster: Roster;
  /** Writes the file of agents anew. */
  readonly name: (agents: readonly AgentProcess[]) => void;
  /** "host STATE" of each entry. */
  readonly states: () => string[];
  readonly entry: (agent: AgentProcess) => HostEntry;
}

/** A roster of the agents in a file. */
function follow(t: Test, agents: readonly AgentProcess[]): Following {
  const path = join(scratch(t), 'agents.yml');
  const name = (named: readonly AgentProcess[]): void => writeFileSync(path, JSON.stringify(named.map(({ address }) => address)));
  name(agents);
  const roster = new Roster({
    sources: [agentsFile(path)],
    connect: (address) => createAgentClient(address),
    tables: ALL_TABLES,
    log: fakeLog(),
    heartbeatMs: HEARTBEAT_MS,
  });
  t.after(() => roster.close());
  roster.start();
  return {
    roster,
    name,
    states: () => roster.entries().map(({ host = '-', state }) => `${host} ${state}`),
    entry: ({ address }) => {
      const entry = roster.entries().find(({ agent }) => agent === address);
      assert.ok(entry !== undefined, `${address} is not followed`);
      return entry;
    },
  };
}

/** Names of the interfaces that are known of a host, with those of its namespaces. */
function known(roster: Roster, hostId: string): string[] {
  const live = roster.members().find((member) => member.hostId === hostId)?.live;
  assert.ok(live !== undefined, `${hostId} is not known`);
  return live
    .keys()
    .flatMap((key) => {
      const id = live.head(key)?.id ?? '';
      return [...live.parts(key, undefined, ALL_TABLES)].flatMap(({ interfaces }) =>
        interfaces.map((link) => `${id} ${link.name}`),
      );
    })
    .sort();
}

const links = (...namespaces: readonly { readonly id: string; readonly names: readonly string[] }[]): string[] =>
  namespaces.flatMap(({ id, names }) => names.map((link) => `${id} ${link}`)).sort();

/** Sockets that this process has open. */
const sockets = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      // The descriptor of this very listing.
      return false;
    }
  }).length;

t.test('a collector that follows agents', { timeout: 180_000 }, async (t) => {
  t.test('knows what they know, keeps what a killed one told, and is in sync with its successor at once', async (t) => {
    const one = Scratch.create(t);
    const [a, other] = [one.netns(), Scratch.create(t)];
    const b = other.netns();
    const port = await freePort();
    const first = await startAgent(t, { dir: one.dir, hostId: 'h1', port });
    const second = await startAgent(t, { dir: other.dir, hostId: 'h2' });
    const { roster, states, entry } = follow(t, [first, second]);
    await eventually('both are live', () => states().join() === 'h1 LIVE,h2 LIVE', 30_000);
    t.strictSame(known(roster, 'h1'), links({ id: a.id, names: ['lo'] }));
    a.ip('link add br7 type bridge');
    await eventually('the change has come', () => known(roster, 'h1').length === 2);
    t.strictSame(roster.gaps(), []);
    const [member] = roster.members();

    await kill(first);
    await eventually('it is stale', () => states().join() === 'h1 STALE,h2 LIVE', STALE_MS);
    // First it has just ended; then nobody listens there.
    const refused = /^silent for .* cannot reach the agent at .*: connection refused/;
    await eventually('it is said why', () => refused.test(entry(first).problem ?? ''));
    const age = entry(first).ageMs ?? 0;
    await eventually('its age grows', () => (entry(first).ageMs ?? 0) > age + 500);
    t.strictSame(known(roster, 'h1'), links({ id: a.id, names: ['lo', 'br7'] }));
    t.equal(roster.gaps()[0]?.status, 'STALE_HOST');
    a.ip('link del br7');
    const again = await startAgent(t, { dir: one.dir, hostId: 'h1', port });
    t.equal(again.address, first.address);
    await eventually('it is live again', () => states().join() === 'h1 LIVE,h2 LIVE');
    t.strictSame(known(roster, 'h1'), links({ id: a.id, names: ['lo'] }));
    t.equal(roster.members()[0], member);
    const { resyncs, disconnects } = entry(again);
    t.strictSame([resyncs, disconnects, entry(second).disconnects], [1, 1, 0]);
    t.strictSame(known(roster, 'h2'), links({ id: b.id, names: ['lo'] }));
  });

  t.test('notices one that stands still, leaves no connections behind, and goes on where it was', async (t) => {
    const one = Scratch.create(t);
    const a = one.netns();
    const agent = await startAgent(t, { dir: one.dir, hostId: 'h1' });
    const { roster, states, entry } = follow(t, [agent]);
    await eventually('it is live', () => states().join() === 'h1 LIVE', 30_000);
    const before = sockets();
    agent.child.kill('SIGSTOP');
    await eventually('it is stale', () => states().join() === 'h1 STALE', STALE_MS);
    t.match(entry(agent).problem ?? '', /is connected but has sent nothing for 1\.5 s; does its host hang\?/);
    a.ip('link add br7 type bridge');
    // Some attempts more, each with a connection that is accepted by the kernel and never answered.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    t.ok(sockets() <= before + 2, `${sockets()} sockets, and ${before} before`);
    agent.child.kill('SIGCONT');
    await eventually('it is live again', () => states().join() === 'h1 LIVE', 30_000);
    await eventually(
      'what was missed is known',
      () => known(roster, 'h1').join() === links({ id: a.id, names: ['br7', 'lo'] }).join(),
      10_000,
    );
    t.strictSame([entry(agent).resyncs, entry(agent).disconnects], [0, 1]);
    await eventually('no connection is left', () => sockets() <= before);
  });

  t.test('has a host once when its agent is replaced under another address', async (t) => {
    const one = Scratch.create(t);
    const a = one.netns();
    const first = await startAgent(t, { dir: one.dir, hostId: 'h1' });
    const { roster, states, entry, name } = follow(t, [first]);
    await eventually('it is live', () => states().join() === 'h1 LIVE', 30_000);
    const [member] = roster.members();
    await kill(first);
    const second = await startAgent(t, { dir: one.dir, hostId: 'h1' });
    t.not(second.address, first.address);
    name([first, second]);
    await eventually('the second one is live', () => states().join() === 'h1 LIVE,- UNREACHABLE');
    name([second]);
    await eventually('the first one is not named any more', () => states().join() === 'h1 LIVE');
    t.strictSame(roster.members(), [member]);
    t.equal(entry(second).resyncs, 1);
    t.strictSame(known(roster, 'h1'), links({ id: a.id, names: ['lo'] }));
  });

  t.test('reports two that say they are one host, keeps the first, and takes the second when the first is gone', async (t) => {
    const [one, two] = [Scratch.create(t), Scratch.create(t)];
    const [a, b] = [one.netns(), two.netns()];
    const first = await startAgent(t, { dir: one.dir, hostId: 'twin' });
    const second = await startAgent(t, { dir: two.dir, hostId: 'twin' });
    const { roster, states, entry, name } = follow(t, [first]);
    await eventually('it is live', () => states().join() === 'twin LIVE', 30_000);
    name([first, second]);
    await eventually('the other one is in conflict', () => roster.entries().some(({ state }) => state === 'CONFLICT'));
    t.equal(entry(first).state, 'LIVE');
    t.match(
      entry(second).problem ?? '',
      /claims to be host twin, and so does the agent at .*; give one of them another --host-id/,
    );
    t.equal(roster.members().length, 1);
    t.strictSame(known(roster, 'twin'), links({ id: a.id, names: ['lo'] }));
    await kill(first);
    await eventually('the second one is used', () => entry(second).state === 'LIVE', 30_000);
    t.equal(entry(first).state, 'UNREACHABLE');
    t.strictSame(known(roster, 'twin'), links({ id: b.id, names: ['lo'] }));
  });

  t.test('streams an agent once that has two addresses', async (t) => {
    const one = Scratch.create(t);
    one.netns();
    const agent = await startAgent(t, { dir: one.dir, hostId: 'h1' });
    const alias = { ...agent, address: agent.address.replace('127.0.0.1', 'localhost') };
    const { roster, states, entry } = follow(t, [agent, alias]);
    await eventually('both are live', () => states().join() === 'h1 LIVE,h1 LIVE', 30_000);
    const problems = [entry(agent).problem, entry(alias).problem].filter((problem) => problem !== undefined);
    t.match(problems.join(), /^the same agent as (127\.0\.0\.1|localhost):\d+, which is used$/);
    t.equal(roster.members().length, 1);
    t.strictSame(roster.gaps(), []);
  });
});
