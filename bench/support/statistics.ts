export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `share` from 0 to 1; of a list in ascending order; 0 for an empty one. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Counts after so long, and goes on while nothing has come: a machine that stood still has not been measured. 0 when nothing comes. */
export async function countAfter(ms: number, count: () => Promise<number> | number): Promise<number> {
  for (let left = 60; ; left--) {
    await sleep(ms);
    const counted = await count();
    if (counted > 0 || left === 0) return counted;
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
