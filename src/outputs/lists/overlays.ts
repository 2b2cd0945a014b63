import type { Overlay, OverlayMember, RemoteVtep } from '../../model/types.js';
import { someOf, UP_STATES } from '../columns.js';
import { hostNames, silence } from '../host-columns.js';
import type { ListView } from './contract.js';

/** An overlay on one of its hosts: a line of the table. */
interface OverlayLine {
  readonly overlay: Overlay;
  readonly member?: OverlayMember;
}

export const list: ListView<'overlays', OverlayLine> = {
  name: 'overlays',
  group: 'Overlays and hosts:',
  help: 'overlay networks across hosts: VTEPs, endpoints, where the forwarding entries lead',
  example: 'nsatlas overlays --collector 127.0.0.1:7127 --network app_net',
  without: ['kind', 'interface'],
  lines: overlayLines,
  columns: () => [
    { title: 'NETWORK', cell: ({ overlay }) => overlay.networkName ?? overlay.networkId },
    { title: 'VNI', cell: ({ overlay }) => overlay.vni, align: 'right' },
    { title: 'HOST', cell: ({ overlay, member }) => member && hostNames(overlay.members).get(member.host) },
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
  ],
};

/** A line for each host of each overlay. */
function overlayLines(overlays: readonly Overlay[]): OverlayLine[] {
  return overlays.flatMap((overlay): OverlayLine[] =>
    overlay.members.length === 0 ? [{ overlay }] : overlay.members.map((member) => ({ overlay, member })),
  );
}

const FLAGS = ['ingress', 'encrypted', 'internal'] as const;

/** Most VTEPs that one cell shows; `-o json` has them all. */
const SHOWN = 4;

/**
 * Where the rows lead, and how many: "node-2(3)". An address that no known host has is "?192.0.2.99(1)"; an address of a host that is not its
 * VTEP in this overlay is "node-2@192.0.2.77(1)". Those come first, because they deserve attention.
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

/** Whether the address is the VTEP of the overlay's member on that host. A host whose VTEP is unknown gets the benefit of the doubt. */
function isVtepOf({ members }: Overlay, { host, vtep }: RemoteVtep): boolean {
  const there = members.filter((member) => member.host === host);
  return there.some((member) => member.vtep === undefined || member.vtep === vtep);
}
