/** Waits before each restart in a row. As many restarts are tried within the stretch; the next end is the last. */
const DELAYS_MS = [1_000, 2_000, 5_000, 10_000, 30_000] as const;
const STRETCH_MS = 10 * 60_000;

export type RestartDecision = { readonly kind: 'again'; readonly afterMs: number } | { readonly kind: 'give-up' };

/** What to do when the scheduler process has ended by itself. `ends`: moments of its earlier unforeseen ends, epoch ms. */
export function afterEnd(ends: readonly number[], now: number): RestartDecision {
  const recent = ends.filter((at) => at > now - STRETCH_MS && at <= now).length;
  const afterMs = DELAYS_MS[recent];
  return afterMs === undefined ? { kind: 'give-up' } : { kind: 'again', afterMs };
}

/** Those of the ends that still count. */
export function recentEnds(ends: readonly number[], now: number): readonly number[] {
  return ends.filter((at) => at > now - STRETCH_MS);
}
