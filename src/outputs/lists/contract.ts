// The interface of a list of the command line: one file each, found through registry.gen.ts.
import type { Netns } from '../../model/types.js';
import type { Section } from '../../tables/index.js';
import type { Column } from '../columns.js';
import type { ItemOf, ListedName } from '../../wire/messages.js';
import type { Fact, NameOf } from '../facts.js';

/** Headings of --help, in the order in which they are shown. */
export const GROUPS = ['Namespaces:', 'Tables of the kernel:', 'Overlays and hosts:', 'Commands:'] as const;

/** A flag that selects interfaces and rows, not namespaces. */
export type RowFlag = 'kind' | 'interface' | 'vni' | 'mac' | 'ip';

/** One list as shown to people. Line: what a line of the table shows; an item, unless one item takes several lines. */
export interface ListView<Name extends ListedName = ListedName, Line = ItemOf<Name>> {
  /** The word of the command. */
  readonly name: Name;
  readonly group: (typeof GROUPS)[number];
  /** One line of --help. */
  readonly help: string;
  /** A command that demonstrates the list. */
  readonly example: string;
  /** Whether items have counters, timers or ages, which change without an event: --counters requests them from an agent. */
  readonly hasCounters?: true;
  /** Flags of selection that the list does not have, because its items have nothing that they could match. */
  readonly without?: readonly RowFlag[];
  /** Sorts the items as people look for them. Default: in the order in which they were read. */
  sort?(items: readonly ItemOf<Name>[]): readonly ItemOf<Name>[];
  /** Lines of the table. Default: a line for each item. */
  lines?(items: readonly ItemOf<Name>[]): readonly Line[];
  /** Columns of the table, for all of its lines at once. */
  columns(lines: readonly Line[]): readonly Column<Line>[];
  /** A change of an item as a line of `nsatlas watch`. */
  readonly changes?: ChangeView<ItemOf<Name>>;
}

/** A change of an item as a line. */
export interface ChangeView<Item> {
  /** Names the item: "fdb 02:42:0a:00:01:03 dev vxlan0@1-x8sn2ys3vd". */
  subject(item: Item, netns: Netns): string;
  /** Its properties, the most important first. */
  facts(item: Item, nameOf: NameOf): Fact[];
  /** Whether the facts of a removed item are shown, too. */
  readonly factsWhenGone?: true;
}

/** Defines the list of the rows of one table: each line begins with the name of the namespace, and ends with its id. */
export function defineRows<const Name extends Section>(
  list: Omit<ListView<Name>, 'group' | 'changes'> & { readonly changes: ChangeView<ItemOf<Name>> },
): ListView<Name> {
  return {
    ...list,
    group: 'Tables of the kernel:',
    columns: (rows) => [
      { title: 'NAMESPACE', cell: (row) => row.netnsName ?? row.netnsId },
      ...list.columns(rows),
      { title: 'NETNS', cell: (row) => row.netnsId },
    ],
  };
}
