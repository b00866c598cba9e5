import { describe, expect, it } from 'vitest';
import { NonRetryableError, RunCancelledError, RunExpiredError, WorkerStoppingError } from '../../src-core/worker/index.ts';
import type { HandlerOptions, RunContext, Run, Worker } from '../../src-core/worker/index.ts';
import { aJob, canRun, gate, openStageForAll, stage, workerOf } from '../support/staged-workers.ts';
import { until } from '../support/until.ts';

openStageForAll();

describe.skipIf(!canRun).each<{ delivery: 'core' | 'jetstream' }>([{ delivery: 'core' }, { delivery: 'jetstream' }])('a worker that takes its runs by $delivery', ({ delivery }) => {
  async function one(handler: (run: Run, context: RunContext) => unknown, options: HandlerOptions = {}): Promise<{ job: string; worker: Worker }> {
    const job = aJob();
    const worker = workerOf();
    await worker.handle(job, handler, { delivery, ...options }).start();
    return { job, worker };
  }

  it('gives a run to its handler and answers with the result', async () => {
    const seen: Run[] = [];
    const { job, worker } = await one((run) => {
      seen.push(run);
      return { rows: (run.payload as { n: number }).n };
    });
    const before = Date.now();
    const sent = await stage.send(job, { args: '{"n":42}', fields: { attempt: 2, rootTaskId: '912263334592512000', priority: 9 } });
    expect(await stage.ends(sent)).toEqual([{ status: 'success', reason: '{"rows":42}', clientId: worker.id }]);
    expect(seen[0]).toMatchObject({ taskId: sent.taskId, namespace: 'app', app: 'shop', job, category: 'standalone', model: 'max', attempt: 2, rootTaskId: '912263334592512000', priority: 9, deliveries: 1, step: 1, nextPayload: '' });
    // The worker knows the clock of the server to within a round trip.
    expect(seen[0]!.expiresAt!).toBeGreaterThan(before + 50_000);
    expect(seen[0]!.expiresAt!).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('answers that it failed with the reason that was thrown, in handlers that wait and in those that do not', async () => {
    const { job, worker } = await one((run) => {
      if (run.args === 'at once') throw new TypeError('no such thing');
      return Promise.reject(new NonRetryableError('never again'));
    });
    expect(await stage.ends(await stage.send(job, { args: 'at once' }))).toEqual([{ status: 'fail', reason: 'TypeError: no such thing', clientId: worker.id }]);
    expect(await stage.ends(await stage.send(job))).toEqual([{ status: 'fail', reason: 'NonRetryableError: never again', clientId: worker.id, noRetry: true }]);
    expect(worker.state()).toMatchObject({ done: 2, failed: 2, running: 0, waiting: 0 });
  });

  it('aborts the signal when the run is cancelled, and says nothing more of it', async () => {
    const reasons: unknown[] = [];
    const begun = gate();
    const { job, worker } = await one(async (_run, { signal }) => {
      begun.open();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
    });
    const sent = await stage.send(job);
    await begun.promise;
    stage.cancel(job, sent.taskId, 'not needed');
    await until(() => reasons.length === 1 && worker.state().done === 1 && worker.state().unanswered === 0);
    expect(reasons[0]).toBeInstanceOf(RunCancelledError);
    expect((reasons[0] as Error).message).toContain('not needed');
    await expect(stage.ask('$JS.API.STREAM.MSG.GET.KV_natsjob-job-results', JSON.stringify({ last_by_subj: `$KV.natsjob-job-results.${sent.endKey}` })).then((answer) => answer.json())).resolves.toMatchObject({ error: { code: 404 } });
  });

  it('aborts the signal when the time of the run is up, whatever the zone of the scheduler', async () => {
    const reason = gate<unknown>();
    const { job } = await one(async (_run, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reason.open(signal.reason);
    });
    await stage.send(job, { timeMs: 150 });
    expect(await reason.promise).toBeInstanceOf(RunExpiredError);
  });

  it('aborts it with the same reason when the scheduler says so first', async () => {
    const begun = gate();
    const reason = gate<unknown>();
    const { job } = await one(async (_run, { signal }) => {
      begun.open();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reason.open(signal.reason);
    });
    const sent = await stage.send(job);
    await begun.promise;
    stage.cancel(job, sent.taskId, 'expired');
    expect(await reason.promise).toBeInstanceOf(RunExpiredError);
  });

  it('works on as many runs at once as it may, and on the others after them', async () => {
    let most = 0;
    let now = 0;
    const gates: (() => void)[] = [];
    const { job, worker } = await one(async () => {
      most = Math.max(most, ++now);
      await new Promise<void>((resolve) => gates.push(resolve));
      now--;
    }, { concurrency: 1 });
    const sent = [await stage.send(job), await stage.send(job), await stage.send(job)];
    for (let n = 1; n <= 3; n++) {
      await until(() => gates.length === n);
      gates[n - 1]!();
    }
    for (const each of sent) expect(await stage.ends(each)).toHaveLength(1);
    expect(most).toBe(1);
    expect(worker.state().done).toBe(3);
  });

  it('lets a map run go on to its second step with what the first one gave', async () => {
    const payloads: string[] = [];
    const { job, worker } = await one((run, { next }) => {
      payloads.push(run.nextPayload);
      return run.step === 1 ? next({ shards: [1, 2] }) : undefined;
    });
    const first = await stage.send(job, { category: 'map', action: 'pre-start' });
    expect(await stage.ends(first)).toEqual([{ status: 'success:next', reason: '{"shards":[1,2]}', clientId: worker.id }]);
    const second = await stage.send(job, { category: 'map', taskId: first.taskId });
    expect(await stage.ends(second)).toEqual([{ status: 'success', clientId: worker.id }]);
    expect(payloads).toEqual(['', '{"shards":[1,2]}']);
  });

  it('hands a map run that nobody answers on by itself', async () => {
    const steps: [number, string][] = [];
    const { job } = await one((run, { next }) => {
      steps.push([run.step, run.nextPayload]);
      return run.step === 1 ? next('x'.repeat(2_000)) : undefined;
    });
    for (const model of ['plus', 'lite']) await stage.send(job, { category: 'map', model, action: 'pre-start' });
    await until(() => steps.length === 4);
    expect(steps.filter(([step]) => step === 2)).toEqual([[2, JSON.stringify('x'.repeat(2_000))], [2, JSON.stringify('x'.repeat(2_000))]]);
  });

  it('refuses a next step where there is none', async () => {
    const { job } = await one((_run, { next }) => next());
    expect((await stage.ends(await stage.send(job)))[0]).toMatchObject({ status: 'fail', reason: expect.stringContaining('first step of a map run') as string });
  });

  it('tells lines, progress and a long result while the run goes on', async () => {
    const told: Record<string, unknown>[] = [];
    const reports = stage.nats.subscribe('natsjob-report.>', { callback: (_error, message) => void told.push(message.json()) });
    const { job } = await one((_run, { log, progress }) => {
      log('begun');
      log.warn('odd');
      progress(10);
      progress(50);
      progress({ step: 'last' });
      return 'y'.repeat(2_000);
    });
    const sent = await stage.send(job);
    expect((await stage.ends(sent))[0]).toMatchObject({ status: 'success', reason: 'a result of 2002 characters' });
    await until(() => told.length === 5);
    expect(told.map(({ at: _at, ...rest }) => rest)).toEqual([
      { v: 1, kind: 'log', level: 'info', text: 'begun' }, { v: 1, kind: 'log', level: 'warn', text: 'odd' },
      { v: 1, kind: 'progress', progress: 10 }, { v: 1, kind: 'progress', progress: { step: 'last' } }, { v: 1, kind: 'result', value: 'y'.repeat(2_000) },
    ]);
    reports.unsubscribe();
  });

  it('sends flow reports, and monitor words with the answer', async () => {
    const flows: unknown[] = [];
    const subscription = stage.nats.subscribe('natsjob.job.sub-result-flow', { callback: (_error, message) => void flows.push(message.json()) });
    const { job, worker } = await one((_run, { report, monitor }) => {
      report({ sceneId: '2', sceneName: 'load', status: 'half', startAt: 1_790_000_000_000, endAt: new Date(1_790_000_000_500) });
      monitor('mail', 'to me');
    });
    const sent = await stage.send(job);
    expect(await stage.ends(sent)).toEqual([{ status: 'success', clientId: worker.id, monitorStatus: 'mail', monitorPayload: 'to me' }]);
    expect(flows).toEqual([{ taskId: sent.taskId, namespace: 'app', appName: 'shop', jobName: job, clientId: worker.id, sceneId: '2', sceneName: 'load', status: 'half', startAt: '1790000000000', endAt: '1790000000500' }]);
    subscription.unsubscribe();
  });

  it('takes what is sent to it by name, and what is not in the stream', async () => {
    const seen: string[] = [];
    const { job, worker } = await one((run) => void seen.push(run.model));
    const named = await stage.send(job, { model: 'ultra', action: 'client-start', tail: worker.id });
    expect(await stage.ends(named)).toHaveLength(1);
    await stage.send(job, { model: 'lite' });
    await stage.send(job, { model: 'plus' });
    await until(() => seen.length === 3);
    expect(seen.toSorted()).toEqual(['lite', 'plus', 'ultra']);
  });

  it('does a run once whose message comes twice', async () => {
    let done = 0;
    const { job, worker } = await one(() => void done++);
    const first = await stage.send(job);
    await stage.ends(first);
    await stage.send(job, { taskId: first.taskId });
    const last = await stage.send(job);
    await stage.ends(last);
    expect(done).toBe(2);
    // The stream shows an answer before the worker hears that it is stored.
    await until(() => worker.state().unanswered === 0);
  });

  it('lets what it cannot read alone', async () => {
    const { job, worker } = await one(() => {});
    for (const text of ['', '{', '[]', '{"taskId":7}', `{"taskId":"1","jobEndKvKey":"a b\\r\\nPUB x 0"}`]) await stage.ask(`natsjob.job.start.app.shop.${job}`, text);
    await stage.ends(await stage.send(job));
    expect(worker.state()).toMatchObject({ bad: 4, done: 2 });
    await until(() => worker.state().unanswered === 0);
  });

  it('stops when the runs it has are done, and takes no more', async () => {
    const begun = gate();
    const goOn = gate();
    const { job, worker } = await one(async () => {
      begun.open();
      await goOn.promise;
    });
    const sent = await stage.send(job);
    await begun.promise;
    const stopped = worker.stop();
    expect(worker.stop()).toBe(stopped);
    goOn.open();
    await stopped;
    expect(await stage.ends(sent)).toMatchObject([{ status: 'success' }]);
    // A stop does not wait for more than a second until its last beat is stored.
    await expect.poll(() => stage.beat(worker.id), { timeout: 60_000 }).toMatchObject({ weight: 0, capacity: 0 });
    expect(worker.state()).toMatchObject({ state: 'stopped', running: 0, unanswered: 0, isConnected: false });
  });

  it('aborts at the end of its grace what is not done', async () => {
    const begun = gate();
    const reason = gate<unknown>();
    const { job, worker } = await one(async (_run, { signal }) => {
      begun.open();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reason.open(signal.reason);
      signal.throwIfAborted();
    });
    const sent = await stage.send(job);
    await begun.promise;
    await worker.stop({ graceMs: 10 });
    expect(await reason.promise).toBeInstanceOf(WorkerStoppingError);
    if (delivery === 'core') {
      expect(await stage.ends(sent)).toMatchObject([{ status: 'fail', reason: 'WorkerStoppingError: The worker stops.' }]);
      return;
    }
    const other = workerOf();
    await other.handle(job, ({ deliveries }) => deliveries, { delivery }).start();
    expect(await stage.ends(sent)).toMatchObject([{ status: 'success', reason: '2', clientId: other.id }]);
  });
});
