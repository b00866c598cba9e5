import { formatIso } from './iso-time.ts';

/**
 * A pause of the whole scheduler, as it is kept: also after its end, so that whoever finds fires of that time undecided
 * knows that nobody wanted them. Times in epoch ms.
 */
export interface SchedulerPause {
  readonly since: number;
  /** It ends by itself then; null = when a person resumes. */
  readonly until: number | null;
  /** When a person has ended it before that; null = nobody has. */
  readonly resumedAt: number | null;
}

/** Whether nothing may be sent now. */
export function isPauseInForce({ until, resumedAt }: SchedulerPause, now: number): boolean {
  return resumedAt === null && (until === null || now < until);
}

/** When it ended or will end; Infinity when that is for a person to say. */
export function pauseEnd({ until, resumedAt }: SchedulerPause): number {
  return resumedAt ?? until ?? Number.POSITIVE_INFINITY;
}

/** Whether a fire that is due then falls into it. */
export function coversFire(pause: SchedulerPause, at: number): boolean {
  return at >= pause.since && at < pauseEnd(pause);
}

/** For people who ask why nothing runs. */
export function pauseWords({ until }: Pick<SchedulerPause, 'until'>): string {
  return until === null ? 'the whole scheduler is paused until somebody resumes it' : `the whole scheduler is paused until ${formatIso(until)}`;
}
