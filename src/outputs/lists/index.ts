// All lists, and what is made of all of them.
import type { ItemOf, ListedName } from '../../wire/messages.js';
import type { ListDocument } from '../contract.js';
import { GROUPS, type ListView } from './contract.js';
import { LISTS } from './registry.gen.js';

/** A list as seen by code that iterates over all lists. */
export type AnyListView = ListView<ListedName, ItemOf<ListedName>>;

/** The lists, in the order of their commands: by group, and by name within each. */
// Each item belongs to its list, which the compiler cannot follow through an iteration over all lists.
export const LIST_VIEWS: readonly AnyListView[] = GROUPS.flatMap((group) =>
  (LISTS as unknown as readonly AnyListView[]).filter((list) => list.group === group),
);

const BY_NAME = new Map(LIST_VIEWS.map((list) => [list.name, list]));

/** The list of a command. */
export function listView(name: ListedName): AnyListView {
  const list = BY_NAME.get(name);
  if (list === undefined) throw new RangeError(`src/outputs/lists has no ${name}`);
  return list;
}

/** A list in the order of its view. */
export function sorted(document: ListDocument): ListDocument {
  const { listing } = document;
  const items = listView(document.name).sort?.(listing.items);
  // Name and items belong to one list, which the compiler cannot follow.
  return items === undefined ? document : ({ ...document, listing: { ...listing, items } } as ListDocument);
}
