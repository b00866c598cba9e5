import { sql } from 'drizzle-orm';
import type { RunRecord } from '../../../domain/index.ts';
import type { EndTotals, LateJob, RunBrief, SkipPage, SkipQuery, WorkerEnds, WorkerEndsQuery } from '../../../ports/index.ts';
import { runIdFloor } from '../../../wire/index.ts';
import { ALL_JOBS } from '../../roll-up.ts';
import { parseSkipCursor, skipCursor } from '../../skip-place.ts';
import { SKIP_REASON, STATE } from '../../sqlite/codes.ts';
import { slices } from '../dialect.ts';
import type { Ask } from './ask.ts';
import { briefFields, runFields, RUNS, toBrief, toRun } from './fields.ts';
import { and } from './run-filters.ts';

/** Jobs asked for in one statement, each with a part of its own. */
const PARTS = 100;
const JOBS = 2_000;

/** Newest first within each job: one range of the index by job for each. */
export async function readRecentRuns(ask: Ask, jobNumbers: readonly number[], limit: number): Promise<ReadonlyMap<number, readonly RunBrief[]>> {
  const queries = slices([...new Set(jobNumbers)], PARTS).map((jobs) => sql.join(
    jobs.map((job) => sql`(select ${briefFields(ask.dialect)} from natsjob_run r where r.job_number = ${job} order by r.id desc limit ${limit})`), sql.raw(' union all '),
  ));
  const byJob = new Map<number, RunBrief[]>();
  for (const row of (await ask.all(queries)).flat()) {
    const run = toBrief(row);
    const runs = byJob.get(run.jobNumber);
    if (runs === undefined) byJob.set(run.jobNumber, [run]);
    else runs.push(run);
  }
  for (const runs of byJob.values()) runs.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1));
  return byJob;
}

/** One step down the index by job for each. */
export async function readLastRuns(ask: Ask, jobNumbers: readonly number[]): Promise<ReadonlyMap<number, RunRecord>> {
  const { dialect } = ask;
  const found = await ask.all(slices([...new Set(jobNumbers)], JOBS).map((jobs) => sql`
    select ${dialect.exact(sql`(select x.id from natsjob_run x where x.job_number = v.job_number order by x.id desc limit 1)`)}
    from natsjob_job_ref v where ${dialect.isOneOf(sql.raw('v.job_number'), jobs)}`));
  const ids = found.flat().flatMap(([id]) => (id === null || id === undefined ? [] : [BigInt(id)]));
  const rows = await ask.all(slices(ids, JOBS).map((some) => sql`select ${runFields(dialect)} from ${RUNS} where ${dialect.isOneOf(sql.raw('r.id'), some)}`));
  return new Map(rows.flat().map(toRun).map((run) => [run.jobNumber, run]));
}

/** Newest hour first, within it from the highest job number down. Throws InvalidInputError for a cursor that is none. */
export async function readSkips(ask: Ask, query: SkipQuery): Promise<SkipPage> {
  const before = parseSkipCursor(query.before);
  const { jobNumbers, reasons, from, to, limit } = query;
  if (jobNumbers?.length === 0) return { items: [], nextBefore: undefined };
  const { isOneOf } = ask.dialect;
  const where = and([
    before && sql`s.hour_at < ${before[0]} or (s.hour_at = ${before[0]} and (s.job_number < ${before[1]} or (s.job_number = ${before[1]} and s.reason < ${before[2]})))`,
    jobNumbers && isOneOf(sql.raw('s.job_number'), jobNumbers),
    ...(['namespace', 'app', 'job'] as const).map((name) => (query[name] ? sql`${sql.raw(`j.${name}`)} = ${query[name]}` : undefined)),
    reasons?.length ? isOneOf(sql.raw('s.reason'), reasons.map((reason) => SKIP_REASON.toCode[reason])) : undefined,
    from === undefined ? undefined : sql`s.hour_at >= ${from}`,
    to === undefined ? undefined : sql`s.hour_at < ${to}`,
  ]);
  const rows = await ask.rows(sql`
    select s.job_number, j.namespace, j.app, j.job, s.reason, s.hour_at, s.skips, s.last_at
    from natsjob_skip_count s join natsjob_job_ref j on j.job_number = s.job_number${where === undefined ? sql.raw('') : sql` where ${where}`}
    order by s.hour_at desc, s.job_number desc, s.reason desc limit ${limit + 1}`);
  const items = rows.slice(0, limit).map(([jobNumber, namespace, app, job, reason, hour, count, lastAt]) => ({
    jobNumber: Number(jobNumber), namespace: String(namespace), app: String(app), job: String(job), reason: SKIP_REASON.toWord(Number(reason)),
    hour: Number(hour), count: Number(count), lastAt: Number(lastAt),
  }));
  return { items, nextBefore: rows.length > limit && items.length > 0 ? skipCursor(items.at(-1)!) : undefined };
}

