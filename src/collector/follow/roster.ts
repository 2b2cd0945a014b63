import { randomUUID } from 'node:crypto';
import type { AgentClient } from '../../client/agent.js';
import type { Cursor, Gap, Host, HostEntry, Table } from '../../model/types.js';
import type { Log } from '../../rpc/types.js';
import type { LiveHost } from '../../live/types.js';
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
  /** What names the agents. */
  readonly sources: readonly AgentSource[];
  /** Makes a client that has not connected yet; closed by the roster. @throws AgentError when the address is none */
  readonly connect: (address: string) => AgentClient;
  /** What holds a host's state; by default a ReplicaHost. */
  readonly createReplica?: () => Replica;
  /** Tables that agents are asked for. */
  readonly tables: readonly Table[];
  readonly log: Log;
  /** How long a host is kept when nothing names its agent any more and nobody tells of it, in milliseconds; 600,000. */
  readonly forgetMs?: number;
  /** How often an agent that has nothing to tell says so, in milliseconds; 2000. After three of them without a word it counts as silent. */
  readonly heartbeatMs?: number;
  readonly clock?: Clock;
  /** From 0 to 1; Math.random. */
  readonly random?: () => number;
  readonly turns?: Turns;
}

/** The hosts of a collector, and what follows their agents. */
export interface Roster extends Members {
  /** Begins to ask the sources and to follow the agents that they name. */
  start(): void;
  /** Makes the host of this process one of the hosts; it is not closed by the roster. Nobody else can be that host. */
  addLocal(live: LiveHost): void;
  /** Ends all that it does. What is known stays readable. */
  close(): void;
}

/** Follows the agents that sources name, and knows their hosts. */
export function createRoster(options: RosterOptions): Roster {
  return new HostRoster(options);
}

/** Silent for so many heartbeats: gone, for those who wait to tell of the same host. */
const QUIET_BEATS = 3;
/** Hosts that nobody tells of any more, at most: the one that is so for the longest is forgotten. */
const MOST_ORPHANS = MOST_TARGETS;
/** The longest pause between two attempts, in milliseconds, and what each agent that is not reached adds to it when they are many. */
const PAUSE_MS = 10_000;
const PAUSE_OF_EACH_MS = 10;
/** So many agents are connected to at once; each further one waits this long, in milliseconds. */
const AT_ONCE = 8;
const START_MS = 2;

class HostRoster implements Roster, ConnectionOwner {
  readonly tables: readonly Table[];
  readonly #options: RosterOptions & Required<Pick<RosterOptions, 'forgetMs' | 'heartbeatMs' | 'clock' | 'createReplica'>>;
  readonly #connectionOptions: ConnectionOptions;
  readonly #targets: Targets;
  readonly #report: Report;
  readonly #seats = new Map<string, Seat>();
  readonly #seatOf = new Map<AgentConnection, Seat>();
  readonly #hosts = new Map<string, KnownHost>();
  /** Those of them that nobody tells of any more, the oldest first. */
  readonly #orphans = new Set<KnownHost>();
  readonly #listeners = new Set<() => void>();
  #local: LocalHost | undefined;
  #sorted: readonly KnownHost[] | undefined;
  #problems = new Map<string, string>();
  #closed = false;

  constructor(options: RosterOptions) {
    const { forgetMs = 600_000, heartbeatMs = 2000, clock = SYSTEM_CLOCK, random = Math.random, turns = createTurns() } = options;
    this.tables = options.tables;
    // One that is forgotten and known again later has another history.
    const { createReplica = () => new ReplicaHost({ epoch: randomUUID(), now: () => clock.now() }) } = options;
    this.#options = { ...options, forgetMs, heartbeatMs, clock, createReplica };
    const { connect, tables, log } = options;
    this.#connectionOptions = { connect, tables, log, heartbeatMs, clock, random, turns };
    this.#report = new Report({ clock, forgetMs });
    this.#targets = new Targets(options.sources, () => this.#retarget());
  }

  start(): void {
    this.#targets.start();
  }

