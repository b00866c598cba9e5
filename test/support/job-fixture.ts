import type { JobDefinition, JobSchedule } from '../../src-core/domain/job.ts';

/** 2026-01-01T00:00:00Z. */
const CREATED = 1_767_225_600_000;

/** A definition with the defaults of one that names nothing but itself. */
export function aDefinition(part: Partial<Omit<JobDefinition, 'schedule'>> & { schedule?: Partial<JobSchedule> } = {}): JobDefinition {
  const { schedule, ...rest } = part;
  return {
    namespace: 'app', app: 'biz', name: 'report', description: '',
    category: 'standalone', model: 'max', condition: '', args: '', argsKind: 'text', maxRunning: 1, overlap: 'skip', queueLimit: 100, timeoutMs: 60_000,
    retry: { attempts: 1, backoff: 'fixed', delayMs: 1000, maxDelayMs: 3_600_000, on: ['fail', 'expired'] },
    misfire: { policy: 'once', windowMs: 60_000, max: 10 }, rate: null, priority: 5, state: 'enabled', tags: [], owner: '', number: 1,
    anchor: CREATED, createdAt: CREATED, updatedAt: CREATED, ...rest,
    schedule: { expression: '', timezone: '', startAt: null, endAt: null, dst: 'once', jitterMs: 0, ...schedule },
  };
}
