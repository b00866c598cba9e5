/**
 * What a fixed local time (one second, one minute, one hour) does over a clock change.
 * - `once`: a time the clock jumps over fires at the first moment after the jump; a time that
 *   comes twice fires the first time only.
 * - `skip`: a time the clock jumps over does not fire; a time that comes twice fires the first time.
 * - `compat`: like robfig/cron: jumped over does not fire, comes twice fires twice.
 *
 * Patterns with several times a day (steps, lists, stars) follow the clock under every policy.
 */
export type DstPolicy = 'once' | 'compat' | 'skip';

/** A schedule as a job stores it. */
export interface ScheduleSpec {
  /** 5, 6 or 7 cron fields, `@daily` and friends, `@every 90s`, `@at <time>`, or empty for "by hand only". */
  expression: string;
  /** IANA name: the job's own zone or the server's. A `TZ=` prefix in the expression wins over it. */
  timezone: string;
  dst: DstPolicy;
  /** Epoch ms of the last enable or edit: where `@every` counts from. */
  anchor: number;
  /**
   * True when `timezone` is the job's own setting, not the server's default:
   * then a `TZ=` prefix that names another zone is an error. Default false.
   */
  ownTimezone?: boolean;
}

/** A parsed, immutable schedule. Jobs with the same key share one instance. */
export interface Schedule {
  readonly kind: 'cron' | 'every' | 'at' | 'manual';
  /** Same key, same fires. */
  readonly key: string;
  /** The zone in force, after a `TZ=` prefix. */
  readonly timezone: string;
  /** Sentences about text that was accepted but may not mean what its author thinks. */
  readonly warnings: readonly string[];
  /** Any two fires in a row are so far apart; absent where they are not. */
  readonly periodMs?: number;
  /** No fire at or after it, epoch ms; absent = no such bound. */
  readonly endAt?: number;
  /**
   * First fire strictly after `after` (epoch ms), or undefined when there is none within 28 years.
   * Whole seconds for cron and `@every`. Pure: the same answer for the same argument, always.
   */
  next(after: number): number | undefined;
}
