import { factsOf, factWords } from '../kinds/facts.js';
import type { FdbEntry, Interface, Neighbor, Netns, Route, VethEnd, VethPair, VxlanRow } from '../model/types.js';
import type { Feature } from '../live/source.js';

/** One column of a table. An undefined cell is shown as "-". */
export interface Column<Row> {
  readonly title: string;
  cell(row: Row): string | number | undefined;
  readonly align?: 'right';
  /** What a cell's content says: good, bad or not of interest. Colour only, never information of its own. */
  mood?(row: Row): 'good' | 'bad' | 'dim' | undefined;
}

/** What the state of an interface says. */
export const UP_STATES: Readonly<Record<string, 'good' | 'bad'>> = { UP: 'good', DOWN: 'bad', LOWERLAYERDOWN: 'bad' };

export const NETNS_COLUMNS: readonly Column<Netns>[] = [
  { title: 'NAME', cell: (netns) => netns.netnsName ?? netns.id },
  { title: 'ROLE', cell: (netns) => netns.role },
  { title: 'FILE', cell: (netns) => fileName(netns) },
  { title: 'NETWORK', cell: (netns) => networks(netns) },
  { title: 'CONTAINERS', cell: (netns) => containers(netns) },
  { title: 'MODE', cell: (netns) => modes(netns) },
  { title: 'SERVICE', cell: (netns) => netns.owner?.serviceName },
  { title: 'LINKS', cell: (netns) => netns.tables.find((table) => table.table === 'LINKS')?.rows, align: 'right' },
  { title: 'PROCS', cell: (netns) => netns.pids.length, align: 'right' },
  { title: 'NETNS', cell: (netns) => netns.id },
  { title: 'STATUS', cell: (netns) => status(netns), mood: (netns) => (status(netns) === 'OK' ? 'good' : 'bad') },
];

/** The namespace's own status, or that of the first table that could not be read whole. */
function status(netns: Netns): string {
  const bad = netns.tables.find((table) => table.status !== 'OK' && table.status !== 'NOT_READ');
  if (netns.status !== 'OK' || bad === undefined) return netns.status;
  return `${bad.table} ${bad.status}`;
}

function fileName(netns: Netns): string | undefined {
  const [first, ...others] = netns.paths;
  if (first === undefined) return undefined;
  const name = first.slice(first.lastIndexOf('/') + 1);
  return others.length === 0 ? name : `${name} (+${others.length})`;
}

function networks(netns: Netns): string | undefined {
  const own = netns.networkName ?? netns.networkId;
  const joined = netns.owner?.networks.map((network) => network.name).join(',');
  return own ?? (joined === '' ? undefined : joined);
}

/** How its containers are attached, each way once: "bridge,container". */
function modes(netns: Netns): string | undefined {
  const all = [netns.owner, ...netns.joined].flatMap((owner) => (owner === undefined ? [] : [owner.networkMode]));
  return all.length === 0 ? undefined : [...new Set(all)].join(',');
}

function containers(netns: Netns): string | undefined {
  const names = [netns.owner, ...netns.joined].flatMap((owner) => (owner === undefined ? [] : [owner.containerName]));
  if (names.length === 0) return undefined;
  const [first, second, ...others] = names;
  const shown = [first, second].filter((name) => name !== undefined).join(',');
  return others.length === 0 ? shown : `${shown},+${others.length}`;
}

export const INTERFACE_COLUMNS: readonly Column<Interface>[] = [
  { title: 'NAMESPACE', cell: (link) => link.netnsName ?? link.netnsId },
  { title: 'INTERFACE', cell: (link) => link.name },
  { title: 'KIND', cell: (link) => link.kind ?? (link.linkType === 'loopback' ? 'loopback' : undefined) },
  { title: 'STATE', cell: (link) => link.operState, mood: (link) => UP_STATES[link.operState] },
  { title: 'ADDRESSES', cell: (link) => someOf(link.addresses) },
  { title: 'MAC', cell: (link) => link.mac },
  { title: 'MTU', cell: (link) => link.mtu, align: 'right' },
  { title: 'MASTER', cell: (link) => link.masterName ?? link.masterIfindex },
  { title: 'PEER', cell: (link) => peer(link) },
  { title: 'DETAIL', cell: (link) => detail(link) },
  { title: 'IFINDEX', cell: (link) => link.ifindex, align: 'right' },
  { title: 'NETNS', cell: (link) => link.netnsId },
];

