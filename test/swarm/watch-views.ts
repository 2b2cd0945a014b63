// Who follows a lab host, and what is looked for in what they know.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createAgentClient } from '../../src/client/agent.js';
import type { FdbEntry, Gap, HostSnapshot, Interface, Neighbor, Netns, WatchEvent } from '../../src/model/types.js';
import { ALL_TABLES } from '../../src/tables/index.js';
import { fromJson } from '../../src/wire/json.js';
import { WatchMerger } from '../../src/wire/watch-merge.js';
import { type LabHost, type LabProcess, waitFor } from '../lab/index.js';
import { NSATLAS } from '../support/cli.js';
import { strangeDescriptors } from '../support/sockets.js';

/** What is looked for in a state; undefined when it is not there. */
export type Look<Value> = (host: HostSnapshot) => Value | undefined;

/** Before anything was told. */
const NOTHING: Pick<HostSnapshot, 'namespaces' | 'gaps' | 'networks'> = { namespaces: [], gaps: [], networks: [] };

/** How long a program may take to end when it is asked to, in milliseconds. */
const END_MS = 10_000;

/** One that follows a host: all that it was told, put together. */
export class View {
  readonly merger = new WatchMerger();
  /** Reasons, in the order in which they were told. */
  readonly restarts: string[] = [];
  readonly #listeners = new Set<() => void>();
  #failure: Error | undefined;

  constructor(
    readonly name: string,
    /** The program of ours that reads the host, as the machine counts. */
    readonly pid: number,
    /** Ends what belongs to it; once. */
    readonly end: () => Promise<void>,
  ) {}

  get snapshot(): HostSnapshot {
    return this.merger.snapshot() ?? (NOTHING as HostSnapshot);
  }

  apply(event: WatchEvent): void {
    if (event.restart !== undefined) this.restarts.push(event.restart.reason);
    this.merger.apply(event);
    for (const listener of this.#listeners) listener();
  }

  /** No more events will come. */
  fail(cause: Error): void {
    this.#failure = cause;
    for (const listener of this.#listeners) listener();
  }

  /**
   * Waits until something is there; looks after each event.
   * @returns what was found, and when (performance.now())
   * @throws AssertionError with `what` when it does not come within the time; what fail() was called with
   */
  until<Value>(what: string, look: Look<Value>, limitMs = 30_000): Promise<{ readonly value: Value; readonly at: number }> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        settle();
      };
      const check = (): void => {
        if (this.#failure !== undefined) {
          const cause = this.#failure;
          finish(() => reject(cause));
          return;
        }
        const value = look(this.snapshot);
        if (value !== undefined) finish(() => resolve({ value, at: performance.now() }));
      };
      const timer = setTimeout(() => {
        const error = new assert.AssertionError({ message: `${this.name}: ${what}: not within ${limitMs} ms\n${this.#tell()}` });
        finish(() => reject(error));
      }, limitMs);
      this.#listeners.add(check);
      check();
    });
  }

  #tell(): string {
    const { namespaces, gaps } = this.snapshot;
    const lines = namespaces.map(({ id, role, owner, networkName, interfaces }) =>
      [id, role, networkName, owner?.containerName, ...interfaces.map(({ name, veth }) => `${name}:${veth?.status ?? ''}`)].join(
        ' ',
      ),
    );
    return [...lines, ...gaps.map(({ message }) => `gap: ${message}`)].join('\n');
  }
}

