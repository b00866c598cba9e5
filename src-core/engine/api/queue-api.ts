import type { EndTotals, QueueMetrics, QueueStatus } from '../../ports/index.ts';
import type { JobRuntime } from '../job-runtime.ts';
import type { JobApiParts } from './api-parts.ts';

type Ends = Pick<EndTotals, 'completed' | 'failed' | 'expired' | 'cancelled' | 'durationMsSum'>;

/** What is open is counted from the book, what has ended from the roll-ups: nobody walks over runs. */
export async function queueStatus(parts: JobApiParts, job: JobRuntime): Promise<QueueStatus> {
  const { book, situations, context: { clock } } = parts;
  const { completed, failed, expired, cancelled } = await endsOf(parts, job);
  const { active, waiting, delayed } = book.look(job.number);
  return {
    waiting: waiting.length, delayed, active: active.size, completed, failed, expired, cancelled, state: job.definition.state,
    workers: situations.workers(job, clock.now()).live.length, oldestWaitingAt: waiting.oldestAt(),
  };
}

export async function queueMetrics(parts: JobApiParts, job: JobRuntime): Promise<QueueMetrics> {
  const { completed, failed, expired, cancelled, durationMsSum } = await endsOf(parts, job);
  const total = completed + failed + expired + cancelled;
  const tried = total - cancelled;
  return { total, completed, failed: failed + expired, successRate: tried === 0 ? undefined : completed / tried, averageMs: total === 0 ? undefined : durationMsSum / total };
}

async function endsOf({ context: { store, clock, config } }: JobApiParts, job: JobRuntime): Promise<Ends> {
  const now = clock.now();
  const totals = await store.endTotals({ jobNumbers: [job.number], from: now - config.retentionMs, to: now + 60_000, bucketMs: 3_600_000 });
  const sum = { completed: 0, failed: 0, expired: 0, cancelled: 0, durationMsSum: 0 };
  for (const each of totals) for (const name of Object.keys(sum) as (keyof Ends)[]) sum[name] += each[name];
  return sum;
}
