// The method: every round runs everything once, in an order of its own, and a ratio is taken inside its round.

/** Middle value; undefined of none. @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function shuffled(items) {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [result[at], result[other]] = [result[other], result[at]];
  }
  return result;
}

/**
 * Measures the variants; the one with id 'floor' is what the others are compared with.
 * @param {{ id: string, title: string, maxRounds?: number, run: () => Promise<number> }[]} variants run gives milliseconds
 * @param {number} rounds
 * @returns {Promise<{ id: string, title: string, ms: number, ratio: number, low: number, high: number, rounds: number }[]>}
 *   medians; low and high are the smallest and largest ratio
 */
export async function measure(variants, rounds) {
  const seen = new Map(variants.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    const times = new Map();
    for (const variant of shuffled(variants)) {
      if (round < (variant.maxRounds ?? rounds)) times.set(variant.id, await variant.run());
    }
    for (const [id, ms] of times) seen.get(id).push({ ms, ratio: ms / times.get('floor') });
  }
  return variants.map(({ id, title }) => {
    const values = seen.get(id);
    const ratios = values.map(({ ratio }) => ratio);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
    return { id, title, ms: median(values.map(({ ms }) => ms)), ratio: median(ratios), low, high, rounds: values.length };
  });
}
