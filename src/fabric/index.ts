import type { HostSnapshot, Table } from '../model/types.js';
import { viewOf } from '../model/views.js';
import type { FabricHost } from './types.js';

export { type EndpointQuery, type Fabric, FabricMemory, joinFabric, type MemberQuery, type VtepHost } from './fabric.js';
export { type EndFacts, type NetnsFacts, type PortFacts, statusOf, type VxlanFacts } from './facts.js';
export type { HostFacts } from './host-facts.js';
export { endpointList, overlayList } from './lists.js';
export type { HostHead } from './members.js';
export type { AddressQuery, Directory, FabricEndpoint, FabricMember, FabricOverlay, OverlayFacts } from './overlay.js';
export { finish, type Work } from './steps.js';
export type { FabricHost } from './types.js';

/** The tables that a fabric is made of: what has to be read, and whose changes make another one. Queries read any table that the host has. */
export const FABRIC_TABLES: readonly Table[] = ['LINKS', 'ADDRESSES', 'NSIDS', 'FDB', 'NEXTHOPS'];

/** A snapshot as a part of the fabric. */
export function fabricHostOf(snapshot: HostSnapshot): FabricHost {
  const { host, networks } = snapshot;
  return { view: viewOf(snapshot), name: host.name, engines: host.engines, networks };
}
