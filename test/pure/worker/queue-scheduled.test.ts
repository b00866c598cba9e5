import { describe, expect, it } from 'vitest';
import { readJobSpec } from '../../../src-core/domain/job-input.ts';
import { definitionOfScheduled, jobNameOf, queueTag, scheduledOf } from '../../../src-core/worker/queue/scheduled.ts';
import type { ScheduledDefinition, ScheduledJob } from '../../../src-core/worker/queue/scheduled.ts';

const QUEUE = { namespace: 'app', app: 'tasks', job: 'tasks' };
const ROW: ScheduledJob = {
  id: '6f9c', name: '每日数据备份', description: '每天凌晨执行数据备份', handlerName: 'dataBackupJob', cronExpression: '0 2 * * *', timezone: 'Asia/Shanghai', status: 1,
  payload: { backupType: 'full' }, retryAttempts: 3, retryDelay: 5_000, timeout: 300_000, priority: 10,
};

/** As the scheduler gives it back. */
function kept(row: ScheduledJob): ScheduledDefinition {
  return readJobSpec(definitionOfScheduled(row, QUEUE), (text) => Buffer.byteLength(text));
}

describe('a row of a table of scheduled jobs', () => {
  it('becomes a job that the scheduler takes', () => {
    expect(kept(ROW)).toMatchObject({
      app: 'tasks', description: '每日数据备份\n每天凌晨执行数据备份', schedule: { expression: '0 2 * * *', timezone: 'Asia/Shanghai' },
      args: '{"name":"dataBackupJob","data":{"backupType":"full"}}', retry: { attempts: 3, delayMs: 5_000 }, timeoutMs: 300_000, priority: 10, state: 'enabled', tags: [queueTag('tasks'), 'id:6f9c'],
    });
  });

  it('comes back from it as it was', () => {
    for (const row of [ROW, { ...ROW, status: 0 as const }, { ...ROW, status: 2 as const, description: '' }]) expect(scheduledOf(kept(row))).toEqual(row);
  });

  it("has the table's defaults for what is missing", () => {
    expect(scheduledOf(kept({ name: 'n', handlerName: 'h', cronExpression: '0 0 2 * * *' }))).toEqual({
      name: 'n', description: '', handlerName: 'h', cronExpression: '0 0 2 * * *', timezone: 'Asia/Shanghai', status: 1, payload: {}, retryAttempts: 3, retryDelay: 5_000, timeout: 30_000, priority: 5,
    });
  });

  it('has the same name in the scheduler each time, and another one than its neighbours', () => {
    expect(jobNameOf({ name: 'nightly', handlerName: 'h' })).toBe('nightly');
    const names = ['每日', '每周', '每月'].map((name) => jobNameOf({ name, handlerName: 'a.b c' }));
    expect(new Set(names).size).toBe(3);
    expect(names.every((name) => /^a-b-c-[a-z0-9]+$/.test(name))).toBe(true);
    expect(jobNameOf({ name: '每日', handlerName: 'a.b c' })).toBe(names[0]);
  });

  it.each([['status', { status: 3 as 2 }], ['cronExpression', { cronExpression: ' ' }], ['name', { name: '' }], ['timeout', { timeout: 1 }]])('is refused for a bad %s', (option, change) => {
    expect(() => definitionOfScheduled({ ...ROW, ...change }, QUEUE)).toThrow(`${option} must be`);
  });

  it('is none where the arguments are no queue\'s', () => {
    expect(scheduledOf({ ...kept(ROW), args: 'plain text' })).toBeUndefined();
  });
});