export async function readEndTotals(ask: Ask, { jobNumbers = [ALL_JOBS], from, to, bucketMs }: { jobNumbers?: readonly number[]; from: number; to: number; bucketMs: number }): Promise<readonly EndTotals[]> {
  if (jobNumbers.length === 0) return [];
  const width = Math.max(1, Math.floor(bucketMs / 60_000));
  const rows = await ask.rows(sql`
    select b.bucket_no, sum(b.completed), sum(b.failed), sum(b.expired), sum(b.cancelled), sum(b.duration_ms_sum), max(b.duration_ms_max), sum(b.lateness_ms_sum), max(b.lateness_ms_max)
    from (select e.minute_no - mod(e.minute_no, ${sql.raw(String(width))}) as bucket_no, e.* from natsjob_end_count e
      where e.minute_no >= ${Math.ceil(from / 60_000)} and e.minute_no < ${Math.ceil(to / 60_000)} and ${ask.dialect.isOneOf(sql.raw('e.job_number'), jobNumbers)}) b
    group by b.bucket_no order by b.bucket_no`);
  return rows.map((row) => {
    const [minute = 0, completed = 0, failed = 0, expired = 0, cancelled = 0, durationMsSum = 0, durationMsMax = 0, latenessMsSum = 0, latenessMsMax = 0] = row.map(Number);
    return { bucket: minute * 60_000, completed, failed, expired, cancelled, durationMsSum, durationMsMax, latenessMsSum, latenessMsMax };
  });
}

/** For each worker one walk down the index by worker, bounded before anything else is asked of its rows. */
export async function readWorkerEnds(ask: Ask, { workers, from, limit }: WorkerEndsQuery): Promise<readonly WorkerEnds[]> {
  const low = runIdFloor(from);
  const found = await ask.all(workers.map(({ namespace, app, id }) => sql`
    select count(*), coalesce(sum(case when n.state in (${STATE.toCode.failed}, ${STATE.toCode.expired}) then 1 else 0 end), 0)
    from (select r.state, r.job_number from natsjob_run r where ${ask.dialect.textIs(sql.raw('r.worker_id'), id)} and r.worker_id is not null and r.id >= ${low} order by r.id desc limit ${limit}) n
    join natsjob_job_ref j on j.job_number = n.job_number
    where n.state >= ${STATE.toCode.completed} and j.namespace = ${namespace} and j.app = ${app}`));
  return found.map((rows) => ({ ended: Number(rows[0]?.[0] ?? 0), failed: Number(rows[0]?.[1] ?? 0) }));
}

export async function readLateJobs(ask: Ask, { from, averageMs, limit }: { from: number; averageMs: number; limit: number }): Promise<readonly LateJob[]> {
  const rows = await ask.rows(sql`
    select t.job_number, t.runs, t.late, t.newest from (
      select e.job_number, sum(e.completed + e.failed + e.expired + e.cancelled) as runs, sum(e.lateness_ms_sum) as late, max(e.minute_no) as newest
      from natsjob_end_count e where e.minute_no >= ${Math.ceil(from / 60_000)} and e.job_number >= 0 group by e.job_number) t
    where t.late >= ${averageMs} * t.runs order by 1.0 * t.late / t.runs desc, t.job_number limit ${limit}`);
  return rows.map(([jobNumber, runs, late, minute]) => ({ jobNumber: Number(jobNumber), runs: Number(runs), latenessMsSum: Number(late), lastAt: Number(minute) * 60_000 }));
}
