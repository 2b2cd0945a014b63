import { liveList, liveSnapshot } from '../../serve/answers.js';
import { FABRIC_TABLES } from '../../fabric/index.js';
import { type ListName, relevantGaps } from '../../model/lists.js';
import { type Selector, withoutHosts } from '../../model/select.js';
import type { Endpoint, Gap, Overlay, Table } from '../../model/types.js';
import type { Step } from '../../rpc/stream.js';
import { encodeListing, encodeSnapshotHead } from '../../wire/chunks.js';
import type { ItemOf } from '../../wire/messages.js';
import { overlayParts } from '../../wire/overlay-parts.js';
import { agesOf, membersThatFit } from './entries.js';
import { fabricList } from './fabric.js';
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
    yield* liveList(name, { live, selector: withoutHosts(selector), now });
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
export function* listOfFabric(name: 'overlays' | 'endpoints', { members, selector, now }: FabricAnswer): Generator<Step> {
  const asked = membersThatFit(members, selector);
  const gaps = [...gapsOf(members, asked, selector), ...asked.flatMap((member) => tableGapsOf(member))];
  yield* encodeListing(name, { items: [], gaps, fabric: agesOf(asked) });
  let items: ItemOf<'overlays' | 'endpoints'>[] = [];
  let since = now();
  for (const batch of fabricList(name, members, selector)) {
    for (const item of batch) {
      if (!isLarge(item)) items.push(item);
      else for (const part of overlayParts(item)) yield* encodeListing(name, { items: [part], gaps: [] });
    }
    if (items.length < MOST_ITEMS && now() - since < BUDGET_MS) continue;
    if (items.length > 0) yield* encodeListing(name, { items, gaps: [] });
    else yield undefined;
    items = [];
    since = now();
  }
  if (items.length > 0) yield* encodeListing(name, { items, gaps: [] });
}

/** Whether it is worth messages of its own. */
function isLarge(item: Overlay | Endpoint): item is Overlay {
  return 'members' in item && item.members.length > MOST_ITEMS;
}

/** Of the selected hosts; without a selection, also of agents whose host is unknown, and of sources. */
function gapsOf(members: Members, hosts: readonly Member[], { hosts: selected }: Selector): Gap[] {
  const ids = new Set(hosts.map(({ hostId }) => hostId));
  const all = selected === undefined || selected.length === 0;
  return members.gaps().filter(({ host }) => (host === undefined ? all : ids.has(host)));
}

function tableGapsOf({ hostId, live }: Member): Gap[] {
  return relevantGaps(live.gaps(), { hostId, left: new Set(), tables: FABRIC_TABLES });
}
