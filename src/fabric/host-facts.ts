import { isSame } from '../model/same.js';
import type { NetnsId } from '../model/types.js';
import { type NetnsFacts, readNetns } from './facts.js';
import { canIdentify } from './ip.js';
import { type HostHead, type HostMembers, membersOf } from './members.js';
import { BREATH, Steps, type Work } from './steps.js';
import type { FabricHost } from './types.js';

/** What the fabric keeps of a host. What did not change since the last reading is the same object. */
export interface HostFacts extends HostMembers {
  readonly head: HostHead;
  readonly namespaces: ReadonlyMap<NetnsId, NetnsFacts>;
}

/** What was read of hosts, by id, and of which revision it is. */
export type KnownHosts = Map<string, { readonly revision: string; readonly facts: HostFacts }>;

/**
 * What the fabric needs of hosts, in the same order, read one part of a namespace at a time.
 * @param known what was read before: what has the same revision is not read again. Has only these hosts afterwards. Several works may share it.
 */
export function* readHosts(hosts: readonly FabricHost[], known: KnownHosts): Work<HostFacts[]> {
  const wanted = new Set(hosts.map(({ view }) => view.hostId));
  for (const id of known.keys()) if (!wanted.has(id)) known.delete(id);
  const all: HostFacts[] = [];
  for (const host of hosts) {
    const { view, revision } = host;
    const last = revision === undefined ? undefined : known.get(view.hostId);
    const facts = last !== undefined && last.revision === revision ? last.facts : yield* readHost(host, last?.facts);
    // Of this revision or of a later one: what is read while it changes is read again with the next revision.
    if (revision !== undefined) known.set(view.hostId, { revision, facts });
    all.push(facts);
  }
  return all;
}

function* readHost(host: FabricHost, last: HostFacts | undefined): Work<HostFacts> {
  const namespaces = new Map<NetnsId, NetnsFacts>();
  let isSameAsLast = true;
  for (const netns of host.view.namespaces()) {
    const old = last?.namespaces.get(netns.head.id);
    const isOld = netns.revision !== undefined && old?.revision === netns.revision;
    isSameAsLast &&= isOld;
    namespaces.set(netns.head.id, isOld ? old : yield* readNetns(netns));
    yield BREATH;
  }
  const head = yield* headOf(host, namespaces, last?.head);
  if (isSameAsLast && last?.head === head && last.namespaces.size === namespaces.size) return last;
  return { head, namespaces, ...(yield* membersOf(head, namespaces, last)) };
}

function* headOf(
  { view, name, engines, networks }: FabricHost,
  namespaces: HostFacts['namespaces'],
  last: HostHead | undefined,
): Work<HostHead> {
  const advertised = engines.flatMap(({ swarmNodeAddress }) => swarmNodeAddress ?? []).filter(canIdentify);
  const addresses = new Set<string>();
  const networkIds = new Set(networks.filter(({ driver }) => driver === 'overlay').map(({ id }) => id));
  const steps = new Steps();
  for (const netns of namespaces.values()) {
    for (const address of netns.addresses) addresses.add(address);
    if (netns.head.networkId !== undefined) networkIds.add(netns.head.networkId);
    if (steps.spent(1 + netns.addresses.length)) yield BREATH;
  }
  const ids = { advertised: [...new Set(advertised)], addresses: [...addresses], networkIds: [...networkIds] };
  const head = { id: view.hostId, name, engines, networks, ...ids };
  return last !== undefined && isSame(head, last) ? last : head;
}
