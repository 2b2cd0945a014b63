// Puts rows into a LiveState as a read of the kernel would.
import { SOURCE_NAMES, type SourceName } from '../../src/tables/index.js';
import type { FoundNetns } from '../../src/discover/types.js';
import * as uapi from '../../src/netlink/uapi.js';
import type { LiveNetns } from '../../src/live/live-netns.js';
import type { LiveState } from '../../src/live/live-state.js';
import { attribute, ifaddrmsg, ifinfomsg, join, ndmsg, text, u32 } from './message-builder.js';

/** A namespace that was found under a path. */
export function foundAt(ino: number, path = `/run/docker/netns/n${ino}`, more: Partial<FoundNetns> = {}): FoundNetns {
  return { ino, dev: 4, paths: [path], pids: [], openPaths: [path], isHost: false, ...more };
}

/** A namespace that was entered, whose tables were read. */
export function addNetns(state: LiveState, key: number, found = foundAt(4_026_532_000 + key)): LiveNetns {
  const netns = state.add(key, found);
  netns.nsid = key;
  netns.status = 'OK';
  for (const table of SOURCE_NAMES) Object.assign(netns.tables[table], { kept: true, status: 'OK' });
  return netns;
}

/** Payload of an RTM_NEWLINK. `nsid` undefined: the peer is in the same namespace. */
export function vethRow(ifindex: number, name: string, peer: number, nsid?: number): Uint8Array {
  return linkedRow(ifindex, name, peer, nsid, 'veth');
}

/** The same of another kind. */
export function linkedRow(ifindex: number, name: string, peer: number, nsid: number | undefined, kind: string): Uint8Array {
  return join(
    ifinfomsg(ifindex),
    attribute(uapi.IFLA_IFNAME, text(name)),
    attribute(uapi.IFLA_LINK, u32(peer)),
    ...(nsid === undefined ? [] : [attribute(uapi.IFLA_LINK_NETNSID, u32(nsid))]),
    attribute(uapi.IFLA_LINKINFO, attribute(uapi.IFLA_INFO_KIND, text(kind))),
  );
}

/** Payload of an RTM_NEWLINK of no kind. */
export function plainRow(ifindex: number, name: string, master?: number): Uint8Array {
  const port = master === undefined ? [] : [attribute(uapi.IFLA_MASTER, u32(master))];
  return join(ifinfomsg(ifindex), attribute(uapi.IFLA_IFNAME, text(name)), ...port);
}

/** Payload of an RTM_NEWADDR. */
export function addressRow(ifindex: number, address: readonly number[]): Uint8Array {
  return join(ifaddrmsg(uapi.AF_INET, ifindex, 24), attribute(uapi.IFA_LOCAL, Uint8Array.from(address)));
}

/** Payload of an RTM_NEWNEIGH of a vxlan's forwarding table. */
export function fdbRow(ifindex: number, number: number): Uint8Array {
  const mac = Uint8Array.from([2, 0x42, 10, (number >> 16) & 255, (number >> 8) & 255, number & 255]);
  return join(ndmsg(uapi.AF_BRIDGE, ifindex, 0x80, 2), attribute(uapi.NDA_LLADDR, mac), attribute(uapi.NDA_DST, u32(0x0100007f)));
}

/** What one read of a table told: slots that went, rows that came. Not yet visible: commit() makes it so. */
export function applyRows(
  state: LiveState,
  netns: LiveNetns,
  table: SourceName,
  { gone = [], come = [] }: { gone?: readonly number[]; come?: readonly (readonly [slot: number, bytes: Uint8Array])[] },
): void {
  const { rows } = netns.tables[table];
  const removed = new Map<number, Uint8Array>();
  for (const slot of gone) {
    const bytes = rows.remove(slot);
    if (bytes !== undefined && table !== 'LINKS' && table !== 'ADDRESSES') removed.set(slot, bytes);
  }
  for (const [slot, bytes] of come) {
    rows.add(slot, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length, state.history.next);
  }
  state.rowsChanged(netns, table, {
    gone: [...gone],
    come: come.map(([slot]) => slot),
    removed,
    since: state.history.next,
  });
}
