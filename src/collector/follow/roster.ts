import { randomUUID } from 'node:crypto';
import type { AgentClient } from '../../client/agent.js';
import type { Cursor, Gap, Host, HostEntry, Table } from '../../model/types.js';
import type { Log } from '../../rpc/types.js';
import type { ReadLiveHost } from '../../live/types.js';
import { type Clock, SYSTEM_CLOCK } from './clock.js';
import { KnownHost } from './known-host.js';
import { AgentConnection, type ConnectionOptions, type ConnectionOwner } from './agent-connection.js';
import { LocalHost } from './local-host.js';
import { Refusal } from './pauses.js';
import { ReplicaHost } from '../replica/replica.js';
import { refusal, Report } from './roster-report.js';
import { Seat } from './seat.js';
import { compare } from '../../text/order.js';
import { clipped, NAME_LENGTH } from '../../text/printable.js';
import { type AgentSource, MOST_TARGETS, type Target } from './sources/types.js';
import { Targets } from './targets.js';
import type { Replica } from './agent-session.js';
import { createTurns, type Turns } from './turns.js';
import type { Member, Members } from '../types.js';

/** How to follow agents. */
export interface RosterOptions {
  /** The sources of agents. */
  readonly sources: readonly AgentSource[];
  /** Creates a client that has not connected yet; closed by the roster. @throws AgentError if the address is invalid */
  readonly connect: (address: string) => AgentClient;
  /** Holds the state of a host; by default a ReplicaHost. */
  readonly createReplica?: () => Replica;
  /** Tables requested from agents. */
  readonly tables: readonly Table[];
  readonly log: Log;
  /** How long a host is kept after its agent was removed from all sources and no other agent reports it, in milliseconds; 600,000. */
  readonly forgetMs?: number;
  /** Interval of heartbeats from an idle agent, in milliseconds; 2000. After three missed ones it counts as silent. */
  readonly heartbeatMs?: number;
  readonly clock?: Clock;
  /** From 0 to 1; Math.random. */
  readonly random?: () => number;
  readonly turns?: Turns;
}

/** Missed heartbeats after which another agent may take over the same host. */
const QUIET_BEATS = 3;
/** Limit of hosts that no agent reports any more: beyond it, the oldest is forgotten. */
const MOST_ORPHANS = MOST_TARGETS;
/** The longest pause between two attempts, in milliseconds, and what each unreached agent adds to it if there are many. */
const PAUSE_MS = 10_000;
const PAUSE_OF_EACH_MS = 10;
/** Number of simultaneous connection attempts; each further one waits this long, in milliseconds. */
const AT_ONCE = 8;
const START_MS = 2;

/** The hosts of a collector: follows the agents that sources list. */
export class Roster implements Members, ConnectionOwner {
  readonly tables: readonly Table[];
  readonly #options: RosterOptions & Required<Pick<RosterOptions, 'forgetMs' | 'heartbeatMs' | 'clock' | 'createReplica'>>;
  readonly #connectionOptions: ConnectionOptions;
  readonly #targets: Targets;
  readonly #report: Report;
  readonly #seats = new Map<string, Seat>();
  readonly #seatOf = new Map<AgentConnection, Seat>();
  readonly #hosts = new Map<string, KnownHost>();
  /** Those of them that no agent reports any more, the oldest first. */
  readonly #orphans = new Set<KnownHost>();
  readonly #listeners = new Set<() => void>();
  #local: LocalHost | undefined;
  #sorted: readonly KnownHost[] | undefined;
  #problems = new Map<string, string>();
  #closed = false;

  constructor(options: RosterOptions) {
    const { forgetMs = 600_000, heartbeatMs = 2000, clock = SYSTEM_CLOCK, random = Math.random, turns = createTurns() } = options;
    this.tables = options.tables;
    // A host that is forgotten and known again later has another history.
    const { createReplica = () => new ReplicaHost({ epoch: randomUUID(), now: () => clock.now() }) } = options;
    this.#options = { ...options, forgetMs, heartbeatMs, clock, createReplica };
    const { connect, tables, log } = options;
    this.#connectionOptions = { connect, tables, log, heartbeatMs, clock, random, turns };
    this.#report = new Report(clock, forgetMs);
    this.#targets = new Targets(options.sources, () => this.#retarget());
  }

