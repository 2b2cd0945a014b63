import { NO_COUNTS, rowCounts } from '../../model/row-counts.js';
import type { AgentState, Gap, HostEntry } from '../../model/types.js';
import type { Clock } from './clock.js';
import type { KnownHost } from './known-host.js';
import type { Seat } from './seat.js';
import { duration } from '../../text/duration.js';
import type { ErrorCode } from '../../text/error.js';
import { clipped, NAME_LENGTH } from '../../text/printable.js';

/** Describes agents and their hosts to people. */
export class Report {
  readonly #clock: Clock;
  readonly #forgetMs: number;

  /** @param forgetMs how long a host is kept that no agent reports */
  constructor(clock: Clock, forgetMs: number) {
    this.#clock = clock;
    this.#forgetMs = forgetMs;
  }

  /** For a followed agent. */
  ofSeat(seat: Seat): HostEntry {
    const { connection, refused, state } = seat;
    const host = seat.host ?? (refused?.same === true ? refused.host : undefined);
    const problem = this.#problem(seat);
    const problemCode = refused === undefined ? connection.problemCode : ('ERR_NSATLAS_SESSION_UNUSED' satisfies ErrorCode);
    return {
      agent: seat.address,
      source: seat.source,
      state,
      ...(host === undefined ? NO_COUNTS : this.#known(host)),
      ...(refused?.same === false && { host: refused.host.hostId, hostName: refused.name }),
      disconnects: connection.disconnects,
      ...(connection.heardAt !== undefined && { heardAt: this.#time(connection.heardAt) }),
      ...(problem !== undefined && { problem }),
      ...(problem !== undefined && problemCode !== undefined && { problemCode }),
    };
  }

  /** For a host that no agent reports any more. */
  ofOrphan(host: KnownHost): HostEntry {
    const leftMs = this.#forgetMs - (this.#clock.now() - (host.orphanedAt ?? this.#clock.now()));
    const { address, source } = host.last;
    const why = host.moved
      ? `the agent at ${address} now reports another host`
      : `${source} no longer lists its agent (${address})`;
    const problem = clipped(`${why}; its data will be dropped in ${duration(leftMs)}`, 500);
    return { agent: address, source, state: 'STALE', ...this.#known(host), disconnects: 0, problem };
  }

  /** For the host of this process. */
  ofLocal(host: KnownHost): HostEntry {
    return { agent: host.last.address, source: host.last.source, state: 'LIVE', ...this.#known(host), disconnects: 0 };
  }

  /** The gap that an entry leaves in every answer; none for a live agent, at whatever address. */
  gapOf(entry: HostEntry): Gap | undefined {
    if (entry.state === 'LIVE') return undefined;
    const isShown = entry.state === 'STALE' || entry.state === 'SYNCING';
    const name = entry.hostName ?? entry.host;
    const about = name === undefined || entry.state === 'CONFLICT' ? '' : `host ${clipped(name, NAME_LENGTH)}: `;
    const age = entry.ageMs === undefined ? '' : `; its data is ${duration(entry.ageMs)} old`;
    return {
      ...(entry.host !== undefined && entry.state !== 'CONFLICT' && { host: entry.host }),
      status: isShown ? 'STALE_HOST' : 'FAILED',
      operation: 'follow',
      ...(entry.problemCode !== undefined && { code: entry.problemCode }),
      message: `${about}${entry.problem ?? 'its agent is silent'}${isShown ? age : ''}`,
    };
  }

  #known(host: KnownHost): Omit<HostEntry, 'agent' | 'source' | 'state' | 'disconnects'> {
    const details = host.live.host();
    const { namespaces, interfaces, ...rows } = host.live.counts;
    const freshness = host.complete ? host.live.freshness() : undefined;
    return {
      host: host.hostId,
      hostName: host.name,
      ...(freshness !== undefined && { ageMs: freshness.ageMs, freshness: host.replica?.reported ?? freshness }),
      namespaces,
      interfaces,
      ...rowCounts((section) => rows[section]),
      gaps: host.live.gaps().length,
      resyncs: host.resyncs,
      ...(details !== undefined && { details }),
    };
  }

  #problem(seat: Seat): string | undefined {
    const { connection, refused, host, state } = seat;
    const { note } = connection.target;
    if (refused !== undefined) return refusal(refused.host, refused.same, seat.address);
    const said = connection.problem ?? `the agent at ${seat.address} has not answered yet`;
    const noted = note === undefined ? said : `${said} (${note})`;
    const problems: Record<AgentState, () => string | undefined> = {
      LIVE: () => undefined,
      SYNCING: () =>
        `the agent at ${seat.address} is sending ${host?.complete === true ? 'what was missed' : 'its full state for the first time'}`,
      STALE: () =>
        connection.heardAt === undefined ? noted : `silent for ${duration(this.#clock.now() - connection.heardAt)}: ${noted}`,
      UNREACHABLE: () => noted,
      CONFLICT: () => noted,
    };
    const problem = problems[state]();
    return problem === undefined ? undefined : clipped(problem, 600);
  }

  /** RFC 3339 of a time by the clock. */
  #time(at: number): string {
    return new Date(this.#clock.date() - (this.#clock.now() - at)).toISOString();
  }
}

/** Why an agent is not used, in a line for people. @param same whether it is the same process, used at another address */
export function refusal(host: KnownHost, same: boolean, address: string): string {
  const used = host.holder?.address ?? host.last.address;
  if (same) return `the same agent as ${used}, which is used`;
  return clipped(
    `the agent at ${address} claims to be host ${clipped(host.hostId, 64)}, and so does the agent at ${used}, which is used; ` +
      'give one of them another --host-id',
    500,
  );
}
