import type { JobResource } from '../../../src-core/http/contract.ts';

/** A message as the scheduler would send it, with all its fields. It names no end key, so what a worker answers reaches no run. */
export function startMessageOf(job: JobResource, nowMs: number): string {
  const { namespace, app, name, category, model, condition, args } = job;
  return JSON.stringify({
    taskId: `${nowMs}00000`, namespace, appName: app, jobName: name, jobCategory: category, jobModel: model, condition,
    jobArgs: typeof args === 'string' ? args : JSON.stringify(args ?? ''), jobCreatedAt: stamp(nowMs), jobExpireTime: stamp(nowMs + (job.timeoutMs ?? 60_000)),
    jobEndKvKey: '', jobEndResultKvBucket: '', jobRunningCount: 0, nextPayload: '',
  }, null, 2);
}

/** As the wire writes times, in UTC. */
function stamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
}
