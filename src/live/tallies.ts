import { decodeLink } from '../tables/links/link.js';
import type { Ifindex, Netns, Vxlan } from '../model/types.js';
import { ifindexAt } from '../tables/contract.js';
import { DecodeError } from '../netlink/error.js';
import { ALL_TABLES } from '../tables/index.js';
import type { LinkEntry, LiveNetns } from './live-netns.js';
import { headOf } from './parts.js';
import type { RowStore } from './row-store.js';

/** One namespace in numbers. */
export interface NetnsTally {
  readonly key: number;
  /** With the statuses of all tables, without rows. */
  readonly head: Netns;
  /** Interfaces by kind; undefined is the kind of those without one (lo, hardware). */
  readonly kinds: ReadonlyMap<string | undefined, number>;
  readonly vxlans: readonly VxlanTally[];
}

/** One VXLAN interface in numbers. */
export interface VxlanTally {
  readonly ifindex: Ifindex;
  readonly name: string;
  /** undefined in metadata mode, in which one device serves many. */
  readonly vni: number | undefined;
  /** Rows of its forwarding table; undefined when the table was not read. */
  readonly fdb: number | undefined;
  /** Its neighbours; undefined when the table was not read. */
  readonly neighbors: number | undefined;
}

/** Counts namespaces one by one: between two of them other work can be done. Rows are counted by their headers, not decoded. */
export function* talliesOf(namespaces: Iterable<LiveNetns>): Generator<NetnsTally> {
  for (const netns of namespaces) {
    const kinds = new Map<string | undefined, number>();
    const vxlans: LinkEntry[] = [];
    for (const link of netns.links.values()) {
      kinds.set(link.kind, (kinds.get(link.kind) ?? 0) + 1);
      if (link.kind === 'vxlan') vxlans.push(link);
    }
    yield { key: netns.key, head: headOf(netns, ALL_TABLES), kinds, vxlans: talliesOfVxlans(netns, vxlans) };
  }
}

function talliesOfVxlans(netns: LiveNetns, links: readonly LinkEntry[]): VxlanTally[] {
  if (links.length === 0) return [];
  const { FDB, NEIGHBORS } = netns.tables;
  const fdb = FDB.status === 'NOT_READ' ? undefined : countByInterface(FDB.rows);
  const neighbors = NEIGHBORS.status === 'NOT_READ' ? undefined : countByInterface(NEIGHBORS.rows);
  return links.flatMap((link): VxlanTally[] => {
    const vxlan = vxlanOf(netns, link);
    if (vxlan === undefined) return [];
    const { ifindex, name } = link;
    return [
      {
        ifindex,
        name,
        vni: vxlan.vni,
        fdb: fdb === undefined ? undefined : (fdb.get(ifindex) ?? 0),
        neighbors: neighbors === undefined ? undefined : (neighbors.get(ifindex) ?? 0),
      },
    ];
  });
}

/** Bytes 4 to 7 of both kinds of rows are the ifindex. // struct ndmsg, linux/neighbour.h */
function countByInterface(rows: RowStore): Map<number, number> {
  const { view } = rows;
  const counts = new Map<number, number>();
  for (const slot of rows.slots()) {
    const ifindex = ifindexAt(view, rows.start(slot));
    counts.set(ifindex, (counts.get(ifindex) ?? 0) + 1);
  }
  return counts;
}

/** What was decoded of a VXLAN interface, and of which change of it. */
const decoded = new WeakMap<LinkEntry, { readonly revision: number; readonly vxlan: Vxlan | undefined }>();

function vxlanOf(netns: LiveNetns, link: LinkEntry): Vxlan | undefined {
  const known = decoded.get(link);
  if (known?.revision === link.revision) return known.vxlan;
  const { rows } = netns.tables.LINKS;
  if (!rows.has(link.slot)) return undefined;
  const record = decodeLink(rows.view, rows.start(link.slot), rows.end(link.slot));
  // One that is malformed is a gap already: decoding it for an answer has made it one.
  const vxlan = record instanceof DecodeError ? undefined : record.vxlan;
  decoded.set(link, { revision: link.revision, vxlan });
  return vxlan;
}
