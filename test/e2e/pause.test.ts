import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canStartProgram } from '../support/program.ts';
import { testedCommand, testedEnvironment } from '../support/tested-program.ts';
import { until } from '../support/until.ts';
import { openWorld, type TestJob, type World } from '../support/world.ts';

describe.skipIf(!(await canStartProgram()))('a pause of the whole scheduler', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const everySecond = (fields: object = {}): Promise<TestJob> => world.job({ schedule: { expression: '* * * * * *' }, maxRunning: 1000, misfire: { policy: 'all', windowMs: 600_000, max: 1000 }, ...fields });
  const pauseNow = async (): Promise<unknown> => (await world.program.api.get('/scheduler/pause')).body.pause;
  const pausedFires = async (job: TestJob): Promise<number> => (await job.skips()).filter(({ reason }) => reason === 'paused').reduce((sum, { count }) => sum + count, 0);
  const untilPausedFires = (job: TestJob, count: number): Promise<unknown> => until(async () => (await pausedFires(job)) >= count, { what: () => `${count} fires of ${job.name} to be skipped as paused` });

  async function natsjob(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const { command, args: words } = testedCommand(...args);
    const child = spawn(command, words, { env: { ...testedEnvironment(), NATSJOB_DATA_DIR: world.program.dataDir, NATSJOB_LOGIN_USER: 'tester', NATSJOB_LOGIN_PWD: 'a password of this test' } });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text; });
    const [code] = (await once(child, 'close')) as [number];
    return { code, out: out.trim(), err: err.trim() };
  }

  test('stops all, outlives kill -9, and what fell into it is skipped when it is resumed', async () => {
    const job = await everySecond();
    const byHand = await world.job();
    await job.next();
    expect((await world.program.api.put('/scheduler/pause', {})).body).toEqual({ pause: { since: expect.any(String), until: null } });
    // An answer on the connection on which runs come: what was sent before the pause is here.
    await world.worker.stored(job.subject('start'));
    const before = job.dispatched().length;
    expect((await byHand.run()).body).toMatchObject({ status: 409, reason: 'paused' });
    expect((await world.program.api.get(`/jobs/${job.key}/explain`)).body).toMatchObject({ verdict: 'skip', reason: 'paused' });
    expect((await world.program.api.get('/overview')).body.pause).toEqual(await pauseNow());
    expect((await world.program.api.get('/attention')).body.items[0]).toMatchObject({ kind: 'scheduler-paused', jobId: '' });
    await untilPausedFires(job, 2);
    await world.program.kill('SIGKILL');
    await world.program.restart();
    await until(async () => (await world.program.api.get('/servers')).body.items[0].role === 'leader', { what: 'it to lead again' });
    expect(await pauseNow()).toMatchObject({ until: null });
    await untilPausedFires(job, (await pausedFires(job)) + 2);
    expect(job.dispatched()).toHaveLength(before);
    expect((await world.program.api.del('/scheduler/pause')).status).toBe(204);
    expect(await pauseNow()).toBeNull();
    await byHand.next(await byHand.start());
    const after = (await job.runs()).filter(({ trigger }) => trigger === 'catch-up');
    expect(after).toEqual([]);
    await until(() => job.dispatched().length > before, { what: 'the job to fire again' });
  });

  test('ends by itself, also while nothing runs', async () => {
    const job = await everySecond();
    await job.next();
    const end = Date.now() + 6_000;
    const { body } = await world.program.api.put('/scheduler/pause', { until: new Date(end).toISOString() });
    // What was due while it was asked for may have been sent; what is due from the answer on is not.
    const heeded = Date.now();
    expect(Date.parse(body.pause.until)).toBe(end);
    expect(await world.program.stop()).toBe(0);
    // However long the stop took: from five seconds on it is a gap.
    const back = Math.max(end + 3_000, Date.now() + 5_500);
    await until(() => Date.now() > back, { what: 'the end to be over' });
    await world.program.restart();
    await until(async () => (await world.program.api.get('/overview')).body.lastGap !== null, { what: 'the gap to be told' });
    const { pause, lastGap } = (await world.program.api.get('/overview')).body;
    expect(pause).toBeNull();
    expect(lastGap).toMatchObject({ kind: 'away' });
    expect(lastGap.caughtUp).toBeGreaterThanOrEqual(2);
    const fires = async (): Promise<number[]> => (await job.runs()).map(({ scheduledAt }) => Date.parse(scheduledAt as string));
    // In the order of their moments: what was made up for is there, too.
    await until(async () => (await fires()).some((at) => at > Date.parse(lastGap.to)), { what: 'it to fire' });
    expect((await fires()).filter((at) => at >= heeded && at < end)).toEqual([]);
    expect((await fires()).filter((at) => at >= end && at <= Date.parse(lastGap.to)).length).toBeGreaterThanOrEqual(2);
    await untilPausedFires(job, 1);
  });

  test('from the command line', async () => {
    expect(await natsjob('pause', '--for', '1h30m')).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^paused since \S+, until \S+$/) });
    const { since, until: end } = (await pauseNow()) as { since: string; until: string };
    expect(Math.abs(Date.parse(end) - Date.parse(since) - 5_400_000)).toBeLessThan(60_000);
    expect((await natsjob('status')).out).toContain(`paused since ${since}, until ${end}`);
    expect((await natsjob('pause', '--until', '2999-01-01T00:00:00Z'))).toMatchObject({ code: 1, err: expect.stringContaining('366 days') });
    expect(JSON.parse((await natsjob('pause', '--json')).out)).toEqual({ pause: { since, until: null } });
    expect((await natsjob('resume')).out).toBe('not paused');
    expect(await pauseNow()).toBeNull();
    expect((await natsjob('status')).out).not.toContain('paused');
    for (const args of [['--for', '1x'], ['--for', ''], ['--for', '1h', '--until', '2026-01-01T00:00:00Z']]) expect((await natsjob('pause', ...args)).code).toBe(2);
  });

  test.each([{ until: '2020-01-01T00:00:00Z' }, { until: 'tomorrow' }, { until: 5 }, { till: 1 }])('is not begun by %j', async (body) => {
    expect((await world.program.api.put('/scheduler/pause', body)).body).toMatchObject({ status: 400, errors: [{ field: Object.keys(body)[0] }] });
    expect(await pauseNow()).toBeNull();
  });
});
