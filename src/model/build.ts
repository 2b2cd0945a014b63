import type { AddressRecord, FdbRecord, Ifindex, LinkRecord, NeighborRecord, RouteRecord } from '../decode/records.js';
import { formatNetnsId } from './ids.js';
import { type PairVerdict, pairOf } from './pairs.js';
import type { NsidResolver, ReferencedNamespace } from './references.js';
import { guessRole } from './roles.js';
import type { FdbEntry, Interface, Neighbor, Netns, ReadStatus, Route, TableStatus, Veth } from './types.js';

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
}

/** Makes the namespaces of a snapshot of what was read. Owners are joined afterwards (owners.ts). */
export function buildNamespaces(reads: readonly NamespaceRead[], resolver: NsidResolver): Netns[] {
  return reads.map((read, at) => buildNetns(read, at, reads, resolver));
}

function buildNetns(read: NamespaceRead, at: number, reads: readonly NamespaceRead[], resolver: NsidResolver): Netns {
  const id = formatNetnsId(read.ino);
  const { role, networkPrefix } = guessRole(read.paths, read.isHost);
  const nameOf = (ifindex: Ifindex | undefined): string | undefined =>
    ifindex === undefined ? undefined : read.links.get(ifindex)?.name;
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
      return buildInterface(link, addresses.get(link.ifindex) ?? [], {
        netnsId: id,
        masterName: nameOf(link.masterIfindex),
        linkNetnsId: lower === undefined ? undefined : idAt(reads, lower),
        veth: verdict === undefined ? undefined : buildVeth(verdict, reads),
      });
    }),
    fdb: read.fdb.map(
      (row): FdbEntry => ({
        ...named(row, nameOf(row.ifindex)),
        netnsId: id,
        ...present('masterName', nameOf(row.masterIfindex)),
      }),
    ),
    neighbors: read.neighbors.map((row): Neighbor => ({ ...named(row, nameOf(row.ifindex)), netnsId: id })),
    routes: read.routes.map(
      (row): Route => ({
        ...named(row, nameOf(row.ifindex)),
        netnsId: id,
        nextHops: row.nextHops.map((hop) => named(hop, nameOf(hop.ifindex))),
      }),
    ),
  };
}

/** What is known of the things that a link refers to. */
export interface Resolved {
  readonly netnsId: string;
  readonly masterName: string | undefined;
  readonly linkNetnsId: string | undefined;
  readonly veth: Veth | undefined;
}

/** One interface of a snapshot. */
export function buildInterface(record: LinkRecord, addresses: readonly AddressRecord[], resolved: Resolved): Interface {
  const { refs: _resolvedAbove, ...link } = record;
  return {
    ...link,
    netnsId: resolved.netnsId,
    ...present('masterName', resolved.masterName),
    ...present('linkNetnsId', resolved.linkNetnsId),
    ...present('veth', resolved.veth),
    addresses: addresses.map((address) => `${address.address}/${address.prefixLength}`),
    addressDetails: addresses.map(({ ifindex: _ofThisLink, ...address }) => address),
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

function named<Row extends object>(row: Row, ifname: string | undefined): Row & { ifname?: string } {
  return ifname === undefined ? { ...row } : { ...row, ifname };
}

/** An optional property: absent, never undefined. */
function present<Key extends string, Value>(key: Key, value: Value | undefined): { [Name in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [Name in Key]?: Value };
}
