import type { Work } from './steps.js';

/** A result with what it was made of. */
export interface Memo<Result> {
  readonly inputs: readonly unknown[];
  readonly result: Result;
}

/** The last result where it would be made of the same objects, else a new one. */
export function* memo<Result>(
  last: Memo<Result> | undefined,
  inputs: readonly unknown[],
  make: () => Work<Result>,
): Work<Memo<Result>> {
  return last !== undefined && areSame(inputs, last.inputs) ? last : { inputs, result: yield* make() };
}

/** Whether two lists have the same objects in the same order. */
export function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}
