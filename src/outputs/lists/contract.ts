// What a list of the command line is to the rest of the program: one file each, found through registry.gen.ts.
import type { Netns } from '../../model/types.js';
import type { Section, SectionRows } from '../../tables/index.js';
import type { Column } from '../columns.js';
import type { ListedItem, ListedName } from '../contract.js';
import type { Fact, NameOf } from '../facts.js';

/** Headings of --help, in the order in which they are shown. */
export const GROUPS = ['Namespaces:', 'Tables of the kernel:', 'Overlays and hosts:', 'Commands:'] as const;

/** How people see one list. Line: what a line of the table shows; an item, but where one item is several lines. */
export interface ListView<Name extends ListedName = ListedName, Line = ListedItem<Name>> {
  /** The word of the command. */
  readonly name: Name;
  readonly group: (typeof GROUPS)[number];
  /** One line of --help. */
  readonly help: string;
  /** A command that shows what the list is good for. */
  readonly example: string;
  /** Whether items have counters, timers or ages, which change without an event: --counters asks an agent for them. */
  readonly hasCounters?: true;
  /** The items in the order in which people look for them. Default: as they were read. */
  sort?(items: readonly ListedItem<Name>[]): readonly ListedItem<Name>[];
  /** Lines of the table. Default: a line for each item. */
  lines?(items: readonly ListedItem<Name>[]): readonly Line[];
  /** Columns of the table, for all of its lines at once. */
  columns(lines: readonly Line[]): readonly Column<Line>[];
  /** What is left out of the table, in a sentence. */
  note?(items: readonly ListedItem<Name>[]): string | undefined;
  /** How a change of an item is shown as a line of `nsatlas watch`. */
  readonly changes?: ChangeView<ListedItem<Name>>;
}

/** A change of an item as a line. */
export interface ChangeView<Item> {
  /** What it is called: "fdb 02:42:0a:00:01:03 dev vxlan0@1-x8sn2ys3vd". */
  subject(item: Item, netns: Netns): string;
  /** What is said of it, the most important first. */
  facts(item: Item, nameOf: NameOf): Fact[];
  /** Whether the facts are shown of an item that is gone, too. */
  readonly factsWhenGone?: true;
}

/** How people see the rows of one table of the kernel. */
export type RowView<Name extends Section> = Omit<ListView<Name, SectionRows[Name]>, 'changes'> & {
  readonly changes: ChangeView<SectionRows[Name]>;
};

/** Defines a list whose lines are something else than its items. */
export function defineLines<Line>() {
  return <const Name extends ListedName>(list: ListView<Name, Line>): ListView<Name, Line> => list;
}

/** Defines a list. */
export function defineList<const Name extends ListedName>(list: ListView<Name>): ListView<Name> {
  return list;
}

/** Defines the list of the rows of one table. */
export function defineRows<const Name extends Section>(list: Omit<RowView<Name>, 'group'>): RowView<Name> {
  return { ...list, group: 'Tables of the kernel:' };
}
