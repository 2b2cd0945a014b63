// The hosts of a collector, made up: which there are and how well they are known is the test's to say.

import { NO_COUNTS, rowCounts } from '../../../src/model/row-counts.js';
import type { Member, Members } from '../../../src/collector/types.js';
import type { AgentState, Gap, HostEntry, HostSnapshot, Netns } from '../../../src/model/types.js';
import { ALL_TABLES } from '../../../src/tables/index.js';
import { FakeLive } from '../agent/fake-live.js';
import { HOST } from '../agent/fake-host.js';

interface Kept extends Member {
  readonly live: FakeLive;
  state: AgentState;
}

export class FakeMembers implements Members {
  readonly tables = ALL_TABLES;
  /** Entries of agents that were never reached. */
  unreached: HostEntry[] = [];
  problems: Gap[] = [];
  readonly #kept = new Map<string, Kept>();
  readonly #listeners = new Set<() => void>();
  /** How often a host was added. */
  readonly #times = new Map<string, number>();

  members(): readonly Member[] {
    return [...this.#kept.values()];
  }

  entries(): readonly HostEntry[] {
    return [...this.members().map((member) => member.entry()), ...this.unreached];
  }

  gaps(): readonly Gap[] {
    return this.problems;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  add(hostId: string, namespaces: Netns[], more: Partial<HostSnapshot> = {}): FakeLive {
    const host = { ...HOST, id: hostId, name: `name-of-${hostId}` };
    // As the roster's: one that is forgotten and known again has another history.
    const times = (this.#times.get(hostId) ?? 0) + 1;
    this.#times.set(hostId, times);
    const live = new FakeLive({ host, namespaces, ...more }, `epoch-of-${hostId}${times === 1 ? '' : `-${times}`}`);
    const kept: Kept = { hostId, live, state: 'LIVE', entry: () => entryOf(kept) };
    this.#kept.set(hostId, kept);
    this.changed();
    return live;
  }

  remove(hostId: string): void {
    this.#kept.delete(hostId);
    this.changed();
  }

  setState(hostId: string, state: AgentState): void {
    const kept = this.#kept.get(hostId);
    if (kept !== undefined) kept.state = state;
    this.changed();
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function entryOf({ hostId, live, state }: Kept): HostEntry {
  const { namespaces, interfaces, ...rows } = live.counts;
  return {
    host: hostId,
    hostName: live.host()?.name ?? hostId,
    agent: `${hostId}:7117`,
    source: '--agent',
    state,
    ageMs: state === 'LIVE' ? 3 : 61_000,
    namespaces,
    interfaces,
    ...rowCounts((section) => rows[section]),
    gaps: live.gaps().length,
    disconnects: 0,
    resyncs: 0,
  };
}

/** An agent whose host is not known. */
export function unreachedEntry(agent: string): HostEntry {
  return {
    agent,
    source: '--agent',
    state: 'UNREACHABLE',
    problem: 'connection refused',
    ...NO_COUNTS,
    disconnects: 0,
  };
}
