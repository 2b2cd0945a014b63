import type { Endpoint, Overlay, VxlanRow } from '../model/types.js';
import type { ListDocument } from '../outputs/contract.js';

/**
 * A list as people look for things in it. The kernel gives namespaces inode numbers as they come free, so the order in which they are
 * read says nothing to anybody, and the same two overlays would change places from one boot to the next.
 */
export function ordered(document: ListDocument): ListDocument {
  switch (document.name) {
    case 'vxlans':
      return { ...document, listing: { ...document.listing, items: document.listing.items.toSorted(byVni) } };
    case 'overlays':
      return { ...document, listing: { ...document.listing, items: document.listing.items.toSorted(byNetwork) } };
    case 'endpoints':
      return { ...document, listing: { ...document.listing, items: byAddress(document.listing.items) } };
    default:
      return document;
  }
}

function byVni(a: VxlanRow, b: VxlanRow): number {
  return a.vni - b.vni || compare(a.host, b.host) || compare(a.netnsName, b.netnsName) || a.ifindex - b.ifindex;
}

function byNetwork(a: Overlay, b: Overlay): number {
  return a.vni - b.vni || compare(a.networkName, b.networkName) || compare(a.id, b.id);
}

/** Overlay by overlay, the least address of each endpoint first; what has none last. */
function byAddress(endpoints: readonly Endpoint[]): Endpoint[] {
  const keyed = endpoints.map((endpoint) => ({ endpoint, key: addressKey(endpoint.ips[0]) }));
  keyed.sort(
    (a, b) =>
      a.endpoint.vni - b.endpoint.vni ||
      compare(a.endpoint.overlay, b.endpoint.overlay) ||
      compare(a.key, b.key) ||
      compare(a.endpoint.host, b.endpoint.host) ||
      compare(a.endpoint.port.netnsId, b.endpoint.port.netnsId) ||
      a.endpoint.port.ifindex - b.endpoint.port.ifindex,
  );
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

function compare(a = '', b = ''): number {
  return a < b ? -1 : Number(a > b);
}
