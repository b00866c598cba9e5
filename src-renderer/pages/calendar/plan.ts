import type { CalendarJob, CalendarResource, ScheduleWords } from '../../../src-core/http/contract.ts';
import type { ZonedDay } from '../../lib/days.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One question to the server: buckets count from `from`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
}

/** Fires planned in [from, to). */
export interface Planned {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface PlannedJob {
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly words: ScheduleWords | null;
  readonly expression: string;
  readonly timezone: string;
  readonly count: number;
  /** Undefined when there are too many to name. */
  readonly fires: readonly number[] | undefined;
  readonly buckets: readonly Planned[];
}

export interface Plan {
  readonly jobs: readonly PlannedJob[];
  readonly truncated: boolean;
}

/**
 * The days from `now` on, cut so that every bucket is an hour (or a day) of the zone: what is left of the bucket of
 * now is a stretch of its own, and so is a day that is not 24 hours long.
 */
export function stretchesOf(days: readonly ZonedDay[], unit: 'hour' | 'day', now: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const { from, to } of days) {
    if (to <= now) continue;
    const isWhole = unit === 'hour' || to - from === DAY_MS;
    const bucketMs = unit === 'hour' ? HOUR_MS : to - from;
    const start = now <= from ? from : Math.min(to, from + Math.ceil((now - from) / bucketMs) * bucketMs);
    if (now > from && start > now) stretches.push({ from: now, to: start, bucketMs });
    if (start === to) continue;
    const last = stretches.at(-1);
    // A stretch that begins with a whole bucket goes on.
    const fits = last !== undefined && isWhole && last.bucketMs === bucketMs && last.to === start && (last.to - last.from) % bucketMs === 0;
    if (fits) stretches[stretches.length - 1] = { ...last, to };
    else stretches.push({ from: start, to, bucketMs });
  }
  return stretches;
}

/** The answers of all stretches as one plan, by the name of the job. */
export function mergePlans(answers: readonly CalendarResource[]): Plan {
  const jobs = new Map<string, PlannedJob>();
  for (const answer of answers) for (const job of answer.jobs) jobs.set(job.jobId, add(jobs.get(job.jobId), job, answer));
  return {
    jobs: [...jobs.values()].sort((a, b) => a.job.localeCompare(b.job) || a.jobId.localeCompare(b.jobId)),
    truncated: answers.some(({ truncated }) => truncated),
  };
}

function add(known: PlannedJob | undefined, job: CalendarJob, { from, to, bucketMs }: CalendarResource): PlannedJob {
  const start = Date.parse(from);
  const end = Date.parse(to);
  const buckets = job.perBucket.flatMap((count, index) => (count === 0 ? [] : [{ from: start + index * bucketMs, to: Math.min(end, start + (index + 1) * bucketMs), count }]));
  const fires = job.fires?.map((at) => Date.parse(at));
  const { jobId, namespace, app, job: name, words, expression, timezone } = job;
  return {
    jobId, namespace, app, job: name, words, expression, timezone, count: (known?.count ?? 0) + job.count,
    fires: fires === undefined || (known !== undefined && known.fires === undefined) ? undefined : [...(known?.fires ?? []), ...fires],
    buckets: [...(known?.buckets ?? []), ...buckets],
  };
}

export interface Collision {
  readonly at: number;
  readonly jobs: readonly PlannedJob[];
}

/** The second in which most jobs fire at once, of those whose fires are named; undefined when no two do. */
export function worstCollision(jobs: readonly PlannedJob[], widthMs: number): Collision | undefined {
  const slots = new Map<number, PlannedJob[]>();
  for (const job of jobs) {
    for (const slot of new Set((job.fires ?? []).map((at) => Math.floor(at / widthMs) * widthMs))) {
      const others = slots.get(slot);
      if (others) others.push(job);
      else slots.set(slot, [job]);
    }
  }
  let worst: Collision | undefined;
  for (const [at, together] of slots) {
    if (together.length < 2) continue;
    if (!worst || together.length > worst.jobs.length || (together.length === worst.jobs.length && at < worst.at)) worst = { at, jobs: together };
  }
  return worst;
}
