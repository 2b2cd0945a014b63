import type { AddressRecord, FdbRecord, Ifindex, NeighborRecord, RouteRecord } from '../tables/shared/records.js';
import { formatNetnsId } from './ids.js';
import { completeRow, eachSection, type Section, type Sections, tableOf } from '../tables/index.js';
import { completeInterface } from './complete.js';
import { type PairVerdict, pairOf } from './pairs.js';
import type { NsidResolver, ReferencedNamespace } from './references.js';
import { guessRole } from './roles.js';
import type { FdbEntry, Neighbor, Netns, ReadStatus, Route, TableStatus, Veth } from './types.js';

/** What was read of one namespace, before anything is resolved. */
export interface NamespaceRead extends ReferencedNamespace {
  readonly ino: number;
  readonly dev: number;
  readonly paths: readonly string[];
  readonly pids: readonly number[];
  readonly cookie?: bigint;
  readonly status: ReadStatus;
  readonly tables: readonly TableStatus[];
  readonly addresses: readonly AddressRecord[];
  readonly fdb: readonly FdbRecord[];
  readonly neighbors: readonly NeighborRecord[];
  readonly routes: readonly RouteRecord[];
  /** Rows of other tables. */
  readonly others?: Partial<Record<Section, readonly object[]>>;
}

/** Makes the namespaces of a snapshot of what was read, whose rows are used up (complete.ts). Owners are joined afterwards (owners.ts). */
export function buildNamespaces(reads: readonly NamespaceRead[], resolver: NsidResolver): Netns[] {
  return reads.map((read, at) => buildNetns(read, at, reads, resolver));
}

function buildNetns(read: NamespaceRead, at: number, reads: readonly NamespaceRead[], resolver: NsidResolver): Netns {
  const id = formatNetnsId(read.ino);
  const { role, networkPrefix } = guessRole(read.paths, read.isHost);
  const nameOf = (ifindex: Ifindex): string | undefined => read.links.get(ifindex)?.name;
  const place = { netnsId: id, nameOf };
  const addresses = groupByIfindex(read.addresses);
  return {
    id,
    dev: read.dev,
    paths: [...read.paths],
    pids: [...read.pids],
    ...(read.cookie !== undefined && { cookie: read.cookie }),
    role,
    ...(networkPrefix !== undefined && { networkId: networkPrefix }),
    joined: [],
    status: read.status,
    tables: [...read.tables],
    interfaces: [...read.links.values()].map((link) => {
      const verdict = pairOf({ namespace: at, link }, reads, resolver);
      const lower = link.linkNsid === undefined ? undefined : resolver.resolve(at, link.linkNsid);
      const { refs: _resolvedAbove, ...record } = link;
      return completeInterface(record, addresses.get(link.ifindex) ?? [], {
        netnsId: id,
        masterName: link.masterIfindex === undefined ? undefined : nameOf(link.masterIfindex),
        linkNetnsId: lower === undefined ? undefined : idAt(reads, lower),
        veth: verdict === undefined ? undefined : buildVeth(verdict, reads),
      });
    }),
    ...(eachSection((section) =>
      (read.others?.[section] ?? []).map((row) => completeRow(tableOf(section), row, place)),
    ) as unknown as Sections),
    fdb: read.fdb.map((row) => completeRow(tableOf('fdb'), row, place)) as FdbEntry[],
    neighbors: read.neighbors.map((row) => completeRow(tableOf('neighbors'), row, place)) as Neighbor[],
    routes: read.routes.map((row) => completeRow(tableOf('routes'), row, place)) as Route[],
  };
}

function buildVeth(verdict: PairVerdict, reads: readonly NamespaceRead[]): Veth {
  const read = verdict.peer === undefined ? undefined : reads[verdict.peer.namespace];
  if (verdict.peer === undefined || read === undefined) return { status: verdict.status };
  const { link } = verdict.peer;
  return { status: verdict.status, peer: { netnsId: formatNetnsId(read.ino), ifindex: link.ifindex, name: link.name } };
}

function idAt(reads: readonly NamespaceRead[], at: number): string | undefined {
  const read = reads[at];
  return read === undefined ? undefined : formatNetnsId(read.ino);
}

function groupByIfindex(addresses: readonly AddressRecord[]): Map<Ifindex, AddressRecord[]> {
  const groups = new Map<Ifindex, AddressRecord[]>();
  for (const address of addresses) {
    const group = groups.get(address.ifindex);
    if (group === undefined) groups.set(address.ifindex, [address]);
    else group.push(address);
  }
  return groups;
}
