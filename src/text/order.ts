/** Compares texts by code units, which is the same everywhere, and numbers. An absent text counts as empty. */
export function compare(a: string | undefined, b: string | undefined): number;
export function compare(a: number, b: number): number;
export function compare(a: string | number = '', b: string | number = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
