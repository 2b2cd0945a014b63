import { netnsName } from './ids.js';
import { selectsInterface, selectsIp, selectsLink, selectsMac, selectsNetns, type Selector } from './select.js';
import type {
  FdbEntry,
  Gap,
  HostSnapshot,
  Ifindex,
  Interface,
  Listing,
  Neighbor,
  Netns,
  Route,
  Table,
  VethPair,
  VxlanRow,
} from './types.js';
import { listVethPairs } from './veth-pairs.js';

/** One list: which tables it needs and how it is made of a snapshot. */
export interface ListDefinition<Item> {
  /** The tables that have to be read for it. */
  readonly tables: readonly Table[];
  list(snapshot: HostSnapshot, selector: Selector): Listing<Item>;
}

/** Every list that the command line and the agent offer, by the command's word. */
export interface Lists {
  readonly netns: ListDefinition<Netns>;
  readonly interfaces: ListDefinition<Interface>;
  readonly vxlans: ListDefinition<VxlanRow>;
  readonly veths: ListDefinition<VethPair>;
  readonly fdb: ListDefinition<FdbEntry>;
  readonly neighbors: ListDefinition<Neighbor>;
  readonly routes: ListDefinition<Route>;
}

/** A list's name: the word of the command. */
export type ListName = keyof Lists;

/** The lists. Pure: the same snapshot and selector give the same answer, on the host, in the agent and from a file. */
export const LISTS: Lists = {
  netns: define(['LINKS'], (snapshot, selector) => selected(snapshot, selector).map((netns) => withoutRows(snapshot, netns))),
  interfaces: define(['LINKS', 'ADDRESSES', 'NSIDS'], (snapshot, selector) =>
    selected(snapshot, selector).flatMap((netns) =>
      netns.interfaces.filter((link) => selectsInterface(link, selector)).map((link) => ({ ...link, ...place(snapshot, netns) })),
    ),
  ),
  vxlans: define(['LINKS', 'ADDRESSES', 'FDB'], listVxlans),
  veths: define(['LINKS', 'ADDRESSES', 'NSIDS'], listVethPairs),
  fdb: define(['LINKS', 'FDB'], (snapshot, selector) =>
    selected(snapshot, selector).flatMap((netns) => {
      const wanted = linkFilter(netns, selector);
      return netns.fdb
        .filter((row) => wanted(row.ifindex) && selectsMac(row.mac, selector) && selectsIp([row.dst], selector))
        .map((row) => ({ ...row, ...place(snapshot, netns) }));
    }),
  ),
  neighbors: define(['LINKS', 'NEIGHBORS'], (snapshot, selector) =>
    selected(snapshot, selector).flatMap((netns) => {
      const wanted = linkFilter(netns, selector);
      return netns.neighbors
        .filter((row) => wanted(row.ifindex) && selectsMac(row.mac, selector) && selectsIp([row.ip], selector))
        .map((row) => ({ ...row, ...place(snapshot, netns) }));
    }),
  ),
  routes: define(['LINKS', 'ROUTES'], (snapshot, selector) =>
    selected(snapshot, selector).flatMap((netns) => {
      const wanted = linkFilter(netns, selector);
      return netns.routes
        .filter((row) => wanted(row.ifindex) && selectsIp([row.dst, row.gateway, row.prefsrc], selector))
        .map((row) => ({ ...row, ...place(snapshot, netns) }));
    }),
  ),
};

function define<Item>(
  tables: readonly Table[],
  items: (snapshot: HostSnapshot, selector: Selector) => Item[],
): ListDefinition<Item> {
  return {
    tables,
    list: (snapshot, selector) => ({ items: items(snapshot, selector), gaps: relevantGaps(snapshot, selector, tables) }),
  };
}

/** Where a row comes from, as every list says. */
function place(snapshot: HostSnapshot, netns: Netns): { host: string; netnsName: string } {
  return { host: snapshot.host.id, netnsName: netnsName(netns) };
}

function selected(snapshot: HostSnapshot, selector: Selector): Netns[] {
  return snapshot.namespaces.filter((netns) => selectsNetns(netns, selector));
}

/** Gaps that have a bearing on a list: of its tables, of the namespaces that were selected, and all that are of neither. */
function relevantGaps(snapshot: HostSnapshot, selector: Selector, tables: readonly Table[]): Gap[] {
  const left = new Set(snapshot.namespaces.filter((netns) => !selectsNetns(netns, selector)).map((netns) => netns.id));
  return snapshot.gaps
    .filter((gap) => gap.table === undefined || tables.includes(gap.table))
    .filter((gap) => gap.netnsId === undefined || !left.has(gap.netnsId))
    .map((gap) => ({ ...gap, host: snapshot.host.id }));
}

/** A namespace as the list of namespaces has it: what is in it is told by its tables' row counts. */
function withoutRows(snapshot: HostSnapshot, netns: Netns): Netns {
  return { ...netns, ...place(snapshot, netns), interfaces: [], fdb: [], neighbors: [], routes: [] };
}

/** Whether rows of an interface are wanted, when the selector speaks of kinds, names or VNIs. */
function linkFilter(netns: Netns, selector: Selector): (ifindex: Ifindex | undefined) => boolean {
  const asked = [selector.kinds, selector.interfaces, selector.vnis].some((values) => values !== undefined && values.length > 0);
  if (!asked) return () => true;
  const wanted = new Set(netns.interfaces.filter((link) => selectsLink(link, selector)).map((link) => link.ifindex));
  return (ifindex) => ifindex !== undefined && wanted.has(ifindex);
}

function listVxlans(snapshot: HostSnapshot, selector: Selector): VxlanRow[] {
  return selected(snapshot, selector).flatMap((netns) =>
    netns.interfaces
      .filter((link) => link.vxlan !== undefined && selectsInterface(link, selector))
      .flatMap((link) => vxlanRow(snapshot, netns, link)),
  );
}

function vxlanRow(snapshot: HostSnapshot, netns: Netns, link: Interface): VxlanRow[] {
  if (link.vxlan === undefined) return [];
  const bridge = netns.interfaces.find((other) => other.ifindex === link.masterIfindex);
  const fdbRead = netns.tables.some((table) => table.table === 'FDB' && table.status === 'OK');
  return [
    {
      ...place(snapshot, netns),
      netnsId: netns.id,
      ifindex: link.ifindex,
      name: link.name,
      vni: link.vxlan.vni,
      dstPort: link.vxlan.dstPort,
      ...(netns.networkId !== undefined && { networkId: netns.networkId }),
      ...(netns.networkName !== undefined && { networkName: netns.networkName }),
      ...(fdbRead && { fdbEntries: netns.fdb.filter((row) => row.ifindex === link.ifindex && row.dst !== undefined).length }),
      role: netns.role,
      mtu: link.mtu,
      operState: link.operState,
      ...(link.masterIfindex !== undefined && { masterIfindex: link.masterIfindex }),
      ...(link.masterName !== undefined && { masterName: link.masterName }),
      subnets:
        bridge?.addressDetails
          .filter((address) => address.scope === 'global')
          .map((address) => `${address.address}/${address.prefixLength}`) ?? [],
      vxlan: link.vxlan,
      flags: link.flags,
    },
  ];
}