function peer(link: Interface): string | undefined {
  if (link.veth === undefined) return undefined;
  return link.veth.peer === undefined ? link.veth.status : `${link.veth.peer.name}@${link.veth.peer.netnsId}`;
}

function detail(link: Interface): string | undefined {
  const words = [
    factWords(factsOf(link)),
    link.alias === undefined ? undefined : `alias ${link.alias}`,
    link.altnames.length === 0 ? undefined : `altname ${link.altnames.join(',')}`,
  ];
  return words.filter((each) => each !== undefined).join(' ') || undefined;
}

export const VXLAN_COLUMNS: readonly Column<VxlanRow>[] = [
  { title: 'NETWORK', cell: (row) => row.networkName ?? row.networkId },
  { title: 'VNI', cell: (row) => row.vni, align: 'right' },
  { title: 'INTERFACE', cell: (row) => row.name },
  {
    title: 'STATE',
    cell: (row) => (row.flags.includes('UP') ? row.operState : 'DOWN'),
    mood: (row) => (row.flags.includes('UP') ? 'good' : 'bad'),
  },
  { title: 'SUBNET', cell: (row) => someOf(row.subnets) },
  { title: 'BRIDGE', cell: (row) => row.masterName ?? row.masterIfindex },
  { title: 'PORT', cell: (row) => row.dstPort, align: 'right' },
  { title: 'MTU', cell: (row) => row.mtu, align: 'right' },
  { title: 'FDB', cell: (row) => row.fdbEntries ?? 'unread', align: 'right' },
  { title: 'FLAGS', cell: (row) => vxlanFlags(row) },
  { title: 'NAMESPACE', cell: (row) => row.netnsName },
  { title: 'NETNS', cell: (row) => row.netnsId },
];

/** What the other columns do not say. */
function vxlanFlags({ vxlan }: VxlanRow): string | undefined {
  const facts = factsOf({ kind: 'vxlan', attributes: {}, vxlan });
  return factWords(facts.filter(({ name }) => name !== 'vni' && name !== 'port'));
}

export const VETH_COLUMNS: readonly Column<VethPair>[] = [
  { title: 'NAMESPACE', cell: ({ a }) => a.netnsName ?? a.netnsId },
  { title: 'INTERFACE', cell: ({ a }) => a.name },
  { title: 'ADDRESSES', cell: ({ a }) => someOf(a.addresses.filter((address) => !address.startsWith('fe80:'))) },
  { title: 'STATE', cell: ({ a }) => a.operState, mood: ({ a }) => UP_STATES[a.operState] },
  { title: 'MASTER', cell: ({ a }) => a.masterName },
  { title: '', cell: ({ status: pairing }) => (pairing === 'PAIRED' ? '<->' : '-?-') },
  { title: 'PEER', cell: ({ b }) => b?.name },
  { title: 'STATE', cell: ({ b }) => b?.operState, mood: ({ b }) => UP_STATES[b?.operState ?? ''] },
  { title: 'MASTER', cell: ({ b }) => b?.masterName },
  { title: 'NAMESPACE', cell: ({ b }) => b?.netnsName },
  { title: 'STATUS', cell: (pair) => pair.status, mood: (pair) => (pair.status === 'PAIRED' ? 'good' : 'bad') },
  { title: 'ENDS', cell: ({ a, b }) => [a, b].flatMap((end) => (end === undefined ? [] : [endKey(end)])).join(' ') },
];

