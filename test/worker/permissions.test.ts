import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createWorker, openConnection } from '../../src-core/worker/index.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { openStage } from '../support/worker-stage.ts';
import { patiently } from '../support/patiently.ts';
import { until } from '../support/until.ts';

/** The block in docs/worker/worker.md that people copy. */
const PERMISSIONS = /```\n(permissions: \{[\s\S]+?\n\})\n```/.exec(readFileSync(new URL('../../docs/worker/worker.md', import.meta.url), 'utf8'))?.[1] ?? '';
const CONFIG = `authorization { users: [ { user: stage, password: s }, { user: worker, password: w, ${PERMISSIONS} } ] }`;

describe.skipIf((await natsServerPath()) === undefined)('a worker with the permissions that docs/worker/worker.md names', () => {
  it('can do all that a worker does', async () => {
    expect(PERMISSIONS).toContain('publish');
    await using stage = await openStage({ config: CONFIG, login: { user: 'stage', pass: 's' } });
    const url = stage.url.replace('nats://', 'nats://worker:w@');
    const told: string[] = [];
    stage.nats.subscribe('natsjob-report.app.shop.all.*', { callback: (_error, message) => void told.push(message.json<{ kind: string }>().kind) });
    const flows: unknown[] = [];
    stage.nats.subscribe('natsjob.job.sub-result-flow', { callback: (_error, message) => void flows.push(message.json()) });
    const steps: string[] = [];
    {
      await using worker = await createWorker({ url, app: 'shop', group: 'eu' })
        .handle('all', async (_run, { log, progress, report, lock, checkpoint, status }) => {
          log('a line');
          progress(50);
          report({ sceneId: '1' });
          await lock.hold('a lock', { wait: '60s' }, () => patiently(() => checkpoint.set({ page: 1 })));
          await patiently(() => status.set('a status', 'well'));
          return [await patiently(() => checkpoint.get()), await patiently(() => status.get('a status'))];
        })
        .handle('map', (run, { next }) => {
          steps.push(`${run.model} ${run.step} ${run.nextPayload}`);
          return run.step === 1 ? next(1) : undefined;
        }).start();
      expect(await stage.ends(await stage.send('all'))).toMatchObject([{ status: 'success', reason: '[{"page":1},"well"]' }]);
      for (const model of ['plus', 'lite']) await stage.send('map', { category: 'map', model, action: 'pre-start' });
      const first = await stage.send('map', { category: 'map', action: 'pre-start' });
      await stage.ends(first);
      await stage.ends(await stage.send('map', { category: 'map', taskId: first.taskId }));
      for (const [action, tail] of [['client-start', worker.id], ['group-start', 'eu']] as const) await stage.ends(await stage.send('all', { action, tail }));
      await until(() => steps.length === 6 && told.length >= 2 && flows.length >= 1);
      expect(steps.toSorted()).toEqual(['lite 1 ', 'lite 2 1', 'max 1 ', 'max 2 1', 'plus 1 ', 'plus 2 1']);
      expect(await stage.beat(worker.id)).toMatchObject({ weight: 100, capacity: 1 });
    }
    const dying = await openConnection({ url });
    const killed = createWorker({ connection: dying, app: 'shop' }).handle('dead', () => new Promise(() => {}), { ackWaitMs: 60_000, maxDeliveries: 1 });
    // Longer than this process may stand still: the other one, which waits a second, is to be given the run, and it alone.
    await killed.start();
    const sent = await stage.send('dead');
    await until(() => killed.state().running === 1);
    await dying.close();
    // Another time to wait: the consumer is changed.
    await using last = await createWorker({ url, app: 'shop' }).handle('dead', () => {}, { ackWaitMs: 1_500, maxDeliveries: 1 }).start();
    // The start ends when the first try has failed, too.
    await expect.poll(async () => (await stage.ask('$JS.API.CONSUMER.INFO.natsjob.w=app=shop=dead')).json(), { timeout: 60_000 }).toMatchObject({ config: { ack_wait: 1.5e9 } });
    expect(await stage.ends(sent)).toMatchObject([{ status: 'fail', clientId: last.id, noRetry: true }]);
    expect(await stage.ask('$JS.API.STREAM.INFO.natsjob-dead-letters').then((answer) => answer.json<{ state: { messages: number } }>().state.messages)).toBe(1);
    await killed.stop({ graceMs: 0, abortMs: 0 });
    expect(stage.server.log).not.toMatch(/(publish|subscription|permissions?) violation/i);
  });
});
