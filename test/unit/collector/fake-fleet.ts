// Agents, their hosts and the time, all made up: what the tests of the roster share.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AgentClient, ClientWatchWish } from '../../../src/client/agent.js';
import { AgentError, type CallProblem } from '../../../src/client/error.js';
import { SharedBytes } from '../../../src/serve/shared-bytes.js';
import { WatchFeed } from '../../../src/serve/feed.js';
import type { Clock } from '../../../src/collector/follow/clock.js';
import { Roster, type RosterOptions } from '../../../src/collector/follow/roster.js';
import type { AgentSource, Target } from '../../../src/collector/follow/sources/types.js';
import type { Replica } from '../../../src/collector/follow/agent-session.js';
import type { HostSnapshot, WatchEvent } from '../../../src/model/types.js';
import { ALL_TABLES } from '../../../src/tables/index.js';
import { decode } from '../../../src/wire/codec.js';
import { encodeWatchBody, watchMessage } from '../../../src/wire/watch-bytes.js';
import { WatchMerger } from '../../../src/wire/watch-merge.js';
import { fakeLog, fakeNetns, HOST } from '../agent/fake-host.js';
import { FakeLive } from '../agent/fake-live.js';

/** Time that passes when the test says so. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  now(): number {
    return this.#now;
  }

  date(): number {
    return Date.UTC(2026, 10, 21) + this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass, and everything happen that is due meanwhile. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
      await settle();
    }
    this.#now = until;
  }
}

/** Lets everything end that only waits for promises. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) await nextTurn();
}

/** One agent process. */
export interface FakeAgent {
  readonly live: FakeLive;
  /** As after SIGSTOP: its connections stay, and it says nothing. */
  stopped: boolean;
  dead: boolean;
  /** Streams that it serves. */
  streams: number;
  /** Changes an event on its way, or adds some before it. */
  spoil: ((event: WatchEvent) => readonly WatchEvent[]) | undefined;
}

let epochs = 0;

/** An agent process of a host that has one namespace with this number. */
export function fakeAgent(hostId: string, { number = 1, name = `node-${hostId}` } = {}): FakeAgent {
  const snapshot: HostSnapshot = {
    host: { ...HOST, id: hostId, name },
    namespaces: [fakeNetns(number)],
    gaps: [],
    networks: [],
  };
  return { live: new FakeLive(snapshot, `epoch-${++epochs}`), stopped: false, dead: false, streams: 0, spoil: undefined };
}

/** What is reached at each address. */
export class FakeFleet {
  readonly clock = new FakeClock();
  readonly agents = new Map<string, FakeAgent>();
  /** Addresses that every call is refused at, with this code. */
  readonly refusing = new Map<string, CallProblem>();
  /** Addresses that nothing comes back from. */
  readonly dark = new Set<string>();
  /** How often each address was connected to, and the clients that are open. */
  readonly attempts = new Map<string, number>();
  open = 0;
  /** Cursors that were given, by address. */
  readonly resumed: string[] = [];

  connect(address: string): AgentClient {
    this.attempts.set(address, (this.attempts.get(address) ?? 0) + 1);
    this.open++;
    let closed = false;
    return {
      status: () => Promise.reject(new Error('not asked for')),
      snapshot: () => Promise.reject(new Error('not asked for')),
      list: () => Promise.reject(new Error('not asked for')),
      watch: (wish, onEvent, signal) => this.#watch(address, wish, { onEvent, signal }),
      close: () => {
        if (!closed) this.open--;
        closed = true;
      },
    };
  }

