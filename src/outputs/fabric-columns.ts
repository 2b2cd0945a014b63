import type { AgentState, Endpoint, HostEntry, Overlay, OverlayMember, RemoteVtep } from '../model/types.js';
import { type Column, someOf, UP_STATES } from './columns.js';
import { shortDuration } from '../text/duration.js';
import { hostNames, silence } from './host-columns.js';

const STATES: Readonly<Record<AgentState, 'good' | 'bad' | 'dim'>> = {
  LIVE: 'good',
  SYNCING: 'dim',
  STALE: 'bad',
  UNREACHABLE: 'bad',
  CONFLICT: 'bad',
};

export const HOST_COLUMNS: readonly Column<HostEntry>[] = [
  { title: 'NAME', cell: (entry) => entry.hostName ?? entry.host },
  { title: 'STATE', cell: (entry) => entry.state, mood: (entry) => STATES[entry.state] },
  {
    title: 'AGE',
    cell: (entry) => (entry.ageMs === undefined ? undefined : shortDuration(entry.ageMs)),
    align: 'right',
    mood: (entry) => (entry.state === 'LIVE' ? undefined : 'bad'),
  },
  { title: 'AGENT', cell: (entry) => entry.agent },
  {
    title: 'MODE',
    cell: (entry) => entry.freshness?.mode,
    mood: (entry) => (entry.freshness?.mode === 'POLLING' ? 'bad' : undefined),
  },
  { title: 'NETNS', cell: (entry) => counted(entry, entry.namespaces), align: 'right' },
  { title: 'LINKS', cell: (entry) => counted(entry, entry.interfaces), align: 'right' },
  { title: 'FDB', cell: (entry) => counted(entry, entry.fdbEntries), align: 'right' },
  { title: 'NEIGH', cell: (entry) => counted(entry, entry.neighbors), align: 'right' },
  { title: 'ROUTES', cell: (entry) => counted(entry, entry.routes), align: 'right' },
  {
    title: 'GAPS',
    cell: (entry) => counted(entry, entry.gaps),
    align: 'right',
    mood: (entry) => (entry.gaps === 0 ? undefined : 'bad'),
  },
  { title: 'LOST', cell: (entry) => entry.disconnects || undefined, align: 'right' },
  { title: 'KERNEL', cell: (entry) => entry.details?.kernel },
  { title: 'VERSION', cell: (entry) => entry.details?.agentVersion },
  { title: 'HOST', cell: (entry) => entry.host },
  { title: 'SOURCE', cell: (entry) => entry.source },
  { title: 'PROBLEM', cell: (entry) => entry.problem, mood: () => 'bad' },
];

/** Nothing is known of a host that was never reached, which is not the same as none. */
function counted({ host }: HostEntry, count: number): number | undefined {
  return host === undefined ? undefined : count;
}

/** An overlay on one of its hosts: a line of the table. */
export interface OverlayLine {
  readonly overlay: Overlay;
  readonly member?: OverlayMember;
}

/** A line for each host of each overlay. */
export function overlayLines(overlays: readonly Overlay[]): OverlayLine[] {
  return overlays.flatMap((overlay): OverlayLine[] =>
    overlay.members.length === 0 ? [{ overlay }] : overlay.members.map((member) => ({ overlay, member })),
  );
}

export const OVERLAY_COLUMNS: readonly Column<OverlayLine>[] = [
  { title: 'NETWORK', cell: ({ overlay }) => overlay.networkName ?? overlay.networkId },
  { title: 'VNI', cell: ({ overlay }) => overlay.vni, align: 'right' },
  { title: 'HOST', cell: ({ overlay, member }) => hostName(overlay.members, member) },
  { title: 'AGE', cell: ({ member }) => silence(member ?? {}), mood: () => 'bad' },
  { title: 'VTEP', cell: ({ member }) => member?.vtep },
  {
    title: 'STATE',
    cell: ({ member }) => member?.operState,
    mood: ({ member }) => UP_STATES[member?.operState ?? ''],
  },
  { title: 'SUBNET', cell: ({ member, overlay }) => someOf(member === undefined ? overlay.subnets : member.subnets) },
  { title: 'MTU', cell: ({ member }) => member?.mtu, align: 'right' },
  { title: 'PORT', cell: ({ member }) => member?.dstPort, align: 'right' },
  { title: 'ENDPOINTS', cell: ({ member }) => member?.endpoints, align: 'right' },
  { title: 'FDB', cell: ({ member }) => (member === undefined ? undefined : (member.fdbEntries ?? 'unread')), align: 'right' },
  { title: 'REMOTES', cell: remotes, mood: (line) => (strangers(line).length > 0 ? 'bad' : undefined) },
  { title: 'FLAGS', cell: ({ overlay }) => FLAGS.filter((flag) => overlay[flag] === true).join(' ') },
  { title: 'NAMESPACE', cell: ({ member }) => member?.netnsName },
  { title: 'NETNS', cell: ({ member }) => member?.netnsId },
];

