import type { NatsConnection } from '@nats-io/transport-node';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { connectForEver } from '../support/plain-worker.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import { seeded, testSeed } from '../support/seeded.ts';
import { until } from '../support/until.ts';
import { APP, expectWhole, NAMESPACE, openLoad, readRows } from './outage-load.ts';

const MESSAGES = 40_000;
const HUGE = 'x'.repeat(900 * 1024);
const RESULTS = '$KV.natsjob-job-results.';
const BEATS = '$KV.natsjob-heartbeat.';

describe.skipIf(!(await canStartProgram()))('a flood of nonsense', () => {
  test('on every subject and key is counted and shown, fills no memory, and hinders no run', async () => {
    const seed = testSeed();
    console.info(`flood test: NATSJOB_TEST_SEED=${seed}`);
    await using program = await startProgram();
    // The worker answers beside the flood, from the same process.
    await using load = await openLoad(program, program.natsUrl, { timeoutMs: 60_000 });
    await using nats = await openConnection(program.natsUrl);
    // To one that is still open a made up answer is an answer.
    const ended = (await readRows(program)).filter(({ state }) => state === 'completed').map(({ taskId }) => taskId);
    const rssBefore = residentMegabytes(program.pid);

    await flood(nats.connection, seeded(seed), ended);
    await until(async () => {
      const { lag, projectionLag } = (await program.api.get('/servers')).body.items?.[0] ?? {};
      return lag === 0 && projectionLag === 0;
    }, { deadlineMs: 120_000, what: () => 'the scheduler to have read it all' });
    const rss = residentMegabytes(program.pid);
    console.info(`flood test: ${MESSAGES} messages, RSS ${rssBefore} MB before, ${rss} MB after`);

    const metrics = String((await program.api.get('//metrics')).body);
    const { oddities } = (await program.api.get('/overview')).body as { oddities: Record<string, number> };
    console.info(`flood test: ${JSON.stringify(oddities)}`);
    for (const kind of ['end-unknown-key', 'end-unknown-run', 'end-late', 'flow-unreadable', 'heartbeat-unreadable', 'subject-unknown', 'event-foreign', 'definition-unreadable', 'asked-unreadable', 'asked-unknown-job']) {
      expect(oddities[kind], kind).toBeGreaterThan(0);
      expect(metrics).toContain(`natsjob_oddities_total{kind="${kind}"}`);
    }
    expect(rss).toBeLessThan(rssBefore + 250);
    await load.untilRunsAgain();
    const rows = await load.finish();
    expectWhole(rows, load);
    expect(rows.filter(({ state }) => state !== 'completed')).toEqual([]);
    expect(program.output()).not.toContain('"level":"error"');
    expect(await program.stop()).toBe(0);
  });
});

/** Subjects, keys and texts that are wrong in all ways, in any order, some of them twice. */
async function flood(nats: NatsConnection, random: () => number, ended: readonly string[]): Promise<void> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const taskId = (): string => pick([pick(ended), String(Math.floor(random() * 1e18)), '0', '-1', '9'.repeat(19), '9'.repeat(40), 'NaN', '912260822265233486']);
  const job = (): string => pick(['job-0', 'job-1', 'nobody', '%2A', 'a=b', 'ＪＯＢ', 'x'.repeat(200)]);
  const text = (): string => pick([
    '', 'success', 'fail', 'success:next', 'expired', '{', '[]', 'null', '0', '"', '{"status":"expired"}', '{"status":"cancelled"}', '{"status":{"a":1}}', '{"status":"success","reason":5}',
    JSON.stringify({ status: 'success', reason: 'r'.repeat(5_000) }), JSON.stringify({ id: 'w', namespace: NAMESPACE, appName: APP, weight: 'many' }),
    JSON.stringify({ taskId: taskId(), namespace: NAMESPACE, appName: APP, jobName: job(), status: 'ok', startAt: 'yesterday', endAt: -5 }),
    JSON.stringify({ id: `host=10-0-0-5=${Math.floor(random() * 1e9)}`, namespace: NAMESPACE, appName: APP }), '\u0000\u0001', '{"__proto__":{"x":1}}', '{"a":'.repeat(2_000), JSON.stringify({ v: 1, at: Date.now(), runs: Array.from({ length: 256 }, () => ({})) }),
  ]);
  const subject = (): string => pick([
    `${RESULTS}natsjob.job.end.${NAMESPACE}.${APP}.${job()}.${taskId()}`, `${RESULTS}natsjob.job.pre-end.${NAMESPACE}.${APP}.${job()}.${taskId()}`,
    `${RESULTS}natsjob.job.client-end.${NAMESPACE}.${APP}.${job()}.${taskId()}.${pick(['1', '0', 'x', '99999'])}`, `${RESULTS}what.is.this`,
    `${BEATS}natsjob.heartbeat.client.${NAMESPACE}.${APP}.w${Math.floor(random() * 50)}`, `${BEATS}nonsense`, 'natsjob.job.sub-result-flow', `natsjob.job.start.${NAMESPACE}.${APP}.job-0`,
    `natsjob.job.cancel.${NAMESPACE}.${APP}.job-0.${taskId()}`, `natsjob.run.accepted.${NAMESPACE}.${APP}.job-0`, 'natsjob.run.skips', `natsjob.run.waiting.${NAMESPACE}.${APP}.job-0`,
    `natsjob.run.asked.${NAMESPACE}.${APP}.nobody`, 'natsjob', 'natsjob.unheard.of', '$KV.natsjob-definitions.rubbish', `$KV.natsjob-definitions.job.${NAMESPACE}.${APP}.rubbish`,
  ]);
  for (let sent = 0; sent < MESSAGES; sent++) {
    const [to, what] = [subject(), text()];
    // Dispatches are for workers; the witness would take rubbish there for runs.
    if (to.startsWith('natsjob.job.start')) continue;
    nats.publish(to, what);
    if (random() < 0.2) nats.publish(to, what);
    if (sent % 500 === 0) await nats.flush();
  }
  for (const to of [`${RESULTS}natsjob.job.end.${NAMESPACE}.${APP}.job-0.${pick(ended)}`, `${BEATS}natsjob.heartbeat.client.${NAMESPACE}.${APP}.huge`, 'natsjob.job.sub-result-flow', 'natsjob.run.skips']) {
    for (let times = 0; times < 5; times++) nats.publish(to, HUGE);
    await nats.flush();
  }
}

async function openConnection(url: string): Promise<{ connection: NatsConnection; [Symbol.asyncDispose](): Promise<void> }> {
  const connection = await connectForEver(url, 'flood');
  return { connection, [Symbol.asyncDispose]: () => connection.close() };
}

/** 0 where the system does not tell. */
function residentMegabytes(pid: number): number {
  try {
    const pages = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(pages ?? 0) / 1024);
  } catch {
    return 0;
  }
}
