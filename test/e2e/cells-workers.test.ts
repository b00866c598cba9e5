import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, stamp, type World } from '../support/world.ts';

const JAVA_ID = 'host=10-0-0-5=8080=1a2b3c4d';

describe.skipIf(!(await canStartProgram()))('what workers say of themselves and of pieces of a run', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const workersOf = async (app: string) => (await world.program.api.get(`/workers?namespace=${NAMESPACE}&app=${app}`)).body.items;
  const oddities = async (): Promise<Record<string, number>> => (await world.program.api.get('/overview')).body.oddities;
  const report = (fields: Record<string, unknown>): Promise<number> => world.worker.publish('natsjob.job.sub-result-flow', fields);

  test('a worker that falls silent for 15 s is lost, and pro jobs wait no longer for it', async () => {
    const app = await world.app();
    await world.beat(app, 'w1');
    const job = await world.job({ app, model: 'pro', maxRunning: 50 });
    await job.start();
    const [before] = await workersOf(app);
    await until(async () => {
      const asked = Date.now();
      const [{ live, lastSeenAt }] = await workersOf(app);
      // Whoever asks late hears it late: each answer is judged by the moments it lies between.
      if (live) expect(asked - Date.parse(lastSeenAt)).toBeLessThanOrEqual(15_000);
      else expect(Date.now() - Date.parse(lastSeenAt)).toBeGreaterThanOrEqual(15_000);
      return !live;
    }, { what: 'the worker to be lost' });
    expect((await job.run()).body).toMatchObject({ status: 409, reason: 'no-worker' });

    await world.beat(app, 'w1');
    await job.start();
    expect((await workersOf(app))[0].firstSeenAt).toBe(before.firstSeenAt);
  });

  test('a heartbeat is shown as it was sent; a missing weight is 100, a negative one 0', async () => {
    const app = await world.app();
    await world.stayLive(app, JAVA_ID, { ip: '10.0.0.5', comment: 'ü', machineCpuUsage: '12.5', machineMemoryUsage: '40', processCpuUsage: '1', processMemoryRss: '123' });
    await world.beat(app, 'none', { weight: 0 });
    await world.beat(app, 'less', { weight: -7 });
    await world.beat(app, 'some', { weight: 30, group: 'red' });
    const workers = await workersOf(app);
    expect(workers.find(({ id }: { id: string }) => id === JAVA_ID)).toMatchObject({
      ip: '10.0.0.5', comment: 'ü', weight: 100, group: '', live: true, machineCpuUsage: '12.5', machineMemoryUsage: '40', processCpuUsage: '1', processMemoryRss: '123',
    });
    expect(Object.fromEntries(workers.map(({ id, weight }: { id: string; weight: number }) => [id, weight]))).toEqual({ [JAVA_ID]: 100, none: 0, less: 0, some: 30 });
  });

  test('an id with = in it is reached by its own name', async () => {
    const app = await world.app();
    await world.stayLive(app, JAVA_ID);
    const job = await world.job({ app, model: 'ultra' });
    const taskId = await job.start();
    const message = await job.next();
    expect(message.subject).toBe(`natsjob.job.client-start.${job.key}.${JAVA_ID}`);
    await world.worker.answer(message, { status: 'success', clientId: JAVA_ID });
    expect(await world.untilState(taskId, 'completed')).toMatchObject({ workerId: JAVA_ID });
  });

  test('the body of a heartbeat says who it is, not its key', async () => {
    const app = await world.app();
    await world.worker.publish(`$KV.natsjob-heartbeat.natsjob.heartbeat.client.${NAMESPACE}.${app}.key`, { id: 'body', namespace: NAMESPACE, appName: app });
    await until(async () => (await workersOf(app)).length > 0, { what: 'the worker' });
    expect((await workersOf(app)).map(({ id }: { id: string }) => id)).toEqual(['body']);
  });

  test('heartbeats that cannot be used are counted and make nobody live', async () => {
    const app = await world.app();
    const before = (await oddities())['heartbeat-unreadable'] ?? 0;
    const bad: unknown[] = [
      'no JSON', '', [], { id: 'a.b', namespace: NAMESPACE, appName: app }, { id: 'w>', namespace: NAMESPACE, appName: app }, { id: 7, namespace: NAMESPACE, appName: app },
      { id: 'w', namespace: NAMESPACE, appName: app, weight: 'heavy' }, { namespace: NAMESPACE, appName: app }, { id: 'w', namespace: NAMESPACE, appName: app, comment: 'x'.repeat(200_000) },
    ];
    for (const [index, beat] of bad.entries()) await world.worker.publish(`$KV.natsjob-heartbeat.natsjob.heartbeat.client.${NAMESPACE}.${app}.bad${index}`, beat);
    await until(async () => ((await oddities())['heartbeat-unreadable'] ?? 0) === before + bad.length, { what: () => 'all bad heartbeats to be counted' });
    expect(await workersOf(app)).toEqual([]);
  });

  test('a flow report is a sub-run of its run, whatever the case of its field names', async () => {
    const job = await world.job();
    const taskId = await job.start();
    await job.next();
    await report({
      TASKID: taskId, Namespace: NAMESPACE, appname: job.app, JobName: job.name, clientID: 'w1', sceneId: 's1', SceneName: 'first part', STATUS: 'half done', reason: 'so far',
      MonitorStatus: 'watch', MonitorPayload: '{"n":1}', startAt: '2026-01-02 03:04:05.678', EndAt: 1_767_323_046_000,
    });
    const [subRun] = await until(async () => {
      const found = await world.subRuns(taskId);
      return found.length > 0 && found;
    }, { what: 'the sub-run' });
    expect(subRun).toMatchObject({
      kind: 'flow', workerId: 'w1', sceneId: 's1', sceneName: 'first part', status: 'half done', reason: 'so far', monitorStatus: 'watch', monitorPayload: '{"n":1}',
    });
    expect(stamp(subRun.startedAt)).toBe('2026-01-02 03:04:05.678');
    expect(Date.parse(subRun.endedAt)).toBe(1_767_323_046_000);
    expect((await world.run(taskId)).state).toBe('active');

    for (const subject of ['natsjob.job.monitor', `natsjob.job.monitor.${NAMESPACE}.${job.app}`]) {
      const told = await world.worker.next((message) => message.subject === subject && message.text.includes(taskId));
      const { createAt } = JSON.parse(told.text);
      expect(JSON.parse(told.text)).toEqual({
        taskId, subTaskId: expect.any(String), status: 'half done', reason: 'so far', monitorStatus: 'watch', monitorPayload: '{"n":1}', createAt,
        namespace: NAMESPACE, appName: job.app, jobName: job.name,
      });
    }
    await world.settled();
    expect(world.worker.seen(({ subject, text }) => subject === 'natsjob.job.monitor' && text.includes(taskId))).toHaveLength(1);
  });

  test('a numeric taskId keeps all its digits, and times may be numbers or texts', async () => {
    const job = await world.job();
    const taskId = await job.start();
    expect(String(Number(taskId))).not.toBe(taskId);
    const when = ['1767323046000', '"1767323046000"', '"2026-01-02 11:04:06"', '"2026-01-02 11:04:06.000000"'];
    for (const startAt of when) await world.worker.publish('natsjob.job.sub-result-flow', `{"taskId": ${taskId}, "status": "x", "startAt": ${startAt}}`);
    const subRuns = await until(async () => {
      const found = await world.subRuns(taskId);
      return found.length === when.length && found;
    }, { what: 'the sub-runs' });
    expect(subRuns.map(({ startedAt }) => stamp(startedAt))).toEqual(when.map(() => '2026-01-02 11:04:06.000'));
  });

  test('reports are kept as they come: many for one run, after its end, and in any order', async () => {
    const job = await world.job();
    const taskId = await job.start();
    await report({ taskId, sceneId: '1', status: 'a' });
    await world.worker.answer(await job.next(), 'success');
    await world.untilState(taskId, 'completed');
    await world.settled();
    await report({ taskId, sceneId: '2', status: 'b' });
    await report({ taskId, sceneId: '1', status: 'c' });
    await until(async () => (await world.subRuns(taskId)).length === 3, { what: 'three sub-runs' });
    expect((await world.subRuns(taskId)).map(({ sceneId, status }) => [sceneId, status])).toEqual([['1', 'a'], ['2', 'b'], ['1', 'c']]);
    expect((await world.run(taskId)).state).toBe('completed');
  });

  test('reports that cannot be used are counted and leave nothing', async () => {
    const before = await oddities();
    const unreadable: unknown[] = ['no JSON', '[1]', { status: 'x' }, { taskId: 'abc' }, { taskId: '912345678901234567', startAt: 'yesterday' }, '{"taskId": 1e300}', 'x'.repeat(900_000)];
    for (const one of unreadable) await world.worker.publish('natsjob.job.sub-result-flow', one);
    await report({ taskId: '4500000000000000001', status: 'of nobody' });
    await until(async () => {
      const now = await oddities();
      return (now['flow-unreadable'] ?? 0) - (before['flow-unreadable'] ?? 0) === unreadable.length && (now['flow-unknown-run'] ?? 0) - (before['flow-unknown-run'] ?? 0) === 1;
    }, { what: 'all of them to be counted' });
    const lines = (): string[] => world.program.output().split('\n').filter((line) => line.includes('flow-unreadable'));
    await until(() => lines().length > 0, { what: 'the line in the log' });
    expect(lines()).toHaveLength(1);
  });
});
