import { liveList, liveSnapshot, liveView } from '../../serve/answers.js';
import { NetnsRevisions } from '../../serve/netns-revisions.js';
import { FABRIC_TABLES, type Fabric } from '../../fabric/index.js';
import type { FabricHost } from '../../fabric/types.js';
import { type ListName, relevantGaps } from '../../model/lists.js';
import { type Selector, withoutHosts } from '../../model/select.js';
import type { Endpoint, Gap, Overlay, Table } from '../../model/types.js';
import type { Step } from '../../rpc/stream.js';
import type { LiveHost } from '../../live/types.js';
import { encodeFabricListing, encodeListing, encodeSnapshotHead } from '../../wire/chunks.js';
import type { FabricItemOf } from '../../wire/messages.js';
import { overlayParts } from '../../wire/overlay-parts.js';
import { agesOf, membersThatFit } from './entries.js';
import type { Member, Members } from '../types.js';

// Answers over many hosts are made while they are written, as an agent's are: one part of one host at a time, when the client has taken
// the one before.

interface FabricAnswer {
  readonly members: Members;
  readonly selector: Selector;
  readonly now: () => number;
}

/** A list of an agent's, of one host after the other. The first message has the ages. */
export function* listOfHosts(name: ListName, { members, selector, now }: FabricAnswer): Generator<Step> {
  const hosts = membersThatFit(members, selector);
  yield* encodeListing(name, { items: [], gaps: gapsOf(members, hosts, selector), fabric: agesOf(hosts) });
  for (const { live } of hosts) {
    yield undefined;
    if (live.host() === undefined) continue;
    yield* liveList(name, { live, selector: withoutHosts(selector), now, tellFreshness: false });
  }
}

/** Snapshots of one host after the other, each beginning with its host. */
export function* snapshotsOfHosts(tables: readonly Table[], { members, selector, now }: FabricAnswer): Generator<Step> {
  for (const member of membersThatFit(members, selector)) {
    yield undefined;
    if (member.live.host() === undefined) continue;
    yield* liveSnapshot(tables, { live: member.live, selector: withoutHosts(selector), now });
    const gaps = members.gaps().filter(({ host }) => host === member.hostId);
    if (gaps.length > 0) yield* encodeSnapshotHead({ networks: [], gaps: [...gaps] });
  }
}

/** How long making one message may go on, in milliseconds. */
const BUDGET_MS = 1.5;
/** Items that are a message even when they were made in less time. An overlay has all its members in it. */
const MOST_ITEMS = 16;

/** A list of the fabric. The first message has the ages. */
export function* listOfFabric(
  name: 'overlays' | 'endpoints',
  { members, selector, now, fabric }: FabricAnswer & { readonly fabric: Fabric },
): Generator<Step> {
  // Who is a member of an overlay does not depend on which hosts are asked for, so all of them are joined first.
  const hosts = members.members().flatMap((member) => fabricHostOf(member));
  const asked = membersThatFit(members, selector);
  const gaps = [...gapsOf(members, asked, selector), ...asked.flatMap((member) => tableGapsOf(member))];
  yield* encodeFabricListing(name, { items: [], gaps, fabric: agesOf(asked) });
  let items: FabricItemOf<'overlays' | 'endpoints'>[] = [];
  let since = now();
  for (const batch of fabric[name](hosts, selector)) {
    for (const item of batch) {
      if (!isLarge(item)) items.push(item);
      else for (const part of overlayParts(item)) yield* encodeFabricListing(name, { items: [part], gaps: [] });
    }
    if (items.length < MOST_ITEMS && now() - since < BUDGET_MS) continue;
    if (items.length > 0) yield* encodeFabricListing(name, { items, gaps: [] });
    else yield undefined;
    items = [];
    since = now();
  }
  if (items.length > 0) yield* encodeFabricListing(name, { items, gaps: [] });
}

const known = new WeakMap<LiveHost, NetnsRevisions>();

/** As long as a host is known, so is which of its namespaces changed for the fabric. */
function revisionsOf(live: LiveHost): NetnsRevisions {
  const revisions = known.get(live) ?? new NetnsRevisions(live, FABRIC_TABLES);
  known.set(live, revisions);
  return revisions;
}

/** Whether it is worth messages of its own. */
function isLarge(item: Overlay | Endpoint): item is Overlay {
  return 'members' in item && item.members.length > MOST_ITEMS;
}

/** A member as the fabric is made of it; nothing when nothing is known yet. */
export function fabricHostOf(member: Member): FabricHost[] {
  const { live } = member;
  const host = live.host();
  if (host === undefined) return [];
  const { state, ageMs } = member.entry();
  return [
    {
      view: liveView(live, { selector: {}, tables: FABRIC_TABLES, revisions: revisionsOf(live) }),
      name: host.name,
      engines: host.engines,
      networks: live.networks(),
      state,
      ...(ageMs !== undefined && { ageMs }),
      revision: `${live.epoch} ${live.revision}`,
    },
  ];
}

/** Of the hosts that are asked for; without a selection also those of agents whose host is not known, and of sources. */
function gapsOf(members: Members, hosts: readonly Member[], { hosts: selected }: Selector): Gap[] {
  const ids = new Set(hosts.map(({ hostId }) => hostId));
  const all = selected === undefined || selected.length === 0;
  return members.gaps().filter(({ host }) => (host === undefined ? all : ids.has(host)));
}

function tableGapsOf({ hostId, live }: Member): Gap[] {
  return relevantGaps(live.gaps(), { hostId, left: new Set(), tables: FABRIC_TABLES });
}
