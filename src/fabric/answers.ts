import type { Endpoint, Overlay, OverlayMember, RemoteVtep } from '../model/types.js';
import type { PortFacts } from './facts.js';
import type { JoinedMember, JoinedOverlay } from './join.js';
import { compare } from '../text/order.js';
import { type Attached, attachedTo } from './members.js';
import type { RemoteRows } from './remote-rows.js';
import { BREATH, type Work } from './steps.js';
import type { FabricHost } from './types.js';
import type { VtepHosts } from './vtep-hosts.js';

/** What an answer adds to what is the same for all who ask: how well each host is known now. */
export interface AnswerContext {
  /** In the order in which they were joined. */
  readonly hosts: readonly FabricHost[];
  readonly vteps: VtepHosts;
}

/** An overlay as it is told, member by member. */
export function* describeOverlay(overlay: JoinedOverlay, context: AnswerContext): Work<Overlay> {
  const members: OverlayMember[] = [];
  for (const member of overlay.members) {
    members.push(describeMember(member, context));
    yield BREATH;
  }
  const { id, vni, subnets, ingress, encrypted, internal } = overlay;
  return {
    id,
    ...networkOf(overlay),
    vni,
    subnets: [...subnets],
    members,
    endpoints: members.reduce((sum, { endpoints }) => sum + endpoints, 0),
    ...(ingress !== undefined && { ingress }),
    ...(encrypted !== undefined && { encrypted }),
    ...(internal !== undefined && { internal }),
  };
}

function networkOf({ networkId, networkName }: JoinedOverlay): Pick<Overlay, 'networkId' | 'networkName'> {
  return { ...(networkId !== undefined && { networkId }), ...(networkName !== undefined && { networkName }) };
}

function describeMember(member: JoinedMember, context: AnswerContext): OverlayMember {
  const { host, netns, vxlan, vtep } = member;
  const place = { host: host.id, hostName: host.name, netnsId: netns.head.id, netnsName: netns.name };
  const known = ageOf(member, context);
  const address = vtep === undefined ? {} : { vtep: vtep.address, vtepSource: vtep.source };
  if (vxlan === undefined)
    return { ...place, ...address, subnets: [], endpoints: 0, remotes: [], ...known, status: netns.status };
  return {
    ...place,
    ifindex: vxlan.ifindex,
    ifname: vxlan.name,
    ...address,
    operState: vxlan.operState,
    ...(vxlan.mtu !== undefined && { mtu: vxlan.mtu }),
    ...(vxlan.vxlan.dstPort !== undefined && { dstPort: vxlan.vxlan.dstPort }),
    subnets: [...vxlan.subnets],
    endpoints: vxlan.ports.length,
    ...(vxlan.rows !== undefined && { fdbEntries: vxlan.rows.total }),
    remotes: vxlan.rows === undefined ? [] : remotesOf(vxlan.rows, context.vteps),
    ...known,
  };
}

function remotesOf({ vteps: addresses, counts }: RemoteRows, vteps: VtepHosts): RemoteVtep[] {
  return addresses
    .map((vtep, at) => {
      const host = vteps.hostOf(vtep);
      return { vtep, ...(host !== undefined && { host: host.id, hostName: host.name }), fdbEntries: counts[at] ?? 0 };
    })
    .sort((a, b) => compare(a.vtep, b.vtep));
}

function ageOf({ at }: JoinedMember, { hosts }: AnswerContext): Pick<OverlayMember, 'state' | 'ageMs'> {
  const host = hosts[at];
  return { ...(host?.state !== undefined && { state: host.state }), ...(host?.ageMs !== undefined && { ageMs: host.ageMs }) };
}

/** What is attached to a port of an overlay's bridge. Of a port whose peer the kernel does not tell nothing else is said. */
export function describeEndpoint(
  overlay: JoinedOverlay,
  member: JoinedMember,
  { port, context }: { readonly port: PortFacts; readonly context: AnswerContext },
): Endpoint {
  return {
    overlay: overlay.id,
    ...networkOf(overlay),
    vni: overlay.vni,
    host: member.host.id,
    hostName: member.host.name,
    ...describeAttached(port, attachedTo(member.host, port)),
    port: port.ref,
    portOperState: port.operState,
    status: port.status,
    ...(member.vtep !== undefined && { vtep: member.vtep.address }),
    ...ageOf(member, context),
  };
}

type AttachedFields = Pick<
  Endpoint,
  'ips' | 'mac' | 'netnsId' | 'netnsName' | 'ifindex' | 'ifname' | 'role' | 'owner' | 'operState'
>;

/** The kernel's word for who the peer is stays when it was gone before its namespace was read. */
function describeAttached({ peer }: PortFacts, { netns, end }: Attached): AttachedFields {
  if (peer === undefined) return { ips: [] };
  return {
    ips: end === undefined ? [] : [...end.ips],
    ...(end?.mac !== undefined && { mac: end.mac }),
    netnsId: peer.netnsId,
    ...(netns !== undefined && { netnsName: netns.name, role: netns.head.role }),
    ifindex: peer.ifindex,
    ifname: end?.name ?? peer.name,
    ...(netns?.head.owner !== undefined && { owner: netns.head.owner }),
    ...(end !== undefined && { operState: end.operState }),
  };
}
