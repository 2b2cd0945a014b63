/**
 * Runs a task for each item, so many at a time, and waits for all of them. Tasks handle their own failures: one that
 * throws ends its lane and rejects the call.
 */
export async function forEachLimited<Item>(
  items: Iterable<Item>,
  limit: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await task(next.value);
  };
  await Promise.all(Array.from({ length: limit }, lane));
}
