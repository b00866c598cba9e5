import { describe, expect, expectTypeOf, it } from 'vitest';
import { at, BadOptionError, byHand, cron, declareJobs, every, job, openJobService } from '../../../src-core/worker/index.ts';
import type { Checkpoint, DeclaredJob, DeclareReport, JobService, JobTimes, Lock, Locks, Statuses } from '../../../src-core/worker/index.ts';

describe('times in code', () => {
  it('become what a definition has', () => {
    const none = { timezone: '', startAt: null, endAt: null, dst: 'once', jitterMs: 0 };
    expect(every('5s')).toEqual({ ...none, expression: '@every 5s' });
    expect(every(90_000, { jitter: '10s', endAt: Date.UTC(2027, 0, 1) })).toEqual({ ...none, expression: '@every 90000ms', jitterMs: 10_000, endAt: '2027-01-01T00:00:00.000Z' });
    expect(cron('0 0 2 * * *', { timezone: 'Europe/Berlin', dst: 'skip' })).toEqual({ ...none, expression: '0 0 2 * * *', timezone: 'Europe/Berlin', dst: 'skip' });
    expect(cron('30 8 * * 1-5')).toEqual({ ...none, expression: '30 8 * * 1-5' });
    expect(at(new Date('2027-01-31T09:00:00Z'))).toEqual({ ...none, expression: '@at 2027-01-31T09:00:00.000Z' });
    expect(byHand()).toEqual({ ...none, expression: '' });
  });

  it.each([
    [() => every('0s'), 'the period of every must be a duration from 1 s to 366 d'],
    [() => every('often'), 'not "often"'],
    [() => cron('0 0 25 * * *'), 'the hour of cron must be one that can be read: '],
    [() => cron('0 0 30 2 *'), 'never fires'],
    [() => cron('@every 5s'), 'the expression of cron must be five or six cron fields, not "@every 5s".'],
    [() => cron('* * * * *', { timezone: 'Berlin' }), 'the timezone of cron must be'],
    [() => at(Number.NaN), 'the moment of at must be a Date or epoch milliseconds'],
  ])('are refused where they are written: %#', (make, message) => {
    expect(make).toThrow(message);
  });
});

describe('a job in code', () => {
  it('is refused where it is written', async () => {
    expect(() => job('a b', byHand(), () => 1)).toThrow('the name of a job must be a name of');
    expect(() => job('a', '5s' as never, () => 1)).toThrow("the times of a must be every('5s')");
    expect(() => job('a', byHand(), 'x' as never)).toThrow('the handler of a must be a function');
    const twice = [job('a', byHand(), () => 1), job('a', byHand(), () => 2)];
    await expect(openJobService({ app: 'shop', jobs: twice })).rejects.toThrow('jobs must be a list without two of one name; a comes twice');
    await expect(declareJobs({ app: 'shop', jobs: [], onExisting: 'delete' as never })).rejects.toThrow('onExisting must be update or keep');
  });

  it('takes a broadcast from each worker', () => {
    expect(job('a', byHand(), () => 1, { category: 'broadcast' }).worker).toEqual({ broadcast: true });
  });
});

describe('types', () => {
  it('say what there is', () => {
    expectTypeOf(every).returns.toEqualTypeOf<JobTimes>();
    expectTypeOf(job<{ id: number }, string>).parameter(2).parameter(0).toHaveProperty('payload').toEqualTypeOf<{ id: number }>();
    expectTypeOf(job).returns.toEqualTypeOf<DeclaredJob>();
    expectTypeOf<JobService['declared']>().resolves.toEqualTypeOf<DeclareReport>();
    expectTypeOf<Locks['acquire']>().returns.resolves.toEqualTypeOf<Lock>();
    expectTypeOf<Locks['tryAcquire']>().returns.resolves.toEqualTypeOf<Lock | undefined>();
    expectTypeOf<Lock['signal']>().toEqualTypeOf<AbortSignal>();
    expectTypeOf<Statuses['get']>().returns.resolves.toEqualTypeOf<unknown>();
    expectTypeOf<Checkpoint['set']>().returns.resolves.toEqualTypeOf<void>();
    // @ts-expect-error no such field of a definition
    expect(() => job('a', byHand(), () => 1, { timeout: 5 })).toThrow(BadOptionError);
  });
});