  async #watch(
    address: string,
    wish: ClientWatchWish,
    { onEvent, signal }: { onEvent: (event: WatchEvent) => void | Promise<void>; signal: AbortSignal },
  ): Promise<void> {
    const refused = this.refusing.get(address);
    if (refused !== undefined) throw new AgentError(refused, address, `the agent at ${address} says no`);
    if (this.dark.has(address)) {
      if (await this.#silence(() => !this.dark.has(address), signal, wish.connectMs)) return;
      if (this.dark.has(address)) throw unreachable(address);
    }
    const agent = this.agents.get(address);
    if (agent === undefined || agent.dead) throw unreachable(address);
    if (wish.after !== undefined) this.resumed.push(`${address} ${wish.after.epoch} ${wish.after.revision}`);
    agent.streams++;
    try {
      await this.#serve(agent, wish, {
        onEvent,
        signal,
        gone: () => this.agents.get(address) !== agent,
        dark: () => this.dark.has(address),
      });
      if (!signal.aborted) throw unreachable(address);
    } finally {
      agent.streams--;
    }
  }

  async #serve(
    agent: FakeAgent,
    wish: ClientWatchWish,
    call: {
      readonly onEvent: (event: WatchEvent) => void | Promise<void>;
      readonly signal: AbortSignal;
      readonly gone: () => boolean;
      readonly dark: () => boolean;
    },
  ): Promise<void> {
    const { live } = agent;
    const { signal } = call;
    const steps = new WatchFeed(live, wish, new SharedBytes(live)).steps();
    const mark = (): Uint8Array => encodeWatchBody({ synced: { freshness: live.freshness() } });
    let cursor = { epoch: live.epoch, revision: 0n };
    let toldAt = this.clock.now();
    const isOver = (): boolean => signal.aborted || agent.dead || call.gone();
    for (;;) {
      while (!isOver() && (agent.stopped || call.dark())) await this.#passing(signal);
      if (isOver()) return;
      const { value: step } = steps.next();
      if (step === 'again') continue;
      const beats = wish.heartbeatMs !== undefined && this.clock.now() - toldAt >= wish.heartbeatMs;
      if (step === 'wait' && !beats) {
        await this.#passing(signal);
        continue;
      }
      if (step !== 'wait') cursor = step.cursor;
      const event = decode('nsatlas.v1.WatchResponse', watchMessage(cursor, step === 'wait' ? mark() : step.body));
      for (const each of agent.spoil?.(event) ?? [event]) {
        await wish.turn?.();
        if (isOver()) return;
        await call.onEvent(each);
      }
      toldAt = this.clock.now();
    }
  }

  /** Waits until it is over, the signal is aborted (true), or time is up. */
  async #silence(isOver: () => boolean, signal: AbortSignal, ms: number | undefined): Promise<boolean> {
    const until = this.clock.now() + (ms ?? 20_000);
    while (!isOver() && !signal.aborted && this.clock.now() < until) await this.#passing(signal);
    return signal.aborted;
  }

  /** Some time, or until the signal is aborted. */
  #passing(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.clock.after(250, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

function unreachable(address: string): AgentError {
  return new AgentError('UNREACHABLE', address, `cannot reach the agent at ${address}: connection refused`);
}

/** A replica that is made of a merger: what it knows is complete, but it has no versions. */
export class FakeReplica extends FakeLive implements Replica {
  readonly merger = new WatchMerger();
  commits = 0;
  #heardAt: number;
  readonly #clock: Clock;
  #uncommitted = 0;

  constructor(clock: Clock) {
    super({ namespaces: [] }, 'replica');
    this.#clock = clock;
    this.#heardAt = clock.now();
  }

  override get counts(): Replica['counts'] {
    return this.merger.counts;
  }

  get reported(): Replica['reported'] {
    return this.merger.freshness;
  }

  get cursor(): Replica['cursor'] {
    return this.merger.cursor;
  }

  apply(event: WatchEvent): void {
    this.merger.apply(event);
    this.#uncommitted++;
  }

  override commit(): void {
    if (this.#uncommitted > 0) this.commits++;
    this.#uncommitted = 0;
  }

  received(): void {
    this.#heardAt = this.#clock.now();
  }

  override host(): ReturnType<FakeLive['host']> {
    return this.merger.host;
  }

  override freshness(): ReturnType<FakeLive['freshness']> {
    const told = this.merger.freshness ?? super.freshness();
    return { ...told, ageMs: told.ageMs + this.#clock.now() - this.#heardAt };
  }
}

/** A source that says what the test wants. */
export class FakeSource implements AgentSource {
  readonly name: string;
  #onTargets: ((targets: readonly Target[]) => void) | undefined;
  #onProblem: ((problem: string | undefined) => void) | undefined;
  #addresses: readonly string[];

  constructor(addresses: readonly string[] = [], name = 'fake') {
    this.name = name;
    this.#addresses = addresses;
  }

  follow(onTargets: (targets: readonly Target[]) => void, onProblem: (problem: string | undefined) => void): { close(): void } {
    this.#onTargets = onTargets;
    this.#onProblem = onProblem;
    this.set(this.#addresses);
    return { close: () => (this.#onTargets = undefined) };
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  set(addresses: readonly string[]): void {
    this.#addresses = addresses;
    this.#onTargets?.(addresses.map((address) => ({ address, source: this.name })));
  }

  fail(problem: string | undefined): void {
    this.#onProblem?.(problem);
  }
}

/** A roster over a fleet, with a clock of the test's. */
export function fakeRoster(
  fleet: FakeFleet,
  sources: readonly AgentSource[],
  options: Partial<RosterOptions> = {},
): { readonly roster: Roster; readonly log: ReturnType<typeof fakeLog> } {
  const log = fakeLog();
  const roster = new Roster({
    sources,
    connect: (address) => fleet.connect(address),
    createReplica: () => new FakeReplica(fleet.clock),
    tables: ALL_TABLES,
    log,
    clock: fleet.clock,
    random: () => 0.5,
    turns: { turn: () => Promise.resolve() },
    ...options,
  });
  return { roster, log };
}