  /** Starts to follow the sources and the agents that they list. */
  start(): void {
    this.#targets.start();
  }

  /** Stops following. The known state stays readable. */
  close(): void {
    this.#closed = true;
    this.#targets.close();
    this.#local?.close();
    for (const { connection } of this.#seats.values()) connection.close();
  }

  /** Adds the host of this process; it is not closed by the roster. No other agent can be that host. */
  addLocal(live: ReadLiveHost): void {
    const { clock, log } = this.#options;
    this.#local = new LocalHost(live, { tables: this.tables, clock, log, onChange: () => this.#seatLocal() });
    this.#local.start();
  }

  // The known state.

  members(): readonly Member[] {
    this.#sorted ??= [...this.#hosts.values()].sort((a, b) => compare(a.name, b.name) || compare(a.hostId, b.hostId));
    return this.#sorted;
  }

  entries(): readonly HostEntry[] {
    return this.#entriesWith([...this.#seats.values()]);
  }

  gaps(): readonly Gap[] {
    const ofSources = this.#targets.problems().map(({ message }): Gap => ({ status: 'FAILED', operation: 'discover', message }));
    // An agent with two addresses has one gap.
    const seats = [...this.#seats.values()].filter(({ state, refused }) => state !== 'LIVE' && refused?.same !== true);
    return [...ofSources, ...this.#entriesWith(seats).flatMap((entry) => this.#report.gapOf(entry) ?? [])];
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Of some seats, with the host of this process and those that no agent reports. */
  #entriesWith(seats: readonly Seat[]): HostEntry[] {
    const local = this.#local?.host === undefined ? this.#local?.entry() : this.#report.ofLocal(this.#local.host);
    const entries = [
      ...(local === undefined ? [] : [local]),
      ...seats.map((seat) => this.#report.ofSeat(seat)),
      ...[...this.#orphans].map((host) => this.#report.ofOrphan(host)),
    ];
    return entries.sort(compareEntries);
  }

  // Called by sources.

  #retarget(): void {
    if (this.#closed) return;
    this.#logProblems();
    const wanted = this.#targets.all();
    let changed = false;
    for (const [address, seat] of this.#seats) {
      if (wanted.has(address)) continue;
      this.#remove(seat);
      changed = true;
    }
    let begun = 0;
    for (const target of wanted.values()) {
      const seat = this.#seats.get(target.address);
      if (seat !== undefined) seat.connection.target = target;
      else {
        this.#add(target, Math.max(0, begun++ - AT_ONCE) * START_MS);
        changed = true;
      }
    }
    if (changed) this.#notify();
  }

  #add(target: Target, delayMs: number): void {
    const connection = new AgentConnection(target, this, this.#connectionOptions);
    const seat = new Seat(connection);
    this.#seats.set(target.address, seat);
    this.#seatOf.set(connection, seat);
    // Listed again: it resumes where it was.
    for (const host of this.#orphans) if (host.last.address === target.address && !host.moved) this.#give(host, seat);
    connection.start(delayMs);
  }

  #remove(seat: Seat): void {
    seat.connection.close();
    this.#seats.delete(seat.address);
    this.#seatOf.delete(seat.connection);
    this.#orphan(seat, false);
    this.#options.log.info(
      { agent: clipped(seat.address, NAME_LENGTH), source: clipped(seat.source, NAME_LENGTH) },
      'agent removed from all sources',
    );
  }

  // Called by connections.

  cursor(connection: AgentConnection): Cursor | undefined {
    const seat = this.#seatOf.get(connection);
    if (seat?.host !== undefined) return seat.host.replica?.cursor;
    // The same process resumes from there without sending its full state: enough to see that it is still there.
    if (seat?.refused?.same !== true) return undefined;
    const { replica, live } = seat.refused.host;
    return replica === undefined ? { epoch: live.epoch, revision: BigInt(live.revision) } : replica.cursor;
  }

  claim(connection: AgentConnection, { id, name }: Pick<Host, 'id' | 'name'>, epoch: string): Replica {
    const seat = this.#mustSit(connection);
    let host = this.#hosts.get(id);
    if (host !== undefined && this.#isTaken(host, seat)) throw this.#refuse(host, seat, { name, epoch });
    if (seat.host !== host) {
      // This agent may have reported it before its last host: do not forget it then.
      if (host !== undefined) this.#orphans.delete(host);
      this.#orphan(seat, true);
    }
    if (host === undefined) {
      const replica = this.#options.createReplica();
      host = new KnownHost({ id, name }, epoch, { live: replica, replica }, seat, (known) => this.#entryOf(known));
      this.#hosts.set(id, host);
    } else host.resyncs++;
    this.#give(host, seat);
    host.epoch = epoch;
    if (host.replica === undefined) throw new Refusal('the host is this process’s own');
    return host.replica;
  }

  resume(connection: AgentConnection, epoch: string): Replica {
    const seat = this.#mustSit(connection);
    if (seat.host?.replica !== undefined) return seat.host.replica;
    const host = seat.refused?.host;
    if (host === undefined || this.#hosts.get(host.hostId) !== host) {
      seat.refused = undefined;
      throw new Refusal('its host is no longer known', 'again');
    }
    if (this.#isTaken(host, seat)) throw this.#refuse(host, seat, { name: host.name, epoch });
    // No other agent reports it any more. The next stream resumes from the replica's own cursor.
    this.#give(host, seat);
    throw new Refusal('it is used from now on', 'again');
  }

  leave(connection: AgentConnection): void {
    const seat = this.#seatOf.get(connection);
    if (seat !== undefined) this.#orphan(seat, true);
  }

  changed(connection: AgentConnection): void {
    const seat = this.#seatOf.get(connection);
    if (seat === undefined) return;
    this.#sorted = undefined;
    if (connection.phase === 'live' && seat.host !== undefined) seat.host.complete = true;
    // It may be gone, and its claim with it.
    if (connection.phase === 'off' && seat.refused !== undefined && !connection.refused) seat.refused = undefined;
    if (seat.wasConnected && !seat.connected && seat.host !== undefined) this.#lost(seat.host, seat);
    seat.wasConnected = seat.connected;
    this.#notifyState(seat);
  }

  longestPauseMs(): number {
    let unreached = 0;
    for (const { connected } of this.#seats.values()) if (!connected) unreached++;
    return Math.max(PAUSE_MS, unreached * PAUSE_OF_EACH_MS);
  }

  // Which agent reports which host.

  /** Whether another agent reports a host and is not silent. An agent that was in conflict before waits until the other is really gone. */
  #isTaken(host: KnownHost, by: Seat): boolean {
    const { holder } = host;
    if (holder === undefined || holder === by) return false;
    if (holder.connected) return true;
    const inConflict = by.refused?.host === host && !by.refused.same;
    return inConflict && this.#quietMs(host) < this.#options.heartbeatMs * QUIET_BEATS;
  }

  #quietMs({ holder }: KnownHost): number {
    return holder?.heardAt === undefined ? Number.POSITIVE_INFINITY : this.#options.clock.now() - holder.heardAt;
  }

  #refuse(host: KnownHost, seat: Seat, { name, epoch }: { readonly name: string; readonly epoch: string }): Refusal {
    const same = host.epoch === epoch;
    this.#orphan(seat, true);
    seat.refused = { host, name, same };
    return new Refusal(refusal(host, same, seat.address));
  }

  #give(host: KnownHost, seat: Seat): void {
    if (host.holder instanceof Seat && host.holder !== seat) host.holder.host = undefined;
    this.#orphans.delete(host);
    host.holder = seat;
    host.last = seat;
    host.orphanedAt = undefined;
    host.moved = false;
    seat.host = host;
    seat.refused = undefined;
  }

  /** No agent reports the seat's host any more. @param moved because its agent now reports another one */
  #orphan(seat: Seat, moved: boolean): void {
    const { host } = seat;
    if (host === undefined) return;
    const { clock, forgetMs } = this.#options;
    // An agent that is another host each time must not fill the roster.
    if (moved) for (const other of this.#orphans) if (other.moved && other.last.address === seat.address) this.#forget(other);
    seat.host = undefined;
    host.holder = undefined;
    host.moved = moved;
    const since = clock.now();
    host.orphanedAt = since;
    this.#orphans.add(host);
    for (const oldest of this.#orphans) {
      if (this.#orphans.size <= MOST_ORPHANS) break;
      this.#forget(oldest);
    }
    clock.after(forgetMs, () => {
      if (this.#closed || host.orphanedAt !== since) return;
      this.#forget(host);
      this.#notify();
    });
    this.#wake(host, () => true);
  }

  #forget(host: KnownHost): void {
    this.#orphans.delete(host);
    host.orphanedAt = undefined;
    if (this.#hosts.get(host.hostId) === host) this.#hosts.delete(host.hostId);
    this.#sorted = undefined;
    this.#options.log.info({ host: clipped(host.hostId, NAME_LENGTH), name: clipped(host.name, NAME_LENGTH) }, 'host forgotten');
  }

  /** Its holder is silent. Other agents of the same host take over if it does not come back. */
  #lost(host: KnownHost, holder: Seat): void {
    const { clock, heartbeatMs } = this.#options;
    const wake = (afterMs: number, same: boolean): void => {
      clock.after(afterMs, () => {
        if (!this.#closed && host.holder === holder && !holder.connected) this.#wake(host, (seat) => seat.refused?.same === same);
      });
    };
    wake(heartbeatMs, true);
    wake(Math.max(0, heartbeatMs * QUIET_BEATS - this.#quietMs(host)), false);
  }

  #wake(host: KnownHost, which: (seat: Seat) => boolean): void {
    for (const seat of this.#seats.values()) if (seat.refused?.host === host && which(seat)) seat.connection.wake();
  }

  #seatLocal(): void {
    const local = this.#local;
    const id = local?.live.host()?.id;
    if (local === undefined || id === undefined || local.host?.hostId === id) {
      this.#notify();
      return;
    }
    if (local.host !== undefined) this.#forget(local.host);
    const before = this.#hosts.get(id);
    if (before !== undefined) {
      this.#orphans.delete(before);
      before.orphanedAt = undefined;
    }
    const seat = before?.holder instanceof Seat ? before.holder : undefined;
    const { live } = local;
    const host = new KnownHost({ id, name: '' }, live.epoch, { live }, local, (known) => this.#entryOf(known));
    host.complete = true;
    this.#hosts.set(id, host);
    local.host = host;
    if (seat !== undefined) {
      seat.host = undefined;
      seat.connection.displace(this.#refuse(host, seat, { name: before?.name ?? '', epoch: before?.epoch ?? '' }));
    }
    this.#sorted = undefined;
    this.#notify();
  }

  #mustSit(connection: AgentConnection): Seat {
    const seat = this.#seatOf.get(connection);
    if (seat === undefined) throw new Refusal('it is no longer followed');
    return seat;
  }

  #entryOf(host: KnownHost): HostEntry {
    const { holder } = host;
    if (holder instanceof Seat) return this.#report.ofSeat(holder);
    return holder === undefined ? this.#report.ofOrphan(host) : this.#report.ofLocal(host);
  }

  // Notifications.

  #notifyState(seat: Seat): void {
    const { state } = seat;
    if (state === seat.notifiedState) return;
    seat.notifiedState = state;
    const { log } = this.#options;
    const fields = {
      agent: clipped(seat.address, NAME_LENGTH),
      ...(seat.host !== undefined && { host: clipped(seat.host.name, NAME_LENGTH) }),
      state,
    };
    if (state === 'LIVE' || state === 'SYNCING') log.info(fields, 'agent');
    else {
      const { problem, problemCode: code } = this.#report.ofSeat(seat);
      log.warn({ ...fields, problem, code }, 'agent');
    }
    this.#notify();
  }

  #logProblems(): void {
    const { log } = this.#options;
    const problems = new Map(this.#targets.problems().map(({ source, message }) => [source, message]));
    for (const [source, message] of problems)
      if (this.#problems.get(source) !== message) log.warn({ source, problem: message }, 'finding agents');
    for (const source of this.#problems.keys()) if (!problems.has(source)) log.info({ source }, 'finding agents works again');
    this.#problems = problems;
  }

  #notify(): void {
    this.#sorted = undefined;
    for (const listener of [...this.#listeners]) listener();
  }
}

function compareEntries(a: HostEntry, b: HostEntry): number {
  if ((a.host === undefined) !== (b.host === undefined)) return a.host === undefined ? 1 : -1;
  return compare(a.hostName, b.hostName) || compare(a.host, b.host) || compare(a.agent, b.agent);
}
