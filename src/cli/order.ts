import type { Endpoint, VxlanRow } from '../model/types.js';
import type { ListDocument } from '../outputs/contract.js';
import { compare } from '../text/order.js';

/**
 * A list as people look for things in it. The kernel gives namespaces inode numbers as they come free, so the order in which they are
 * read says nothing to anybody, and the same two overlays would change places from one boot to the next.
 */
export function ordered(document: ListDocument): ListDocument {
  switch (document.name) {
    case 'vxlans':
      return { ...document, listing: { ...document.listing, items: document.listing.items.toSorted(byVni) } };
    case 'endpoints':
      return { ...document, listing: { ...document.listing, items: byAddress(document.listing.items) } };
    default:
      return document;
  }
}

/** After every VNI, which has 24 bits. */
const NO_VNI = 2 ** 24;

function byVni(a: VxlanRow, b: VxlanRow): number {
  return (
    (a.vni ?? NO_VNI) - (b.vni ?? NO_VNI) || compare(a.host, b.host) || compare(a.netnsName, b.netnsName) || a.ifindex - b.ifindex
  );
}

/** Overlay by overlay, as they came; in each by the first address, what has none last. */
function byAddress(endpoints: readonly Endpoint[]): Endpoint[] {
  const overlays = new Map<string, number>();
  const keyed = endpoints.map((endpoint) => {
    const at = overlays.get(endpoint.overlay) ?? overlays.size;
    overlays.set(endpoint.overlay, at);
    return { endpoint, at, key: addressKey(endpoint.ips[0]) };
  });
  keyed.sort((a, b) => a.at - b.at || compare(a.key, b.key) || compare(a.endpoint.host, b.endpoint.host));
  return keyed.map(({ endpoint }) => endpoint);
}

/** A text that is ordered as addresses are: IPv4 by its numbers, before IPv6, before none. */
function addressKey(ip: string | undefined): string {
  if (ip === undefined) return '~';
  if (ip.includes(':')) return `6${ip}`;
  return `4${ip
    .split('.')
    .map((part) => part.padStart(3, '0'))
    .join('.')}`;
}
