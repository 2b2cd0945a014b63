/** Limit of doublings: more would change nothing, and numbers are finite. */
const MOST_DOUBLINGS = 30;

/**
 * The pause before the next attempt, in milliseconds: twice as long after each failure.
 * @param failures before the current one
 */
export function backoff(
  failures: number,
  { firstMs, longestMs }: { readonly firstMs: number; readonly longestMs: number },
): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures, MOST_DOUBLINGS));
}

/**
 * At least half of a pause, so that clients that failed together do not retry together.
 * @param random from 0 to 1, as Math.random()
 */
export function spread(ms: number, random: number): number {
  return ms * (0.5 + random / 2);
}

/** A pause between two limits. @param random from 0 to 1, as Math.random() */
export function between(least: number, most: number, random: number): number {
  return least + random * (most - least);
}
