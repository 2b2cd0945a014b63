import type { Selector } from '../model/select.js';
import type { Endpoint, Overlay, OverlayMember } from '../model/types.js';
import { statusOf } from './facts.js';
import type { Fabric } from './fabric.js';
import type { FabricEndpoint, FabricMember, FabricOverlay, OverlayFacts } from './overlay.js';
import { FabricSelector } from './select.js';
import { BREATH, type Work } from './steps.js';

// The lists that people see of a fabric. They ask it as everybody does.

/** Items of one batch. */
const BATCH = 64;

/** Overlays that fit, by name of the network and VNI; each with all its members, or not at all. Empty batches are pauses for other work. */
export function* overlayList(fabric: Fabric, selector: Selector): Generator<readonly Overlay[], void, undefined> {
  const fits = new FabricSelector(selector);
  for (const overlay of fabric.overlays) {
    if (yield* fits.selectsOverlay(overlay)) yield [yield* describeOverlay(fabric, overlay)];
    else yield BREATH;
  }
}

/** Endpoints that fit, in the order of overlays, members and ports. Empty batches are pauses for other work. */
export function* endpointList(fabric: Fabric, selector: Selector): Generator<readonly Endpoint[], void, undefined> {
  const fits = new FabricSelector(selector);
  for (const overlay of fabric.overlays) {
    yield BREATH;
    if (!fits.selectsNetwork(overlay)) continue;
    for (const { endpoints } of overlay.members.filter((member) => fits.selectsHost(member))) {
      for (let at = 0; at < endpoints.length; at += BATCH)
        yield endpoints
          .slice(at, at + BATCH)
          .filter((endpoint) => fits.selectsEndpoint(endpoint))
          .map((endpoint) => describeEndpoint(fabric, overlay.facts, endpoint));
    }
  }
}

function* describeOverlay(fabric: Fabric, { facts, members: all }: FabricOverlay): Work<Overlay> {
  const members: OverlayMember[] = [];
  for (const member of all) {
    members.push(describeMember(fabric, member));
    yield BREATH;
  }
  return { ...facts, members, endpoints: members.reduce((sum, { endpoints }) => sum + endpoints, 0) };
}

function describeMember(fabric: Fabric, { host, netns, vxlan, vtep, facts, remotes = [] }: FabricMember): OverlayMember {
  const place = { host: host.id, hostName: host.name, netnsId: netns.head.id, netnsName: netns.name };
  const known = fabric.ageOf(host.id);
  const address = vtep === undefined ? {} : { vtep: vtep.address, vtepSource: vtep.source };
  if (vxlan === undefined)
    return { ...place, ...address, subnets: [], endpoints: 0, remotes: [], ...known, status: statusOf(netns, 'LINKS') };
  return {
    ...place,
    ifindex: vxlan.ifindex,
    ifname: vxlan.name,
    ...address,
    operState: vxlan.operState,
    ...(vxlan.mtu !== undefined && { mtu: vxlan.mtu }),
    ...(vxlan.vxlan.dstPort !== undefined && { dstPort: vxlan.vxlan.dstPort }),
    subnets: [...vxlan.subnets],
    endpoints: facts.attached.length,
    ...(vxlan.rows !== undefined && { fdbEntries: vxlan.rows.total }),
    remotes: [...remotes],
    ...known,
  };
}

/** Of a port whose peer the kernel does not name nothing else is said. */
function describeEndpoint(fabric: Fabric, { id, networkId, networkName, vni }: OverlayFacts, endpoint: FabricEndpoint): Endpoint {
  const { member, port } = endpoint;
  return {
    overlay: id,
    ...(networkId !== undefined && { networkId }),
    ...(networkName !== undefined && { networkName }),
    vni,
    host: member.host.id,
    hostName: member.host.name,
    ...describeAttached(endpoint),
    port: port.ref,
    portOperState: port.operState,
    status: port.status,
    ...(member.vtep !== undefined && { vtep: member.vtep.address }),
    ...fabric.ageOf(member.host.id),
  };
}

type AttachedFields = Pick<
  Endpoint,
  'ips' | 'mac' | 'netnsId' | 'netnsName' | 'ifindex' | 'ifname' | 'role' | 'owner' | 'operState'
>;

/** The kernel's word for who the peer is stays when it was gone before its namespace was read. */
function describeAttached({ port: { peer }, netns, end }: FabricEndpoint): AttachedFields {
  if (peer === undefined) return { ips: [] };
  const owner = netns?.head.owner;
  return {
    ips: [...(end?.ips ?? [])],
    ...(end?.mac !== undefined && { mac: end.mac }),
    netnsId: peer.netnsId,
    ...(netns !== undefined && { netnsName: netns.name, role: netns.head.role }),
    ifindex: peer.ifindex,
    ifname: end?.name ?? peer.name,
    ...(owner !== undefined && { owner }),
    ...(end !== undefined && { operState: end.operState }),
  };
}
