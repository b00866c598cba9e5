import { describe, expect, it } from 'vitest';
import { openConnection, RunCancelledError } from '../../src-core/worker/index.ts';
import { aJob, canRun, gate, openStageForAll, stage, workerOf } from '../support/staged-workers.ts';
import { patiently } from '../support/patiently.ts';
import { until } from '../support/until.ts';

openStageForAll();

describe.skipIf(!canRun)('a worker', () => {
  it('shares runs with workers of any kind by core, and takes a broadcast whole', async () => {
    const [shared, all] = [aJob(), aJob()];
    const seen = { shared: 0, all: 0 };
    for (let n = 0; n < 2; n++) {
      await workerOf().handle(shared, () => void seen.shared++, { delivery: 'core' }).handle(all, () => void seen.all++, { broadcast: true }).start();
    }
    stage.nats.subscribe(`natsjob.job.start.app.shop.${shared}`, { queue: 'shop', callback: () => void seen.shared++ });
    await stage.nats.flush();
    for (let n = 0; n < 20; n++) await stage.send(shared);
    for (let n = 0; n < 5; n++) await stage.send(all);
    await until(() => seen.shared >= 20 && seen.all >= 10);
    expect(seen).toEqual({ shared: 20, all: 10 });
  });

  it('beats with its load, its weight by a rule of its own, and its capacity', async () => {
    const job = aJob();
    let weight = 7;
    const worker = workerOf({ concurrency: 3, weight: ({ running }) => weight + running, group: 'eu', comment: 'mine', ip: '10.0.0.5' });
    await worker.handle(job, () => {}).start();
    const beat = await until(async () => {
      const found = await stage.beat(worker.id);
      return found?.['capacity'] === 3 && found;
    });
    expect(beat).toMatchObject({ id: worker.id, namespace: 'app', appName: 'shop', weight: 7, group: 'eu', comment: 'mine', ip: '10.0.0.5' });
    for (const name of ['machineCpuUsage', 'machineMemoryUsage', 'processCpuUsage']) expect(beat[name]).toMatch(/^\d+(\.\d)?%$/);
    expect(beat['processMemoryRss']).toMatch(/^\d+ MB$/);
    weight = 0;
    await until(async () => (await stage.beat(worker.id))?.['weight'] === 0);
    expect(await stage.beat(worker.id)).toMatchObject({ capacity: 0 });
  });

  it('hands on what it holds and has not begun', async () => {
    const job = aJob();
    const goOn = gate();
    const begun = gate();
    const first = workerOf({ concurrency: 1 });
    await first.handle(job, async () => {
      begun.open();
      await goOn.promise;
    }, { concurrency: 5 }).start();
    const sent = [];
    for (let n = 0; n < 4; n++) sent.push(await stage.send(job));
    await begun.promise;
    const second = workerOf({ concurrency: 4 });
    await second.handle(job, () => {}).start();
    const stopped = first.stop({ graceMs: 120_000 });
    await Promise.all(sent.slice(1).map((each) => stage.ends(each)));
    goOn.open();
    await stopped;
    const ends = (await Promise.all(sent.map((each) => stage.ends(each)))).flat();
    expect(ends.map(({ clientId }) => clientId)).toEqual([first.id, second.id, second.id, second.id]);
  });

  it('does runs again that a worker took with it when it died, but not those it had answered', async () => {
    const job = aJob();
    const dying = await openConnection({ url: stage.url });
    const first = workerOf({ connection: dying, concurrency: 2 });
    const held = gate();
    // Longer than this process may stand still: the second one, which waits a second, is to be given the run, and it alone.
    await first.handle(job, (run) => (run.args === 'hold' ? held.promise : undefined), { ackWaitMs: 60_000 }).start();
    const lost = await stage.send(job, { args: 'hold' });
    await until(() => first.state().running === 1);
    await dying.close();
    const seen: [string, number][] = [];
    const second = workerOf();
    await second.handle(job, (run) => void seen.push([run.taskId, run.deliveries]), { ackWaitMs: 1_000 }).start();
    expect(await stage.ends(lost)).toMatchObject([{ status: 'success', clientId: second.id }]);
    expect(seen).toEqual([[lost.taskId, 2]]);
    held.open();
  });

  it('lets handlers lock what they share, and releases what they did not', async () => {
    const job = aJob();
    const goOn = gate();
    const waiting = gate();
    const seen: string[] = [];
    await workerOf({ concurrency: 2 }).handle(job, async (run, { lock, status }) => {
      if (run.args === 'first') {
        const held = await lock.acquire(`of ${job}`, { wait: '60s' });
        waiting.open();
        await goOn.promise;
        seen.push(`first ${held.isHeld}`);
        await patiently(() => status.set(job, 'seen'));
        throw new Error('without a release');
      }
      await lock.hold(`of ${job}`, { wait: '60s' }, () => seen.push('second'));
      return patiently(() => status.get(job));
    }).start();
    const first = await stage.send(job, { args: 'first' });
    await waiting.promise;
    const second = await stage.send(job);
    goOn.open();
    expect(await stage.ends(first)).toMatchObject([{ status: 'fail', reason: 'Error: without a release' }]);
    expect(await stage.ends(second)).toMatchObject([{ status: 'success', reason: '"seen"' }]);
    expect(seen).toEqual(['first true', 'second']);
  });

  it('ends the waiting for a lock when the run is cancelled', async () => {
    const job = aJob();
    const begun = gate();
    const reason = gate<unknown>();
    const worker = workerOf({ concurrency: 2 });
    await worker.handle(job, async (run, { lock, signal }) => {
      if (run.args === 'first') {
        await lock.acquire(job, { wait: '60s' });
        begun.open();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      } else await lock.acquire(job, { wait: 60_000 }).catch(reason.open);
    }).start();
    const first = await stage.send(job, { args: 'first' });
    await begun.promise;
    const second = await stage.send(job);
    await until(() => worker.state().running === 2);
    stage.cancel(job, second.taskId);
    expect(await reason.promise).toBeInstanceOf(RunCancelledError);
    stage.cancel(job, first.taskId);
    await until(() => worker.state().running === 0);
  });

  it('keeps how far a run has come for its next attempt, until it has ended well', async () => {
    const job = aJob();
    const seen: unknown[] = [];
    const worker = workerOf();
    await worker.handle(job, async (run, { checkpoint }) => {
      seen.push(await patiently(() => checkpoint.get()));
      await patiently(() => checkpoint.set({ page: run.attempt }));
      if (run.attempt < 3) throw new Error('not yet');
    }).start();
    const first = await stage.send(job);
    expect(await stage.ends(first)).toMatchObject([{ status: 'fail' }]);
    for (const attempt of [2, 3, 4]) {
      await stage.ends(await stage.send(job, { fields: { attempt, rootTaskId: first.taskId } }));
      // The stream shows an answer before the worker hears that it is stored, and asks for the checkpoint to be removed.
      await until(() => worker.state().unanswered === 0);
    }
    expect(seen).toEqual([undefined, { page: 1 }, { page: 2 }, undefined]);
  });

  it('does not let a busy handler keep the runs of another one out', async () => {
    const [busy, other] = [aJob(), aJob()];
    const order: string[] = [];
    const goOn: (() => void)[] = [];
    const worker = workerOf({ concurrency: 2 });
    await worker.handle(busy, async () => {
      order.push('busy');
      await new Promise<void>((resolve) => goOn.push(resolve));
    }).handle(other, () => void order.push('other')).start();
    for (let n = 0; n < 20; n++) await stage.send(busy);
    await until(() => worker.state().running === 2);
    const late = await stage.send(other);
    // The stream has it before the worker does, and only what waits here can have the place that becomes free.
    await until(() => worker.state().waiting === 1);
    goOn.shift()!();
    await stage.ends(late);
    expect(order.filter((name) => name === 'busy').length).toBeLessThanOrEqual(4);
    expect(worker.state().waiting).toBeLessThanOrEqual(2);
    await until(() => {
      for (const open of goOn.splice(0)) open();
      return worker.state().done === 21;
    });
  });

  it('does what was sent before it was there for the first time, but nothing that was done, is over, or leaves no trace', async () => {
    const job = aJob();
    const sent = await stage.send(job, { args: 'sent' });
    const done = await stage.send(job, { args: 'done' });
    await stage.ask(`$KV.natsjob-job-results.${done.endKey}`, '{"status":"success"}');
    await stage.send(job, { args: 'over', timeMs: 0 });
    await stage.send(job, { args: 'plus', model: 'plus' });
    const seen: string[] = [];
    const handler = (run: { args: string }): void => void seen.push(run.args);
    await workerOf().handle(job, handler, { ackWaitMs: 20_000 }).start();
    await stage.ends(sent);
    // One that joins, and wants another time to wait: the consumer begins where it began.
    await workerOf().handle(job, handler, { ackWaitMs: 30_000 }).start();
    const late = await stage.send(job, { args: 'late' });
    await stage.send(job, { args: 'late plus', model: 'plus' });
    await stage.ends(late);
    await until(() => seen.length >= 3);
    expect(seen.toSorted()).toEqual(['late', 'late plus', 'sent']);
    const info = async (): Promise<{ config: { ack_wait: number }; num_ack_pending: number }> => (await stage.ask(`$JS.API.CONSUMER.INFO.natsjob.w=app=shop=${job}`)).json();
    // The start of the second one ends when its first try has failed, too.
    await expect.poll(info, { timeout: 60_000 }).toMatchObject({ num_ack_pending: 0, config: { ack_wait: 30e9 } });
  });

  it('gives a run up that is handed out too often, and keeps it for people', async () => {
    const job = aJob();
    const sent = await (async () => {
      const dying = await openConnection({ url: stage.url });
      const first = workerOf({ connection: dying });
      await first.handle(job, () => new Promise(() => {}), { ackWaitMs: 60_000, maxDeliveries: 1 }).start();
      const run = await stage.send(job, { args: 'kills' });
      await until(() => first.state().running === 1);
      await dying.close();
      return run;
    })();
    const worker = workerOf();
    await worker.handle(job, () => {}, { ackWaitMs: 1_000, maxDeliveries: 1 }).start();
    expect(await stage.ends(sent)).toEqual([{ status: 'fail', reason: 'dead letter: delivered 1 times', clientId: worker.id, noRetry: true }]);
    const { message } = (await stage.ask('$JS.API.STREAM.MSG.GET.natsjob-dead-letters', JSON.stringify({ last_by_subj: `natsjob-dead.run.app.shop.${job}.${sent.taskId}` }))).json<{ message: { data: string } }>();
    expect(JSON.parse(Buffer.from(message.data, 'base64').toString())).toMatchObject({ v: 1, subject: sent.subject, key: sent.taskId, error: 'dead letter: delivered 1 times', deliveries: 1, payload: expect.stringContaining('kills') as string });
  });
});
