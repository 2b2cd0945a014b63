import type { Selector } from './select.js';
import type { FdbEntry, HostSnapshot, Interface, Listing, Neighbor, Netns, Route, Table, VethPair, VxlanRow } from './types.js';

/** One list: which tables it needs and how it is made of a snapshot. */
export interface ListDefinition<Item> {
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

declare const lists: Lists;
export { lists as LISTS };
