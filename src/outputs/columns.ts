import type { Mood } from './contract.js';

/** One column of a table. An undefined cell is shown as "-". */
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
export function someOf(values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined;
  const shown = values.slice(0, SHOWN).join(' ');
  return values.length <= SHOWN ? shown : `${shown} +${values.length - SHOWN}`;
}

/** An age or a timer in a cell: "12s". */
export function seconds(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${Math.round(value)}s`;
}
