import { describe, expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import type { Node } from '../support/cluster.ts';
import { create, untilAvailable } from '../support/create.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { startTestWorker, type SeenMessage } from '../support/worker.ts';
import { APP, NAMESPACE, readRows } from './outage-load.ts';

const MESSAGES = 10;
const RUNS_A_MESSAGE = 100;
const START = `natsjob.job.start.${NAMESPACE}.${APP}.asked`;
const SUBJECT = `natsjob.run.asked.${NAMESPACE}.${APP}.asked`;

/** As the protocol says it, not as the code does. */
const idOf = (at: number, sequence: number, index: number): string =>
  (((BigInt(at + index) - 1_577_836_800_000n) << 22n) | (1n << 21n) | (2_031_616n + (BigInt(sequence) % 65_536n))).toString();

describe.skipIf(!(await canStartProgram()))('runs asked for by message', () => {
  test('are each sent once and have one history when the leader is killed between asking and sending', async () => {
    await using cluster = await startCluster();
    const first = await cluster.leader();
    const second = cluster.nodes.find((node) => node !== first) as Node;
    await using worker = await startTestWorker(cluster.nats.url);
    await create(first.api, '/namespaces', { name: NAMESPACE });
    await create(first.api, `/namespaces/${NAMESPACE}/apps`, { name: APP });
    await create(first.api, '/jobs', { namespace: NAMESPACE, app: APP, name: 'asked', maxRunning: 0, overlap: 'queue', queueLimit: 100_000, timeoutMs: 3_600_000 });
    const { body: job } = await untilAvailable(() => first.api.get('/jobs/outage.load.asked'));
    await until(async () => (await second.api.get('/jobs/outage.load.asked')).status === 200, { what: 'the standby to know the job' });
    const beat = (): Promise<void> => worker.beat({ id: 'w1', namespace: NAMESPACE, appName: APP, capacity: 4 });
    await beat();
    const beating = setInterval(() => void beat().catch(() => undefined), 4_000);
    onTestFinished(() => clearInterval(beating));

    const wanted: string[] = [];
    for (let message = 0; message < MESSAGES; message++) {
      const at = Date.now();
      const sequence = await worker.publish(SUBJECT, { v: 1, at, job: Number(job.id), runs: Array.from({ length: RUNS_A_MESSAGE }, (_, index) => ({ args: `${message}.${index}` })) });
      for (let index = 0; index < RUNS_A_MESSAGE; index++) wanted.push(idOf(at, sequence, index));
    }
    const starts = (): SeenMessage[] => worker.seen(START);
    let answered = 0;
    const answerAll = async (): Promise<void> => {
      const more = starts().slice(answered);
      answered += more.length;
      await Promise.all(more.map((message) => worker.answer(message, 'success')));
    };
    await until(async () => (await answerAll(), answered > 100), { what: 'some to be done' });
    await first.kill('SIGKILL');
    await until(async () => (await answerAll(), answered >= wanted.length), { deadlineMs: 240_000, what: () => `all to be done; ${answered} are` });
    expect(starts().map(({ task }) => task.taskId).toSorted()).toEqual(wanted.toSorted());
    await first.restart();
    const rows = await until(async () => {
      const [ours, theirs] = [await readRows(second), await readRows(first)];
      return ours.length === wanted.length && ours.every(({ state }) => state === 'completed') && JSON.stringify(ours) === JSON.stringify(theirs) && ours;
    }, { what: 'both nodes to have the same history' });
    expect(rows.map(({ taskId }) => taskId).toSorted()).toEqual(wanted.toSorted());
  });
});
