/** When a job's schedule is in force, epoch ms; an absent end is open. */
export interface ActiveWindow {
  startAt?: number | undefined;
  endAt?: number | undefined;
}

/** Where `at` lies: the window holds its start and does not hold its end. */
export function activeWindow(window: ActiveWindow, at: number): 'before' | 'inside' | 'after' {
  if (window.endAt !== undefined && at >= window.endAt) return 'after';
  if (window.startAt !== undefined && at < window.startAt) return 'before';
  return 'inside';
}
