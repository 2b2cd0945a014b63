// The method: every round runs everything once, in an order of its own, and a ratio is taken inside its round.

/** Middle value; NaN of none. @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The value below which a share of the values is (nearest rank). @param {number} share 0.99 for p99 */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? Number.NaN;
}

/** A copy in random order. */
export function shuffled(items) {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [result[at], result[other]] = [result[other], result[at]];
  }
  return result;
}

/**
 * Measures the variants.
 * @param {{ id: string, title: string, base: string, maxRounds?: number, run: () => Promise<number> }[]} variants run gives
 *   milliseconds; base is the id of the variant that it is compared with, itself for those that others are compared with
 * @param {number} rounds
 * @returns {Promise<{ id: string, title: string, base: string, ms: number, ratio: number, low: number, high: number, rounds: number }[]>}
 *   medians; low and high are the smallest and largest ratio
 */
export async function measure(variants, rounds) {
  const seen = new Map(variants.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    const times = new Map();
    for (const variant of shuffled(variants)) {
      if (round < (variant.maxRounds ?? rounds)) times.set(variant.id, await variant.run());
    }
    for (const { id, base } of variants) {
      if (times.has(id)) seen.get(id).push({ ms: times.get(id), ratio: times.get(id) / times.get(base) });
    }
  }
  return variants.map(({ id, title, base }) => {
    const values = seen.get(id);
    const ratios = values.map(({ ratio }) => ratio);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
    return { id, title, base, ms: median(values.map(({ ms }) => ms)), ratio: median(ratios), low, high, rounds: values.length };
  });
}
