/** Order of texts by their code units, which is the same everywhere, and of numbers. An absent text is an empty one. */
export function compare(a: string | undefined, b: string | undefined): number;
export function compare(a: number, b: number): number;
export function compare(a: string | number = '', b: string | number = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
