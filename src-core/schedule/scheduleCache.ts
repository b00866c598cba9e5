import { BoundedCache } from './boundedCache.ts';
import { parseSchedule } from './parseSchedule.ts';
import type { Schedule, ScheduleSpec } from './schedule.ts';

/**
 * Shares parsed schedules: jobs with the same expression, zone and policy get one object, and a
 * known text costs a map look-up. Holds at most `limit` texts and `limit` schedules; a schedule that
 * was forgotten is parsed anew and equals the old one by `key`. A cron schedule itself holds a few
 * hundred bytes and no croner pattern (those are in `dayCalendar`, 32 of them).
 */
export class ScheduleCache {
  readonly #byText: BoundedCache<string, Schedule>;
  readonly #byMeaning: BoundedCache<string, Schedule>;

  constructor(limit: number) {
    this.#byText = new BoundedCache(limit);
    this.#byMeaning = new BoundedCache(limit);
  }

  /** As `parseSchedule`, and throws the same. */
  get(spec: ScheduleSpec): Schedule {
    const text = textOf(spec);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const schedule = this.#share(parseSchedule(spec));
    this.#byText.set(text, schedule);
    return schedule;
  }

  #share(schedule: Schedule): Schedule {
    // Zone and warnings do not change the fires but are shown: schedules that differ there stay apart.
    const meaning = [schedule.key, schedule.timezone, ...schedule.warnings].join('\n');
    const known = this.#byMeaning.get(meaning);
    if (known !== undefined) return known;
    this.#byMeaning.set(meaning, schedule);
    return schedule;
  }
}

function textOf(spec: ScheduleSpec): string {
  // Only @every looks at the anchor; leaving it out elsewhere lets jobs edited at different times share.
  const anchor = /@every/i.test(spec.expression) ? spec.anchor : 0;
  return JSON.stringify([spec.expression, spec.timezone, spec.dst, anchor, spec.ownTimezone === true]);
}
