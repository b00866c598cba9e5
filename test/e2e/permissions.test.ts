import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createWorker, every, job, JobQueue, openConnection, openEventBus, openJobService, openLocks } from '../../src-core/worker/index.ts';
import { untilAvailable } from '../support/create.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { startPlainWorker } from '../support/plain-worker.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

/** The block in docs/cluster.md that people copy. */
const AUTHORIZATION = /```\n(authorization \{[\s\S]+?\n\})\n```/.exec(readFileSync(new URL('../../docs/cluster.md', import.meta.url), 'utf8'))?.[1] ?? '';
/** As clients say it, and as the server does. */
const VIOLATION = /permissions? violation|(publish|subscription) violation/i;

describe.skipIf(!(await canStartProgram()))('accounts restricted as docs/cluster.md says', () => {
  test('let two nodes and a worker do all they do, and no more', async () => {
    await using nats = await startNatsServer({ config: AUTHORIZATION });
    const urlOf = (user: string): string => nats.url.replace('nats://', `nats://${user}:${user}-password@`);
    const env = { NATSJOB_NATS_URL: urlOf('natsjob') };
    await using first = await startProgram({ env: { ...env, NATSJOB_NODE_ID: 'a' } });
    await using second = await startProgram({ env: { ...env, NATSJOB_NODE_ID: 'b' } });
    await using worker = await startPlainWorker({ url: urlOf('worker'), namespace: 'app', app: 'biz', clientId: 'one', answer: () => ({ status: 'success' }) });
    await second.api.post('/namespaces/app/apps', { name: 'biz' });
    for (const model of ['lite', 'plus', 'max', 'pro', 'ultra']) {
      const { status } = await second.api.post('/jobs', { namespace: 'app', app: 'biz', name: model, model, schedule: { expression: '* * * * * *' }, ...(model === 'lite' || model === 'plus' ? {} : { maxRunning: 100 }) });
      expect(status, model).toBe(201);
    }
    await until(() => worker.answered >= 9, { what: () => `answers\n${first.output()}` });
    // The standby asks the leader, and the leader gives up its lease when it is asked from elsewhere.
    expect((await untilAvailable(() => second.api.post('/jobs/app.biz.max/run', {}))).status).toBe(202);
    await until(async () => (await second.api.post('/servers/a/step-down')).status === 204 || second.output().includes('"msg":"leading"'), { what: () => `the leader to give up its lease\n${first.output()}` });
    await until(() => second.output().includes('"msg":"leading"'), { what: () => `the other to lead\n${second.output()}` });
    const before = worker.answered;
    await until(() => worker.answered >= before + 6, { what: () => `answers under the second\n${second.output()}` });
    expect(`${first.output()}${second.output()}${nats.log}`).not.toMatch(VIOLATION);
  });

  test('let a program have queues, jobs in code, locks and an event bus', async () => {
    await using nats = await startNatsServer({ config: AUTHORIZATION });
    const urlOf = (user: string): string => nats.url.replace('nats://', `nats://${user}:${user}-password@`);
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: urlOf('natsjob') } });
    const url = urlOf('service');

    const queue = new JobQueue<{ double: number; never: object }>('sums', { url, attempts: 2, backoff: 10 });
    const told: string[] = [];
    await queue.on('completed', ({ result }) => void told.push(`completed ${String(result)}`));
    await queue.on('failed', ({ willRetry }) => void told.push(`failed ${willRetry}`));
    await queue.on('progress', ({ progress }) => void told.push(`progress ${String(progress)}`));
    await queue.on('stalled', () => undefined);
    await queue.process({
      double: ({ data }, { log, progress }) => {
        log('a line');
        progress(50);
        return 2 * data;
      },
      never: () => {
        throw new Error('no');
      },
    });
    const added = await queue.add('double', 21);
    expect(await added.waitUntilFinished()).toBe(42);
    const [failing] = await queue.addBulk([{ name: 'never', data: {} }]);
    await expect(failing?.waitUntilFinished()).rejects.toThrow('no');
    await until(() => told.length >= 4, { what: () => told.join() });
    expect(told.toSorted()).toEqual(['completed 42', 'failed false', 'failed true', 'progress 50']);
    await queue.pause();
    expect((await queue.getStatus()).state).toBe('paused');
    expect(await queue.clean(0, 10, 'waiting')).toBe(0);
    await queue.gracefulShutdown(1_000);

    const service = await openJobService({ url, app: 'coded', jobs: [job('tick', every('1s'), async (_run, { lock, status, checkpoint }) => {
      await lock.hold('a', { wait: 1_000 }, () => checkpoint.set(1));
      await status.set('b', 1);
      told.push('ticked');
    })] });
    expect(await service.declared).toMatchObject({ created: ['tick'] });
    await until(() => told.includes('ticked'));
    await service.stop();
    {
      await using locks = await openLocks({ url });
      expect(await locks.tryAcquire('c', { ttl: 5_000 })).toBeDefined();
    }
    const bus = await openEventBus({ url, client: 'c', maxRestarts: 1 });
    await bus.subscribeEnvelope('paid', ({ payload }) => void told.push(`paid ${String(payload)}`));
    await bus.subscribe('news', ({ text }) => void told.push(text));
    await bus.publishEnvelope('paid', { aggregateId: 'a', type: 't', version: 1, at: 1, payload: 7 });
    await bus.publish('news', 'open');
    await until(() => told.includes('paid 7') && told.includes('open'));
    await bus.stop();

    // Another namespace is not its own.
    const connection = await openConnection({ url });
    const states: string[] = [];
    connection.onState((state) => void states.push(state));
    await using stranger = createWorker({ connection, namespace: 'other', app: 'sums' }).handle('sums', () => 1);
    await stranger.start().catch(() => undefined);
    const violations = (): string[] => nats.log.split('\n').filter((line) => VIOLATION.test(line));
    await until(() => violations().some((line) => line.includes('other')), { what: () => `the server to refuse it\n${nats.log}` });
    expect(violations().filter((line) => !line.includes('other'))).toEqual([]);
    expect(program.output()).not.toMatch(VIOLATION);
    await connection.client.flush();
    expect(states).toEqual([]);
    await connection.close();
  });
});
