/** The maximum number of reads that one call of the store has in progress at the same time. */
const BATCH = 20;

/**
 * Calls `read` for all items, and returns the results in the order of the items. Only one batch is in progress at a
 * time. A page of 1000 keys therefore does not delay the scripts of other requests for long.
 */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += BATCH) {
    results.push(...(await Promise.all(items.slice(start, start + BATCH).map(read))));
  }
  return results;
}