function endKey(end: VethEnd): string {
  return `${end.netnsId}/${end.ifindex}`;
}

export const FDB_COLUMNS: readonly Column<FdbEntry>[] = [
  { title: 'NAMESPACE', cell: (row) => row.netnsName ?? row.netnsId },
  { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
  { title: 'MAC', cell: (row) => row.mac },
  { title: 'DST', cell: (row) => row.dst },
  { title: 'STATE', cell: (row) => row.state },
  { title: 'FLAGS', cell: (row) => row.flags.join(',') || undefined },
  { title: 'MASTER', cell: (row) => row.masterName ?? row.masterIfindex },
  { title: 'VLAN', cell: (row) => row.vlan, align: 'right' },
  { title: 'VNI', cell: (row) => row.vni, align: 'right' },
  { title: 'USED', cell: (row) => seconds(row.usedSeconds), align: 'right' },
  { title: 'UPDATED', cell: (row) => seconds(row.updatedSeconds), align: 'right' },
  { title: 'NETNS', cell: (row) => row.netnsId },
];

export const NEIGHBOR_COLUMNS: readonly Column<Neighbor>[] = [
  { title: 'NAMESPACE', cell: (row) => row.netnsName ?? row.netnsId },
  { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
  { title: 'IP', cell: (row) => row.ip },
  { title: 'MAC', cell: (row) => row.mac },
  {
    title: 'STATE',
    cell: (row) => row.state,
    mood: (row) => (row.state === 'FAILED' || row.state === 'INCOMPLETE' ? 'bad' : undefined),
  },
  { title: 'FLAGS', cell: (row) => row.flags.join(',') || undefined },
  { title: 'USED', cell: (row) => seconds(row.usedSeconds), align: 'right' },
  { title: 'UPDATED', cell: (row) => seconds(row.updatedSeconds), align: 'right' },
  { title: 'NETNS', cell: (row) => row.netnsId },
];

export const ROUTE_COLUMNS: readonly Column<Route>[] = [
  { title: 'NAMESPACE', cell: (row) => row.netnsName ?? row.netnsId },
  { title: 'DESTINATION', cell: (row) => row.dst },
  {
    title: 'VIA',
    cell: (row) =>
      row.gateway ?? (row.nextHops.map((hop) => hop.gateway ?? hop.ifname ?? String(hop.ifindex)).join(',') || undefined),
  },
  { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
  { title: 'SOURCE', cell: (row) => row.prefsrc },
  { title: 'TYPE', cell: (row) => row.type },
  { title: 'PROTOCOL', cell: (row) => row.protocol },
  { title: 'SCOPE', cell: (row) => row.scope },
  { title: 'METRIC', cell: (row) => row.metric, align: 'right' },
  { title: 'TABLE', cell: (row) => tableName(row.table), align: 'right' },
  { title: 'FLAGS', cell: (row) => row.flags.join(',') || undefined },
  { title: 'NETNS', cell: (row) => row.netnsId },
];

// linux/rtnetlink.h, enum rt_class_t
const ROUTE_TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };

/** Name of a routing table, or its number. */
export function tableName(table: number): string {
  return ROUTE_TABLES[table] ?? String(table);
}

export const FEATURE_COLUMNS: readonly Column<Feature>[] = [
  { title: 'FEATURE', cell: (feature) => feature.name },
  { title: 'STATE', cell: (feature) => (feature.enabled ? 'on' : 'OFF'), mood: (feature) => (feature.enabled ? 'good' : 'bad') },
  { title: 'DETAIL', cell: (feature) => feature.detail },
];

/** Most addresses that one cell shows; `-o json` has them all. */
const SHOWN = 3;

/** The first of several values, and how many more there are. */
export function someOf(values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined;
  const shown = values.slice(0, SHOWN).join(' ');
  return values.length <= SHOWN ? shown : `${shown} +${values.length - SHOWN}`;
}

function seconds(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${Math.round(value)}s`;
}
