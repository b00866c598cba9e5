/** The at most `limit` items with the lowest moments, lowest first; equal moments as they come. Items without a moment are left out. */
export function soonest<Item>(items: Iterable<Item>, momentOf: (item: Item) => number | undefined, limit: number): { readonly at: number; readonly item: Item }[] {
  const found: { at: number; item: Item }[] = [];
  if (limit < 1) return found;
  for (const item of items) {
    const at = momentOf(item);
    if (at === undefined || (found.length >= limit && at >= found.at(-1)!.at)) continue;
    found.splice(placeFor(found, at), 0, { at, item });
    if (found.length > limit) found.pop();
  }
  return found;
}

/** Behind all that are not later. */
function placeFor(sorted: readonly { readonly at: number }[], at: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
