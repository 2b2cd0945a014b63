// What RTM_* messages become: rows of the public model, less what only a whole host can know: names of masters, resolved namespaces, owners.

import type { Address, FdbEntry, Interface, Neighbor, Route } from '../../proto/gen/types.js';
import type { Ifindex, Nsid } from '../../proto/identifiers.js';

/** RTM_NEWLINK. */
export type LinkRecord = Omit<
  Interface,
  'netnsId' | 'host' | 'netnsName' | 'masterName' | 'linkNetnsId' | 'addresses' | 'addressDetails' | 'veth'
>;

/** A link with what it refers to. */
export interface ReferringLink extends LinkRecord {
  /** Of the link's kind (kinds' refs()), unresolved; not part of the public model. */
  refs: readonly UnresolvedReference[];
}

/** (nsid, ifindex) as a link's attributes have it; nsid absent means the link's own namespace. */
export interface UnresolvedReference {
  readonly role: 'peer' | 'lower' | 'underlay';
  readonly ifindex: Ifindex;
  readonly nsid?: Nsid;
}

/** RTM_NEWADDR. */
export interface AddressRecord extends Address {
  ifindex: Ifindex;
}

/** RTM_NEWNEIGH of family AF_BRIDGE. */
export type FdbRecord = Omit<FdbEntry, 'netnsId'>;

/** RTM_NEWNEIGH of another family. */
export type NeighborRecord = Omit<Neighbor, 'netnsId'>;

/** RTM_NEWROUTE. */
export type RouteRecord = Omit<Route, 'netnsId'>;

/** RTM_NEWNSID. */
export interface NsidRecord {
  /** NETNSA_NSID; absent when the namespace that was asked about has no id there. */
  nsid?: Nsid;
  /** NETNSA_CURRENT_NSID: the id in the namespace that was asked; absent when there is none. */
  currentNsid?: Nsid;
}
