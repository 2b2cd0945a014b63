import type { Network } from '../model/types.js';
import type { HostFacts } from './host-facts.js';
import { networkOf } from './ip.js';
import { areSame } from '../text/lists.js';
import { compare } from '../text/order.js';
import type { HostHead, MemberFacts } from './members.js';
import { type Memo, memo } from './memo.js';
import { bookOf, type NetworkBook } from './network-ids.js';
import { FabricMember, FabricOverlay, type OverlayFacts } from './overlay.js';
import { type Grouping, groupOverlays, type OverlayGroup } from './overlay-groups.js';
import { ownVtepOf } from './own-vtep.js';
import { BREATH, Steps, type Work } from './steps.js';
import { Ballot, type Tally, tallyOf } from './votes.js';
import { type VtepHosts, vtepHostsOf } from './vtep-hosts.js';

/** All hosts, joined, and what makes the next join cheap. */
export interface Joined {
  readonly hosts: readonly HostFacts[];
  /** Sorted by the name of the network, VNI and id. */
  readonly overlays: readonly FabricOverlay[];
  readonly byId: ReadonlyMap<string, FabricOverlay>;
  readonly known: Memo<Known>;
  readonly grouping: Grouping;
  /** By the overlay's id. */
  readonly tallies: ReadonlyMap<string, Tally>;
}

/** What all hosts together say. */
interface Known {
  readonly vteps: VtepHosts;
  readonly book: NetworkBook;
}

/**
 * Joins hosts. What did not change since the last join is not worked on again, but for a look at each member.
 * @param hosts in an order that does not depend on who asks
 */
export function* joinHosts(hosts: readonly HostFacts[], last: Joined | undefined): Work<Joined> {
  if (last !== undefined && areSame(hosts, last.hosts)) return last;
  const heads = hosts.map(({ head }) => head);
  const known = yield* memo(last?.known, heads, () => knownOf(heads));
  const grouping = yield* groupOverlays(hosts, known.result, last?.grouping);
  const taken = takenTwice(grouping.groups);
  const groups = grouping.groups.map((group): NamedGroup => ({ ...group, id: overlayId(group, taken) }));
  const { tallies, ballot } = yield* countVotes(groups, last);
  const overlays: FabricOverlay[] = [];
  for (const group of groups) overlays.push(yield* overlayOf(group, { ...known.result, ballot, last }));
  const byId = new Map(overlays.map((overlay) => [overlay.id, overlay]));
  return { hosts, overlays: overlays.sort(compareOverlays), byId, known, grouping, tallies };
}

function* knownOf(heads: readonly HostHead[]): Work<Known> {
  return { vteps: yield* vtepHostsOf(heads), book: yield* bookOf(heads) };
}

interface NamedGroup extends OverlayGroup {
  readonly id: string;
}

function* countVotes(
  groups: readonly NamedGroup[],
  last: Joined | undefined,
): Work<{ tallies: Map<string, Tally>; ballot: Ballot }> {
  const tallies = new Map<string, Tally>();
  const ballot = new Ballot();
  const steps = new Steps();
  for (const group of groups) {
    const tally = yield* tallyOf(group, last?.tallies.get(group.id));
    if (tally === undefined) continue;
    tallies.set(group.id, tally);
    ballot.add(group, tally);
    if (steps.spent(tally.asked.length)) yield BREATH;
  }
  return { tallies, ballot };
}

interface Context extends Known {
  readonly ballot: Ballot;
  readonly last: Joined | undefined;
}

function* overlayOf(group: NamedGroup, { book, vteps, ballot, last }: Context): Work<FabricOverlay> {
  const old = last?.byId.get(group.id);
  const oldMembers = new Map(old?.members.map((member) => [member.facts, member]));
  const members: FabricMember[] = [];
  const steps = new Steps();
  for (const facts of group.members) {
    const votes = ballot.votesFor(facts, group.networkId);
    const vtep = ownVtepOf(facts, group.networkId, { vteps, votes });
    const oldMember = oldMembers.get(facts);
    members.push(oldMember?.isOf(facts, vtep, vteps) === true ? oldMember : new FabricMember(group.id, facts, vtep, vteps));
    if (steps.spent(5 + votes.rows.size)) yield BREATH;
  }
  // What engines say and VTEPs are new together (Known), and then so are all members.
  if (old !== undefined && areSame(members, old.members)) return old;
  return new FabricOverlay(yield* factsOf(group, group.networkId === undefined ? [] : book.said(group.networkId)), members);
}

function* factsOf({ id, networkId, vni, members }: NamedGroup, said: readonly Network[]): Work<OverlayFacts> {
  const networkName = said[0]?.name ?? firstName(members);
  const saidIngress = said.find(({ ingress }) => ingress !== undefined)?.ingress;
  const hasIngress = networkName === 'ingress' || (saidIngress === undefined && (yield* hasIngressAttached(members)));
  const ingress = saidIngress ?? (hasIngress ? true : undefined);
  const encrypted = said.find((network) => network.encrypted !== undefined)?.encrypted;
  const internal = said.find((network) => network.internal !== undefined)?.internal;
  return {
    id,
    ...(networkId !== undefined && { networkId }),
    ...(networkName !== undefined && { networkName }),
    vni,
    subnets: subnetsOf(members, subnetsSaid(said[0], vni)),
    ...(ingress !== undefined && { ingress }),
    ...(encrypted !== undefined && { encrypted }),
    ...(internal !== undefined && { internal }),
  };
}

/** Names of namespaces are joined to networks by their host's own engine. */
function firstName(members: readonly MemberFacts[]): string | undefined {
  return members.find(({ netns }) => netns.head.networkName !== undefined)?.netns.head.networkName;
}

function* hasIngressAttached(members: readonly MemberFacts[]): Work<boolean> {
  const steps = new Steps();
  for (const { attached } of members) {
    if (attached.some(({ netns }) => netns?.head.role === 'INGRESS')) return true;
    if (steps.spent(1 + attached.length)) yield BREATH;
  }
  return false;
}

/** An engine lists the VNIs of a network in the order of its subnets. */
function subnetsSaid(network: Network | undefined, vni: number): string[] {
  if (network === undefined || network.vnis.length !== network.subnets.length) return [];
  return network.subnets.filter((_, at) => network.vnis[at] === vni);
}

/** The gateway's address is on every host's bridge; hosts that have the same subnet say it once. */
function subnetsOf(members: readonly MemberFacts[], said: readonly string[]): string[] {
  const all = new Set(said.map(networkOf));
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

function compareOverlays({ facts: a }: FabricOverlay, { facts: b }: FabricOverlay): number {
  return (
    compare(a.networkName ?? a.networkId ?? '', b.networkName ?? b.networkId ?? '') ||
    compare(a.vni, b.vni) ||
    compare(a.id, b.id)
  );
}
