import { areSame } from '../text/lists.js';
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
