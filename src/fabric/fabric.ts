import type { OverlayMember } from '../model/types.js';
import { type HostFacts, type KnownHosts, readHosts } from './host-facts.js';
import { type Joined, joinHosts } from './join.js';
import { compare } from '../text/order.js';
import type { HostHead } from './members.js';
import type { AddressQuery, FabricEndpoint, FabricMember, FabricOverlay } from './overlay.js';
import { BREATH, type Work } from './steps.js';
import type { FabricHost } from './types.js';

/** An underlay address that stands for one host. */
export interface VtepHost {
  readonly vtep: string;
  readonly host: HostHead;
}

/** Which members are asked for: those that fit everything that is set. */
export interface MemberQuery {
  /** Id of an overlay. */
  readonly overlay?: string;
  /** Id of a host. */
  readonly host?: string;
  /** Address at which others reach it. */
  readonly vtep?: string;
}

/** Which endpoints are asked for: those of such members that fit everything that is set. */
export interface EndpointQuery extends MemberQuery, AddressQuery {}

/**
 * What a fabric remembers, so that the next join costs no more than what changed: what was read of a host, by its revision, and what was
 * joined. Only of the hosts that were joined last.
 */
export class FabricMemory {
  readonly hosts: KnownHosts = new Map();
  joined: Joined | undefined;
}

/**
 * Joins hosts, wherever they come from: live ones, replicas, snapshots. All that there are: an overlay is found by what the others say.
 * The work yields between small slices: no more than one part of a namespace is read, or about a millisecond of joining done, in one.
 * finish() does all of it at once. Several joins with one memory may go on at a time; a join that nobody ends is no harm.
 * What changes meanwhile may be in the fabric or not.
 */
export function* joinFabric(hosts: readonly FabricHost[], memory = new FabricMemory()): Work<Fabric> {
  // What is found does not depend on the order in which hosts are known.
  const given = [...hosts].sort((a, b) => compare(a.view.hostId, b.view.hostId));
  const joined = yield* joinHosts(yield* readHosts(given, memory.hosts), memory.joined);
  memory.joined = joined;
  return new Fabric(given, joined);
}

/**
 * Hosts, joined, as they were then. Where a fabric is made with the memory of the one before, hosts, overlays and members of which nothing
 * changed are the same objects in both: whoever keeps what was made of them need not make it again. How old a host is, is in ageOf() and
 * changes nothing else. Nothing takes longer than about a millisecond at once, but for what says so; what would, is iterable in parts.
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

  /** How well a host is known; nothing where no collector says so. */
  ageOf(hostId: string): Pick<OverlayMember, 'state' | 'ageMs'> {
    const { state, ageMs } = this.#given.get(hostId) ?? {};
    return { ...(state !== undefined && { state }), ...(ageMs !== undefined && { ageMs }) };
  }

  /** Members, those of one overlay after the other. */
  *members(query: MemberQuery = {}): Generator<readonly FabricMember[], void, undefined> {
    for (const { members } of this.#overlaysOf(query)) yield members.filter((member) => isWanted(member, query));
  }

  /** Endpoints, in the order of overlays, members and ports; empty parts are places where other work can be done. */
  *endpoints(query: EndpointQuery = {}): Generator<readonly FabricEndpoint[], void, undefined> {
    for (const overlay of this.#overlaysOf(query)) {
      yield BREATH;
      if (query.ip !== undefined || query.mac !== undefined)
        yield (yield* overlay.endpointsWith(query)).filter(({ member }) => isWanted(member, query));
      else for (const member of overlay.members) if (isWanted(member, query)) yield member.endpoints;
    }
  }

  /** The host that an underlay address stands for; undefined where no known host has it, or several do and no single one advertises it. */
  hostOfAddress(ip: string): HostHead | undefined {
    return this.#joined.known.result.vteps.hostOf(ip);
  }

  /** All hosts that have an underlay address. */
  hostsWithAddress(ip: string): readonly HostHead[] {
    return this.#joined.known.result.vteps.owners(ip);
  }

  /** Every underlay address that stands for one host, sorted by host and address. */
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
