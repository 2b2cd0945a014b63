import type { Network } from '../model/types.js';
import type { HostFacts } from './facts.js';
import { networkOf } from './ip.js';
import { compare } from '../text/order.js';
import { attachedTo, type MemberFacts } from './members.js';
import { bookOf, type NetworkBook } from './network-ids.js';
import { groupOverlays, type OverlayGroup } from './overlay-groups.js';
import { type OwnVtep, ownVtepOf } from './own-vtep.js';
import { BREATH, Steps, type Work } from './steps.js';
import { countVotes, type Votes } from './votes.js';
import { type VtepHosts, vtepHostsOf } from './vtep-hosts.js';

/** All hosts, joined. */
export interface Joined {
  /** Sorted by the name of the network, VNI and id. */
  readonly overlays: readonly JoinedOverlay[];
  readonly vteps: VtepHosts;
}

/** One overlay with everything that is the same for all who ask. */
export interface JoinedOverlay {
  readonly id: string;
  readonly networkId: string | undefined;
  readonly networkName: string | undefined;
  readonly vni: number;
  readonly subnets: readonly string[];
  readonly ingress: boolean | undefined;
  readonly encrypted: boolean | undefined;
  readonly internal: boolean | undefined;
  readonly members: readonly JoinedMember[];
}

/** A member with the address at which the others reach it. */
export type JoinedMember = MemberFacts & { readonly vtep: OwnVtep | undefined };

/** Joins hosts. @param hosts in an order that does not depend on who asks */
export function* joinHosts(hosts: readonly HostFacts[]): Work<Joined> {
  const vteps = yield* vtepHostsOf(hosts);
  const book = yield* bookOf(hosts);
  const groups = yield* groupOverlays(hosts, book, vteps);
  const votesFor = yield* countVotes(groups);
  const taken = takenTwice(groups);
  const overlays: JoinedOverlay[] = [];
  for (const group of groups) overlays.push(yield* describe(group, { book, vteps, votesFor, taken }));
  overlays.sort(compareOverlays);
  return { overlays, vteps };
}

interface Context {
  readonly book: NetworkBook;
  readonly vteps: VtepHosts;
  readonly votesFor: (member: MemberFacts, isNetwork: boolean) => Votes;
  readonly taken: ReadonlySet<string>;
}

function* describe(group: OverlayGroup, { book, vteps, votesFor, taken }: Context): Work<JoinedOverlay> {
  const { networkId, vni, members } = group;
  const told = networkId === undefined ? [] : book.told(networkId);
  const networkName = told[0]?.name ?? firstName(members);
  const joined: JoinedMember[] = [];
  const isToldIngress = told.find(({ ingress }) => ingress !== undefined)?.ingress;
  let hasIngress = networkName === 'ingress';
  const steps = new Steps();
  for (const member of members) {
    const votes = votesFor(member, networkId !== undefined);
    joined.push({ ...member, vtep: ownVtepOf(member, networkId, { vteps, votes }) });
    if (steps.spent(10 + votes.rows.size)) yield BREATH;
    if (isToldIngress === undefined && !hasIngress) hasIngress = yield* isIngressAttached(member, steps);
  }
  return {
    id: overlayId(group, taken),
    networkId,
    networkName,
    vni,
    subnets: subnetsOf(members, subnetsTold(told[0], vni)),
    ingress: isToldIngress ?? (hasIngress ? true : undefined),
    encrypted: told.find(({ encrypted }) => encrypted !== undefined)?.encrypted,
    internal: told.find(({ internal }) => internal !== undefined)?.internal,
    members: joined,
  };
}

/** Names of namespaces are joined to networks by their host's own engine. */
function firstName(members: readonly MemberFacts[]): string | undefined {
  return members.find(({ netns }) => netns.head.networkName !== undefined)?.netns.head.networkName;
}

function* isIngressAttached({ host, vxlan }: MemberFacts, steps: Steps): Work<boolean> {
  for (const port of vxlan?.ports ?? []) {
    if (attachedTo(host, port).netns?.head.role === 'INGRESS') return true;
    if (steps.spent()) yield BREATH;
  }
  return false;
}

/** An engine lists the VNIs of a network in the order of its subnets. */
function subnetsTold(network: Network | undefined, vni: number): string[] {
  if (network === undefined || network.vnis.length !== network.subnets.length) return [];
  return network.subnets.filter((_, at) => network.vnis[at] === vni);
}

/** The gateway's address is on every host's bridge; hosts that have the same subnet say it once. */
function subnetsOf(members: readonly MemberFacts[], told: readonly string[]): string[] {
  const all = new Set(told.map(networkOf));
  for (const { vxlan } of members) for (const subnet of vxlan?.subnets ?? []) all.add(networkOf(subnet));
  return [...all].sort();
}

function plainId({ networkId, vni, members }: OverlayGroup): string {
  const hosts = members.map(({ host }) => host.id);
  return `${networkId ?? hosts.reduce((least, id) => (id < least ? id : least))}/${vni}`;
}

/** Ids that several overlays would have: one host has a VNI in two namespaces, or with two ports. */
function takenTwice(groups: readonly OverlayGroup[]): Set<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of groups.map(plainId)) (seen.has(id) ? twice : seen).add(id);
  return twice;
}

function overlayId(group: OverlayGroup, taken: ReadonlySet<string>): string {
  const id = plainId(group);
  if (group.networkId !== undefined || !taken.has(id)) return id;
  const first = group.members.find(({ host }) => id.startsWith(`${host.id}/`)) ?? group.members[0];
  return `${id}/${first?.netns.head.id ?? ''}/${first?.vxlan?.ifindex ?? ''}`;
}

function compareOverlays(a: JoinedOverlay, b: JoinedOverlay): number {
  return (
    compare(a.networkName ?? a.networkId ?? '', b.networkName ?? b.networkId ?? '') ||
    compare(a.vni, b.vni) ||
    compare(a.id, b.id)
  );
}