/** `nsatlas watch -o json` on a host: a process that reads it by itself. */
export async function watchView(host: LabHost): Promise<View> {
  const watch = await host.spawn([process.execPath, NSATLAS, 'watch', '-o', 'json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = collect(watch);
  let isEnding = false;
  const view = new View('nsatlas watch', pidOf(watch), async () => {
    isEnding = true;
    assert.equal(await watch.stop('SIGINT', END_MS), 0, said());
  });
  assert.ok(watch.child.stdout);
  createInterface({ input: watch.child.stdout }).on('line', (line) =>
    // fromJson makes what the .proto says, which is what the type says.
    view.apply(fromJson('nsatlas.v1.WatchResponse', JSON.parse(line)) as unknown as WatchEvent),
  );
  watch.child.once('exit', (status) => {
    if (!isEnding) view.fail(new Error(`nsatlas watch ended with status ${status}: ${said()}`));
  });
  return view;
}

/** A gRPC client of an agent on a host, over a unix socket. */
export async function agentView(host: LabHost): Promise<View> {
  const address = `unix:${join(host.dir, 'nsatlas.sock')}`;
  const agent = await host.spawn([process.execPath, NSATLAS, 'agent', '--listen', address], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = collect(agent);
  await waitFor('the agent to serve', () => (said().includes('"serving"') ? true : undefined), {
    timeoutMs: 20_000,
    detail: said,
  });
  const client = createAgentClient(address);
  const controller = new AbortController();
  const view = new View('gRPC client', pidOf(agent), async () => {
    controller.abort();
    await following;
    client.close();
    assert.equal(await agent.stop('SIGTERM', END_MS), 0, said());
  });
  const following = client
    .watch({ selector: {}, tables: [...ALL_TABLES] }, (event) => view.apply(event), controller.signal)
    .catch((cause: unknown) => view.fail(cause as Error));
  return view;
}

function pidOf({ pid }: LabProcess): number {
  assert.ok(pid !== undefined, 'it has ended already');
  return pid;
}

function collect({ child }: LabProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

/** The namespace whose owner is a container. */
export function netnsOfContainer(name: string): Look<Netns> {
  return ({ namespaces }) => namespaces.find(({ owner }) => owner?.containerName === name);
}

/** The namespace of an overlay network, when Docker has named it. */
export function overlay(networkId: string): Look<Netns> {
  return ({ namespaces }) => namespaces.find((netns) => netns.role === 'OVERLAY' && netns.networkId === networkId);
}

/** The other end of a container's interface, when both ends are known to be a pair and it is where it should be: "ROLE bridge". */
export function pairedOn(container: string, ifname: string, place: string): Look<Interface> {
  return (host) => {
    const link = netnsOfContainer(container)(host)?.interfaces.find(({ name }) => name === ifname);
    const ref = link?.veth?.status === 'PAIRED' ? link.veth.peer : undefined;
    const there = host.namespaces.find(({ id }) => id === ref?.netnsId);
    const peer = there?.interfaces.find(({ ifindex }) => ifindex === ref?.ifindex);
    const back = peer?.veth?.status === 'PAIRED' ? peer.veth.peer : undefined;
    const pointsBack = back !== undefined && back.netnsId === link?.netnsId && back.ifindex === link.ifindex;
    return pointsBack && `${there?.role} ${peer?.masterName}` === place ? peer : undefined;
  };
}

/** A row of vxlan0 in an overlay network's namespace that is as wanted. */
export function fdbRow(networkId: string, wanted: Partial<FdbEntry>): Look<FdbEntry> {
  return (host) => overlay(networkId)(host)?.fdb.find((row) => row.ifname === 'vxlan0' && isAs(row, wanted));
}

/** The same of its neighbours. */
export function neighborRow(networkId: string, wanted: Partial<Neighbor>): Look<Neighbor> {
  return (host) => overlay(networkId)(host)?.neighbors.find((row) => row.ifname === 'vxlan0' && isAs(row, wanted));
}

function isAs<Row extends object>(row: Row, wanted: Partial<Row>): boolean {
  return (Object.keys(wanted) as (keyof Row)[]).every((field) => row[field] === wanted[field]);
}

/** That an engine does not answer. */
export const engineGap: Look<Gap> = ({ gaps }) => gaps.find(({ engine }) => engine !== undefined);

/**
 * What a view's program has open that refers to a namespace, or that is a socket elsewhere on its host. What leads to this process is in
 * the machine's own namespace: the standard streams, which Node makes of sockets, and the agent's end of our connection, for the kernel
 * puts what accept() returns where connect() was called. // unix_stream_connect(), net/unix/af_unix.c
 */
export function descriptorsElsewhere({ pid }: View): string[] {
  const lines = readFileSync('/proc/self/net/unix', 'utf8').split('\n');
  const ours = new Set(lines.map((line) => `socket:[${line.trim().split(/\s+/)[6]}]`));
  return strangeDescriptors(pid).filter((target) => !ours.has(target));
}

/** Stops a program and waits until each of its threads has stopped. */
export async function stopProgram(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const isStopped = (): boolean => /^State:\s*T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  await waitFor(`${pid} to stop`, () => (isStopped() ? true : undefined), { timeoutMs: 2000, everyMs: 5 });
}

/** Lets it go on, and nsenter, its parent, which stops itself when its child stops. */
export function continueProgram(pid: number): void {
  const parent = /^PPid:\s*([0-9]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  for (const each of [pid, Number(parent)]) process.kill(each, 'SIGCONT');
}