const FLAGS = ['ingress', 'encrypted', 'internal'] as const;

function hostName(members: readonly OverlayMember[], member: OverlayMember | undefined): string | undefined {
  if (member === undefined) return undefined;
  const named = members.map(({ host, hostName: name }) => ({ host, hostName: name ?? host }));
  return hostNames(named).get(member.host);
}

/** Most VTEPs that one cell shows; `-o json` has them all. */
const SHOWN = 4;

/**
 * Where the rows lead, and how many: "node-2(3)". An address that no known host has is "?192.0.2.99(1)", one that a host has beside its
 * VTEP of this overlay "node-2@192.0.2.77(1)"; those come first, for they are what is worth a look.
 */
function remotes(line: OverlayLine): string | undefined {
  const all = line.member?.remotes ?? [];
  const strange = strangers(line);
  const ordered = [...strange, ...all.filter((remote) => !strange.includes(remote))];
  const shown = ordered.slice(0, SHOWN).map((remote) => `${remoteName(line, remote)}(${remote.fdbEntries})`);
  if (ordered.length > SHOWN) shown.push(`+${ordered.length - SHOWN}`);
  return shown.length === 0 ? undefined : shown.join(' ');
}

function remoteName(line: OverlayLine, remote: RemoteVtep): string {
  if (remote.host === undefined) return `?${remote.vtep}`;
  const name = remote.hostName ?? remote.host;
  return isVtepOf(line.overlay, remote) ? name : `${name}@${remote.vtep}`;
}

function strangers({ overlay, member }: OverlayLine): RemoteVtep[] {
  return (member?.remotes ?? []).filter((remote) => remote.host === undefined || !isVtepOf(overlay, remote));
}

/** Whether the overlay's member on that host is reached there. A host whose VTEP is not known is given the benefit of the doubt. */
function isVtepOf({ members }: Overlay, { host, vtep }: RemoteVtep): boolean {
  const there = members.filter((member) => member.host === host);
  return there.some((member) => member.vtep === undefined || member.vtep === vtep);
}

/** For all of them at once, because equal names of hosts have to be told apart. */
export function endpointColumns(endpoints: readonly Endpoint[]): Column<Endpoint>[] {
  const names = hostNames(endpoints.map(({ host, hostName: name }) => ({ host, hostName: name ?? host })));
  return [
    { title: 'NETWORK', cell: (row) => row.networkName ?? row.networkId },
    { title: 'VNI', cell: (row) => row.vni, align: 'right' },
    { title: 'IP', cell: (row) => someOf(row.ips) },
    { title: 'MAC', cell: (row) => row.mac },
    { title: 'HOST', cell: (row) => names.get(row.host) },
    { title: 'AGE', cell: (row) => silence(row), mood: () => 'bad' },
    { title: 'NAME', cell: (row) => row.netnsName ?? row.owner?.containerName },
    { title: 'SERVICE', cell: (row) => row.owner?.serviceName },
    { title: 'ROLE', cell: (row) => row.role },
    { title: 'INTERFACE', cell: (row) => row.ifname ?? row.ifindex },
    { title: 'STATE', cell: (row) => row.operState, mood: (row) => UP_STATES[row.operState ?? ''] },
    { title: 'PORT', cell: (row) => row.port.name },
    { title: 'STATE', cell: (row) => row.portOperState, mood: (row) => UP_STATES[row.portOperState] },
    { title: 'VTEP', cell: (row) => row.vtep },
    { title: 'STATUS', cell: (row) => (row.status === 'PAIRED' ? undefined : row.status), mood: () => 'bad' },
    { title: 'NETNS', cell: (row) => row.netnsId },
  ];
}
