import type { Mood } from './contract.js';

/** One column of a table. An undefined or empty cell is shown as "-". */
export interface Column<Row> {
  readonly title: string;
  cell(row: Row): string | number | undefined;
  readonly align?: 'right';
  /** Colour of a cell. It never carries information of its own. */
  mood?(row: Row): Mood | undefined;
}

/** Colours of the states of an interface. */
export const UP_STATES: Readonly<Record<string, 'good' | 'bad'>> = { UP: 'good', DOWN: 'bad', LOWERLAYERDOWN: 'bad' };

/** Most addresses that one cell shows; `-o json` has them all. */
const SHOWN = 3;

/** The first of several values, and how many more there are. */
export function someOf(values: readonly string[]): string {
  const shown = values.slice(0, SHOWN).join(' ');
  return values.length <= SHOWN ? shown : `${shown} +${values.length - SHOWN}`;
}

/** Items group by group, in the order in which the groups began; within each in the given order. */
export function byGroup<Item>(
  items: readonly Item[],
  groupOf: (item: Item) => string,
  order: (a: Item, b: Item) => number,
): Item[] {
  const groups = new Map<string, Item[]>(items.map((item) => [groupOf(item), []]));
  for (const item of items) groups.get(groupOf(item))?.push(item);
  return [...groups.values()].flatMap((group) => group.sort(order));
}

/** An age or a timer in a cell: "12s". */
export function seconds(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${Math.round(value)}s`;
}
