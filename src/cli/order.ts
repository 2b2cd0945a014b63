import type { VxlanRow } from '../model/types.js';
import type { ListDocument } from '../outputs/contract.js';

/**
 * A list as people look for things in it. The kernel gives namespaces inode numbers as they come free, so the order in which they are
 * read says nothing to anybody, and the same two overlays would change places from one boot to the next.
 */
export function ordered(document: ListDocument): ListDocument {
  if (document.name !== 'vxlans') return document;
  return { name: 'vxlans', listing: { ...document.listing, items: document.listing.items.toSorted(byVni) } };
}

function byVni(a: VxlanRow, b: VxlanRow): number {
  return a.vni - b.vni || compare(a.host, b.host) || compare(a.netnsName, b.netnsName) || a.ifindex - b.ifindex;
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : Number(a > b);
}