  close(): void {
    this.#closed = true;
    this.#targets.close();
    this.#local?.close();
    for (const { connection } of this.#seats.values()) connection.close();
  }

  addLocal(live: LiveHost): void {
    const { clock, log } = this.#options;
    this.#local = new LocalHost(live, { tables: this.tables, clock, log, onChange: () => this.#seatLocal() });
    this.#local.start();
  }

  // What is known.

  members(): readonly Member[] {
    this.#sorted ??= [...this.#hosts.values()].sort((a, b) => compare(a.name, b.name) || compare(a.hostId, b.hostId));
    return this.#sorted;
  }

  entries(): readonly HostEntry[] {
    const entries = [
      ...this.#ofLocal(),
      ...[...this.#seats.values()].map((seat) => this.#report.ofSeat(seat)),
      ...[...this.#orphans].map((host) => this.#report.ofOrphan(host)),
    ];
    return entries.sort(compareEntries);
  }

  gaps(): readonly Gap[] {
    const ofSources = this.#targets.problems().map(({ message }): Gap => ({ status: 'FAILED', operation: 'discover', message }));
    // An agent that has two addresses is spoken of once.
    const seats = [...this.#seats.values()].filter(({ state, refused }) => state !== 'LIVE' && refused?.same !== true);
    const entries = [
      ...this.#ofLocal(),
      ...seats.map((seat) => this.#report.ofSeat(seat)),
      ...[...this.#orphans].map((host) => this.#report.ofOrphan(host)),
    ];
    return [...ofSources, ...entries.sort(compareEntries).flatMap((entry) => this.#report.gapOf(entry) ?? [])];
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ofLocal(): HostEntry[] {
    if (this.#local === undefined) return [];
    return [this.#local.host === undefined ? this.#local.entry() : this.#report.ofLocal(this.#local.host)];
  }

  // What sources say.

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
    if (changed) this.#tell();
  }

  #add(target: Target, delayMs: number): void {
    const connection = new AgentConnection(target, this, this.#connectionOptions);
    const seat = new Seat(connection);
    this.#seats.set(target.address, seat);
    this.#seatOf.set(connection, seat);
    // Named again: it goes on where it was.
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
      'no longer named; not followed any more',
    );
  }

  // What connections ask.

  cursor(connection: AgentConnection): Cursor | undefined {
    const seat = this.#seatOf.get(connection);
    if (seat?.host !== undefined) return seat.host.replica?.cursor;
    // The same process answers from there without telling everything: enough to see that it still is.
    if (seat?.refused?.same !== true) return undefined;
    const { replica, live } = seat.refused.host;
    return replica === undefined ? { epoch: live.epoch, revision: BigInt(live.revision) } : replica.cursor;
  }

  claim(connection: AgentConnection, { id, name }: Pick<Host, 'id' | 'name'>, epoch: string): Replica {
    const seat = this.#mustSit(connection);
    let host = this.#hosts.get(id);
    if (host !== undefined && this.#isTaken(host, seat)) throw this.#refuse(host, seat, { name, epoch });
    if (seat.host !== host) {
      // It may be what this agent told of before the last one: it is not forgotten for that.
      if (host !== undefined) this.#orphans.delete(host);
      this.#orphan(seat, true);
    }
    if (host === undefined) {
      const replica = this.#options.createReplica();
      host = new KnownHost({ hostId: id, name, epoch, live: replica, replica }, seat, (known) => this.#entryOf(known));
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
      throw new Refusal('its host is not known any more', 'again');
    }
    if (this.#isTaken(host, seat)) throw this.#refuse(host, seat, { name: host.name, epoch });
    // Nobody tells of it any more. What came since the cursor that was given is asked for anew.
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
    // It may be there no longer: what it said of its identity says nothing then.
    if (connection.phase === 'off' && seat.refused !== undefined && !connection.refused) seat.refused = undefined;
    if (seat.wasConnected && !seat.connected && seat.host !== undefined) this.#lost(seat.host, seat);
    seat.wasConnected = seat.connected;
    this.#tellState(seat);
  }

  longestPauseMs(): number {
    let unreached = 0;
    for (const { connected } of this.#seats.values()) if (!connected) unreached++;
    return Math.max(PAUSE_MS, unreached * PAUSE_OF_EACH_MS);
  }

  // Who tells of what.

  /** Whether another one tells of a host, and is heard. One that was in conflict before waits until the other is really gone. */
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
    host.last = { address: seat.address, source: seat.source };
    host.orphanedAt = undefined;
    host.moved = false;
    seat.host = host;
    seat.refused = undefined;
  }

  /** Nobody tells of the seat's host any more. @param moved because its agent tells of another one */
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
      this.#tell();
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

  /** Its holder is not heard. Others that could tell of the same host are asked when it does not come back. */
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
      this.#tell();
      return;
    }
    if (local.host !== undefined) this.#forget(local.host);
    const before = this.#hosts.get(id);
    if (before !== undefined) {
      this.#orphans.delete(before);
      before.orphanedAt = undefined;
    }
    const seat = before?.holder instanceof Seat ? before.holder : undefined;
    const { epoch } = local.live;
    const host = new KnownHost({ hostId: id, name: '', epoch, live: local.live }, local, (known) => this.#entryOf(known));
    host.complete = true;
    this.#hosts.set(id, host);
    local.host = host;
    if (seat !== undefined) {
      seat.host = undefined;
      seat.connection.displace(this.#refuse(host, seat, { name: before?.name ?? '', epoch: before?.epoch ?? '' }));
    }
    this.#sorted = undefined;
    this.#tell();
  }

  #mustSit(connection: AgentConnection): Seat {
    const seat = this.#seatOf.get(connection);
    if (seat === undefined) throw new Refusal('it is not followed any more');
    return seat;
  }

  #entryOf(host: KnownHost): HostEntry {
    const { holder } = host;
    if (holder instanceof Seat) return this.#report.ofSeat(holder);
    return holder === undefined ? this.#report.ofOrphan(host) : this.#report.ofLocal(host);
  }

  // Who is told.

  #tellState(seat: Seat): void {
    const { state } = seat;
    if (state === seat.toldState) return;
    seat.toldState = state;
    const { log } = this.#options;
    const fields = {
      agent: clipped(seat.address, NAME_LENGTH),
      ...(seat.host !== undefined && { host: clipped(seat.host.name, NAME_LENGTH) }),
      state,
    };
    if (state === 'LIVE' || state === 'SYNCING') log.info(fields, 'agent');
    else log.warn({ ...fields, problem: this.#report.ofSeat(seat).problem }, 'agent');
    this.#tell();
  }

  #logProblems(): void {
    const { log } = this.#options;
    const problems = new Map(this.#targets.problems().map(({ source, message }) => [source, message]));
    for (const [source, message] of problems)
      if (this.#problems.get(source) !== message) log.warn({ source, problem: message }, 'finding agents');
    for (const source of this.#problems.keys()) if (!problems.has(source)) log.info({ source }, 'finding agents works again');
    this.#problems = problems;
  }

  #tell(): void {
    this.#sorted = undefined;
    for (const listener of [...this.#listeners]) listener();
  }
}

function compareEntries(a: HostEntry, b: HostEntry): number {
  if ((a.host === undefined) !== (b.host === undefined)) return a.host === undefined ? 1 : -1;
  return compare(a.hostName, b.hostName) || compare(a.host, b.host) || compare(a.agent, b.agent);
}
