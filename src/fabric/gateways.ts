import type { NetnsView } from '../model/views.js';
import type { NexthopObject } from '../model/types.js';
import { BREATH, type Work } from './steps.js';

/** Where forwarding rows lead that name a next hop: EVPN multihoming, where a MAC address is behind all VTEPs of a group. */
export class Gateways {
  /** By id of the next hop or group. */
  readonly #gateways = new Map<number, readonly string[]>();

  /** @param nexthops all of one namespace */
  constructor(nexthops: readonly Pick<NexthopObject, 'id' | 'gateway' | 'group'>[]) {
    for (const { id, gateway } of nexthops) if (gateway !== undefined) this.#gateways.set(id, [gateway]);
    // Groups have no groups as members. // nh_check_attr_group(), net/ipv4/nexthop.c
    for (const { id, group } of nexthops)
      if (group.length > 0) this.#gateways.set(id, [...new Set(group.flatMap((member) => this.of(member.id)))]);
  }

  /** Addresses of a next hop, each once; none if it is unknown. */
  of(id: number | undefined): readonly string[] {
    return (id === undefined ? undefined : this.#gateways.get(id)) ?? [];
  }
}

/** The next hops of a namespace for forwarding rows; nearly everywhere there are none. */
export function* readGateways(netns: NetnsView): Work<Gateways> {
  const all: NexthopObject[] = [];
  for (const { nexthops } of netns.take(['NEXTHOPS'])) {
    for (const nexthop of nexthops) if (nexthop.fdb) all.push(nexthop);
    yield BREATH;
  }
  return new Gateways(all);
}
