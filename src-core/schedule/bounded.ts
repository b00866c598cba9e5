import type { Schedule } from './schedule.ts';

/** Where a job's fires lie beyond its expression: shifted by a fixed offset, and only inside a window. Epoch ms; end exclusive. */
export interface Bounds {
  readonly offsetMs: number;
  readonly startAt: number | null;
  readonly endAt: number | null;
}

/** The schedule within its bounds; the schedule itself when there are none, so that jobs go on sharing it. */
export function boundSchedule(schedule: Schedule, bounds: Bounds): Schedule {
  const { offsetMs, startAt, endAt } = bounds;
  if (offsetMs === 0 && startAt === null && endAt === null) return schedule;
  return {
    kind: schedule.kind,
    key: `${schedule.key}\n${offsetMs} ${startAt ?? ''} ${endAt ?? ''}`,
    timezone: schedule.timezone,
    warnings: schedule.warnings,
    ...(schedule.periodMs === undefined ? {} : { periodMs: schedule.periodMs }),
    ...(endAt === null ? {} : { endAt }),
    next(after) {
      const from = startAt === null ? after : Math.max(after, startAt - 1);
      const at = schedule.next(from - offsetMs);
      if (at === undefined) return undefined;
      return endAt !== null && at + offsetMs >= endAt ? undefined : at + offsetMs;
    },
  };
}
