import type { OverlayMember } from '../model/types.js';
import { type HostFacts, type KnownHosts, readHosts } from './host-facts.js';
import { type Joined, joinHosts } from './join.js';
import { compare } from '../text/order.js';
import type { HostHead } from './members.js';
import type { AddressQuery, FabricEndpoint, FabricMember, FabricOverlay } from './overlay.js';
import { BREATH, type Work } from './steps.js';
import type { FabricHost } from './types.js';

/** An underlay address that identifies one host. */
export interface VtepHost {
  readonly vtep: string;
  readonly host: HostHead;
}

/** Selects members: those that match everything that is set. */
export interface MemberQuery {
  /** Id of an overlay. */
  readonly overlay?: string;
  /** Id of a host. */
  readonly host?: string;
  /** Address at which others reach it. */
  readonly vtep?: string;
}

/** Selects endpoints of such members: those that match everything that is set. */
export interface EndpointQuery extends MemberQuery, AddressQuery {}

/**
 * The cache that makes the cost of a join proportional to the changes: facts of hosts, by revision, and what was
 * joined. It covers only the hosts of the last join.
 */
export class FabricMemory {
  readonly hosts: KnownHosts = new Map();
  joined: Joined | undefined;
}

/**
 * Joins hosts from any source: live ones, replicas, snapshots. Pass all of them: overlays are found through the other hosts.
 * The work yields between small slices: each reads at most one part of a namespace, or joins for about a millisecond.
 * finish() does all of it at once. Several joins with one memory may run at a time; an unfinished join does no harm.
 * Changes during a join may be in the fabric or not.
 */
export function* joinFabric(hosts: readonly FabricHost[], memory = new FabricMemory()): Work<Fabric> {
  // What is found does not depend on the order in which hosts are known.
  const given = [...hosts].sort((a, b) => compare(a.view.hostId, b.view.hostId));
  const joined = yield* joinHosts(yield* readHosts(given, memory.hosts), memory.joined);
  memory.joined = joined;
  return new Fabric(given, joined);
}

/**
 * The joined hosts at one time. If a fabric is built with the memory of the previous one, unchanged hosts, overlays and members
 * are the same objects in both, so that caches of anything derived from them stay valid. The age of a host is in ageOf() and
 * changes nothing else. No call takes longer than about a millisecond unless documented; longer results are iterable in parts.
 */
export class Fabric {
  /** Sorted by name of the network, VNI and id. */
  readonly overlays: readonly FabricOverlay[];
  /** Sorted by id. */
  readonly hosts: readonly HostFacts[];
  readonly #joined: Joined;
  readonly #hosts: ReadonlyMap<string, HostFacts>;
  readonly #given: ReadonlyMap<string, FabricHost>;

  constructor(given: readonly FabricHost[], joined: Joined) {
    this.overlays = joined.overlays;
    this.hosts = joined.hosts;
    this.#joined = joined;
    this.#hosts = new Map(joined.hosts.map((host) => [host.head.id, host]));
    this.#given = new Map(given.map((host) => [host.view.hostId, host]));
  }

  host(id: string): HostFacts | undefined {
    return this.#hosts.get(id);
  }

  overlay(id: string): FabricOverlay | undefined {
    return this.#joined.byId.get(id);
  }

  /** How current a host is; nothing without a collector. */
  ageOf(hostId: string): Pick<OverlayMember, 'state' | 'ageMs'> {
    const { state, ageMs } = this.#given.get(hostId) ?? {};
    return { ...(state !== undefined && { state }), ...(ageMs !== undefined && { ageMs }) };
  }

  /** Members, those of one overlay after the other. */
  *members(query: MemberQuery = {}): Generator<readonly FabricMember[], void, undefined> {
    for (const { members } of this.#overlaysOf(query)) yield members.filter((member) => isWanted(member, query));
  }

  /** Endpoints, in the order of overlays, members and ports; other work can be done at empty parts. */
  *endpoints(query: EndpointQuery = {}): Generator<readonly FabricEndpoint[], void, undefined> {
    for (const overlay of this.#overlaysOf(query)) {
      yield BREATH;
      if (query.ip !== undefined || query.mac !== undefined)
        yield (yield* overlay.endpointsWith(query)).filter(({ member }) => isWanted(member, query));
      else for (const member of overlay.members) if (isWanted(member, query)) yield member.endpoints;
    }
  }

  /** The host that an underlay address identifies; undefined if no known host has it, or if several do and not exactly one advertises it. */
  hostOfAddress(ip: string): HostHead | undefined {
    return this.#joined.known.result.vteps.hostOf(ip);
  }

  /** All hosts that have an underlay address. */
  hostsWithAddress(ip: string): readonly HostHead[] {
    return this.#joined.known.result.vteps.owners(ip);
  }

  /** Every underlay address that identifies one host, sorted by host and address. */
  vteps(): readonly VtepHost[] {
    const all = [...this.#joined.known.result.vteps.entries()].map(([vtep, host]) => ({ vtep, host }));
    return all.sort((a, b) => compare(a.host.id, b.host.id) || compare(a.vtep, b.vtep));
  }

  #overlaysOf({ overlay: id }: MemberQuery): readonly FabricOverlay[] {
    return id === undefined ? this.overlays : this.overlays.filter((overlay) => overlay.id === id);
  }
}

function isWanted({ host: { id }, vtep }: FabricMember, query: MemberQuery): boolean {
  return (query.host === undefined || query.host === id) && (query.vtep === undefined || query.vtep === vtep?.address);
}
