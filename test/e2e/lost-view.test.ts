import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { PATIENT_MS } from '../support/nats-server.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import type { TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { startTestWorker } from '../support/worker.ts';

/** Long enough for a worker's answer on a machine that stands still for a while. */
const TIMEOUT_MS = 15_000;

describe.skipIf(!(await canStartProgram()))('a database that is lost', () => {
  test('comes back from the log, and runs whose answers are gone end without being tried again', async () => {
    await using program = await startProgram();
    await using worker = await startTestWorker(program.natsUrl);
    expect((await program.api.post('/namespaces/app/apps', { name: 'biz' })).status).toBe(201);
    const retry = { attempts: 3, delayMs: 0 };
    expect((await program.api.post('/jobs', { app: 'biz', name: 'kept', timeoutMs: TIMEOUT_MS, retry })).status).toBe(201);
    const ran = [await runAndAnswer(program, worker), await runAndAnswer(program, worker)];

    await dropAnswers(program);
    expect(await program.stop()).toBe(0);
    for (const file of readdirSync(program.dataDir)) if (file.startsWith('natsjob.sqlite')) rmSync(path.join(program.dataDir, file));
    await program.restart();

    const { items } = await until(async () => {
      const { body } = await program.api.get('/runs');
      return body.items.length >= ran.length && body.items.every(({ endedAt }: { endedAt: string | null }) => endedAt !== null) && body;
    }, { what: 'the view to be made again, and the runs in it to end' });
    expect((await program.api.get('/overview')).body.running).toBe(0);
    expect(items.map(({ taskId }: { taskId: string }) => taskId).toSorted()).toEqual(ran.toSorted());
    for (const run of items) expect(run).toMatchObject({ state: 'expired', retryTaskId: null, reason: 'its answer, if there was one, is no longer in the log' });
    expect(program.output()).toMatch(/no longer|does not reach back to the answers/);
    expect((await program.api.get('/jobs/app.biz.kept')).body).toMatchObject({ name: 'kept', retry: { attempts: 3 } });
  });
});

async function runAndAnswer(program: TestProgram, worker: Awaited<ReturnType<typeof startTestWorker>>): Promise<string> {
  const { body } = await program.api.post('/jobs/app.biz.kept/run', {});
  const message = await worker.next(({ task }) => task.taskId === body.taskId);
  await worker.answer(message, 'success');
  await until(async () => (await program.api.get(`/runs/${body.taskId}`)).body.state === 'completed', { what: 'the run to end' });
  return body.taskId as string;
}

/** What the leader does with answers ten minutes after they are in the view; waits until the runs' time is up, too. */
async function dropAnswers(program: TestProgram): Promise<void> {
  const nats = await connect({ servers: program.natsUrl });
  await (await jetstreamManager(nats, { timeout: PATIENT_MS })).streams.purge('KV_natsjob-job-results');
  await nats.close();
  const at = Date.now();
  await until(() => Date.now() - at > TIMEOUT_MS + 100, { what: 'the deadline of the runs' });
}
