/** What becomes of fires that were missed (a sleep, a restart, a take-over). */
export interface MisfirePolicy {
  /** `skip`: none is made up for. `once`: the latest one is. `all`: the latest `max` ones are. */
  policy: 'skip' | 'once' | 'all';
  /** Fires older than this many ms are never made up for. */
  windowMs: number;
  /** Only for `all`. */
  max: number;
}

/**
 * Divides the missed fires of one job (epoch ms, oldest first) into those to run now and those to
 * record as skipped, both oldest first. A fire exactly as old as the window still counts.
 */
export function planMisfires(fires: readonly number[], policy: MisfirePolicy, now: number): { run: number[]; skip: number[] } {
  const wanted = wantedCount(policy);
  const within = fires.findIndex((at) => now - at <= policy.windowMs);
  const first = within < 0 ? fires.length : Math.max(within, fires.length - wanted);
  return { run: fires.slice(first), skip: fires.slice(0, first) };
}

function wantedCount(policy: MisfirePolicy): number {
  if (policy.policy === 'skip') return 0;
  return policy.policy === 'once' ? 1 : Math.max(0, Math.floor(policy.max));
}
