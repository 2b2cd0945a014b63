import type { RowBase, RowSelector } from '../tables/contract.js';
import { type Row, type SectionRows, tableOf } from '../tables/index.js';
import type { Overlay, RemoteVtep, Section } from '../model/types.js';
import type { Rows } from '../model/views.js';
import { type NetnsFacts, statusOf, type VxlanFacts } from './facts.js';
import { compare } from '../text/order.js';
import type { AttachedFacts, HostHead, MemberFacts } from './members.js';
import { push } from '../text/lists.js';
import type { OwnVtep } from './own-vtep.js';
import { BREATH, Steps, type Work } from './steps.js';
import type { VtepHosts } from './vtep-hosts.js';

/** What an overlay is, apart from its members. Its id stays the same when hosts come and go, but for overlays without network whose first host goes. */
export type OverlayFacts = Readonly<Omit<Overlay, 'members' | 'endpoints'>>;

/** Endpoints of one overlay. Of an address that is there twice all that have it. */
export interface Directory {
  readonly byIp: ReadonlyMap<string, readonly FabricEndpoint[]>;
  /** In lower case. */
  readonly byMac: ReadonlyMap<string, readonly FabricEndpoint[]>;
}

/** Addresses of an endpoint that is asked for. */
export interface AddressQuery {
  readonly ip?: string;
  /** In upper or lower case. */
  readonly mac?: string;
}

/** One overlay: one VNI of a network, or vxlans that point at each other. The same object as long as nothing of it changes. */
export class FabricOverlay {
  #directory: Directory | undefined;

  constructor(
    readonly facts: OverlayFacts,
    /** Sorted by host name, host id, namespace, ifindex. */
    readonly members: readonly FabricMember[],
  ) {}

  get id(): string {
    return this.facts.id;
  }

  /** Its endpoints that have an IP address, a MAC address, or both. */
  *endpointsWith({ ip, mac }: AddressQuery): Work<readonly FabricEndpoint[]> {
    const { byIp, byMac } = yield* this.directory();
    const withMac = mac === undefined ? undefined : (byMac.get(mac.toLowerCase()) ?? []);
    if (ip === undefined) return withMac ?? [];
    return (byIp.get(ip) ?? []).filter((endpoint) => withMac?.includes(endpoint) !== false);
  }

  /** Its endpoints by address. Made when it is asked for the first time, in slices, and kept. */
  *directory(): Work<Directory> {
    if (this.#directory !== undefined) return this.#directory;
    const byIp = new Map<string, FabricEndpoint[]>();
    const byMac = new Map<string, FabricEndpoint[]>();
    const steps = new Steps();
    for (const endpoint of this.members.flatMap(({ endpoints }) => endpoints)) {
      const { ips = [], mac } = endpoint.end ?? {};
      for (const ip of new Set(ips)) push(byIp, ip, endpoint);
      if (mac !== undefined) push(byMac, mac.toLowerCase(), endpoint);
      if (steps.spent(1 + ips.length)) yield BREATH;
    }
    this.#directory = { byIp, byMac };
    return this.#directory;
  }
}

/** What is attached to a port of an overlay's bridge. */
export interface FabricEndpoint extends AttachedFacts {
  readonly member: FabricMember;
}

/** A vxlan of an overlay on one host. The same object as long as nothing of it, of what is attached and of VTEPs changes. */
export class FabricMember {
  readonly host: HostHead;
  readonly netns: NetnsFacts;
  /** undefined when the interfaces of the namespace could not be read; statusOf(netns, 'LINKS') says why. */
  readonly vxlan: VxlanFacts | undefined;
  readonly #vteps: VtepHosts;
  #remotes: readonly RemoteVtep[] | undefined;

  constructor(
    readonly overlayId: string,
    /** What it was made of. */
    readonly facts: MemberFacts,
    /** How other hosts reach it; undefined where nothing says so. */
    readonly vtep: OwnVtep | undefined,
    vteps: VtepHosts,
  ) {
    this.host = facts.host;
    this.netns = facts.netns;
    this.vxlan = facts.vxlan;
    this.#vteps = vteps;
  }

  /** What is attached to its bridge, by ifindex of the port. */
  get endpoints(): readonly FabricEndpoint[] {
    return this.facts.attached.map(({ port, netns, end }) => ({ member: this, port, netns, end }));
  }

  /** Where its forwarding rows lead, by address; at most 1,024. undefined when they could not be read. */
  get remotes(): readonly RemoteVtep[] | undefined {
    const rows = this.vxlan?.rows;
    this.#remotes ??= rows?.vteps
      .map((vtep, at) => remoteOf(vtep, this.#vteps.hostOf(vtep), rows.counts[at] ?? 0))
      .sort((a, b) => compare(a.vtep, b.vtep));
    return this.#remotes;
  }

  /** VTEPs that rows for a MAC address lead to. Takes a millisecond for a million rows. undefined when they could not be read. */
  vtepsFor(mac: string): readonly string[] | undefined {
    return this.vxlan?.rows?.vtepsFor(mac);
  }

  /**
   * Rows of the vxlan in one section, 'fdb' or 'neighbors', with everything that the kernel says of them: as the host has them now, part by
   * part; parts may be empty. undefined, never empty, if they could not be read or their table was not requested: statusOf() says why.
   */
  rows<Name extends Section>(section: Name, selector: RowSelector = {}): Iterable<readonly SectionRows[Name][]> | undefined {
    const table = tableOf(section);
    if (this.vxlan === undefined || statusOf(this.netns, table.name) !== 'OK') return undefined;
    return rowsOn(this.vxlan.ifindex, this.netns.take([table.name]), (part) =>
      // The section and the type of its rows belong together, which the compiler cannot follow.
      (part[section] as (SectionRows[Name] & Row)[]).filter((row) => table.selects(row, selector)),
    );
  }

  /** Whether this is what would be made of these. */
  isOf(facts: MemberFacts, vtep: OwnVtep | undefined, vteps: VtepHosts): boolean {
    const isSameVtep = this.vtep?.address === vtep?.address && this.vtep?.source === vtep?.source;
    return this.facts === facts && this.#vteps === vteps && isSameVtep;
  }
}

function* rowsOn<Each extends RowBase>(
  ifindex: number,
  parts: Iterable<Rows>,
  rowsOf: (part: Rows) => readonly Each[],
): Generator<readonly Each[]> {
  for (const part of parts) yield rowsOf(part).filter((row) => row.ifindex === ifindex);
}

function remoteOf(vtep: string, host: HostHead | undefined, fdbEntries: number): RemoteVtep {
  return host === undefined ? { vtep, fdbEntries } : { vtep, host: host.id, hostName: host.name, fdbEntries };
}
