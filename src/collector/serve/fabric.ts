import { NetnsRevisions } from '../../serve/netns-revisions.js';
import { liveView } from '../../serve/view.js';
import {
  endpointList,
  FABRIC_TABLES,
  type Fabric,
  FabricMemory,
  joinFabric,
  overlayList,
  type Work,
} from '../../fabric/index.js';
import type { FabricHost } from '../../fabric/types.js';
import type { Selector } from '../../model/select.js';
import type { Table } from '../../model/types.js';
import type { LiveHost } from '../../live/types.js';
import type { ItemOf } from '../../wire/messages.js';
import type { Member, Members } from '../types.js';

/** Whoever asks for the fabric of the same hosts, a client or metrics: it is read and remembered once. */
const memories = new WeakMap<Members, FabricMemory>();

/** The fabric that all hosts make, now: who is a member of an overlay does not depend on which hosts are asked for. */
export function* fabricOf(members: Members): Work<Fabric> {
  const memory = memories.get(members) ?? new FabricMemory();
  memories.set(members, memory);
  const hosts = members.members().flatMap((member) => fabricHostOf(member, members.tables));
  return yield* joinFabric(hosts, memory);
}

/** A list of this fabric, some items at a time; empty batches are pauses for other work. */
export function* fabricList<Name extends 'overlays' | 'endpoints'>(
  name: Name,
  members: Members,
  selector: Selector,
): Generator<readonly ItemOf<Name>[], void, undefined> {
  const fabric = yield* fabricOf(members);
  const list: Generator<readonly ItemOf<'overlays' | 'endpoints'>[], void, undefined> =
    name === 'overlays' ? overlayList(fabric, selector) : endpointList(fabric, selector);
  // The compiler cannot follow that the name and its items belong together.
  yield* list as Generator<readonly ItemOf<Name>[], void, undefined>;
}

const revisions = new WeakMap<LiveHost, NetnsRevisions>();

/** A member as the fabric is made of it; nothing when nothing is known yet. @param tables that queries may read: what agents are asked for */
function fabricHostOf(member: Member, tables: readonly Table[]): FabricHost[] {
  const { live } = member;
  const host = live.host();
  if (host === undefined) return [];
  const { state, ageMs } = member.entry();
  // As long as a host is known, so is which of its namespaces changed for the fabric.
  const known = revisions.get(live) ?? new NetnsRevisions(live, FABRIC_TABLES, tables);
  revisions.set(live, known);
  return [
    {
      view: liveView(live, { selector: {}, tables, revisions: known }),
      name: host.name,
      engines: host.engines,
      networks: live.networks(),
      state,
      ...(ageMs !== undefined && { ageMs }),
      revision: `${live.epoch} ${live.revision}`,
    },
  ];
}
