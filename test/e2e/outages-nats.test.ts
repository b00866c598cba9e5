import { jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { startNatsServer } from '../support/nats-server.ts';
import { connectForEver } from '../support/plain-worker.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import type { TestProgram } from '../support/program.ts';
import { sparePort } from '../support/spare-port.ts';
import { until } from '../support/until.ts';
import { APP, expectWhole, missingFires, NAMESPACE, openLoad, twiceIn } from './outage-load.ts';

const AWAY_S = Number(process.env['NATSJOB_TEST_OUTAGE_S'] ?? 1);

describe.skipIf(!(await canStartProgram()))('NATS', () => {
  test('may be absent at the start: HTTP answers and says what is missing, and all begins when it comes', async () => {
    const port = await sparePort();
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: `nats://127.0.0.1:${port}` }, untilReady: false });
    // HTTP answers before the database is read; what is asked for below is there only after.
    const answer = await untilNotReady(program, 'the log is not read yet');
    expect(answer).toMatchObject({ status: 'not-ready', problems: expect.arrayContaining(['NATS is not connected']) as unknown });
    expect((await program.api.get('//healthz')).status).toBe(200);
    expect((await program.api.get('/jobs')).status).toBe(200);
    expect((await program.api.post('/namespaces', { name: 'later' })).status).toBe(503);
    await using nats = await startNatsServer({ port });
    expect(nats.url).toBe(program.natsUrl);
    await program.untilReady();
    await using load = await openLoad(program);
    expect(missingFires(await load.finish())).toEqual([]);
  });

  test('is started again after 200 ms when the embedded one dies', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    const pid = program.natsPid() as number;
    process.kill(pid, 'SIGKILL');
    await until(() => ![pid, undefined].includes(program.natsPid()), { what: 'another nats-server' });
    // Said before, and read whenever this process comes to it.
    await until(() => linesWith(program, 'starting it again').length > 0, { what: () => `the line of the restart\n${program.output()}` });
    // How long the machine takes for it is the machine's.
    const [line = '{}', ...more] = linesWith(program, 'starting it again');
    expect(JSON.parse(line)).toMatchObject({ inMs: 200 });
    expect(more).toEqual([]);
    await load.untilRunsAgain();
    expectWhole(await load.finish());
  });

  test('may go for longer than a lease: what was due meanwhile is made up for when it is back', async () => {
    await using nats = await startNatsServer();
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: nats.url } });
    await using load = await openLoad(program);
    await nats.stop('SIGKILL');
    await untilNotReady(program, 'NATS is not connected');
    const from = Date.now();
    await until(() => Date.now() > from + 7_000, { what: 'the outage' });
    await nats.restart();
    await program.untilReady();
    await load.untilRunsAgain();
    expectWhole(await load.finish());
  });

  // By hand with 60 or 600: the figures of the longer outages in docs/cluster.md.
  test(`may go for ${AWAY_S} s under load: nothing is lost or seen twice, and memory stays as it was`, async () => {
    await using nats = await startNatsServer();
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: nats.url } });
    await using load = await openLoad(program, nats.url, { misfire: { policy: 'all', max: 1_000, windowMs: 3_600_000 } });
    const before = residentMiB(program.pid);
    const dueBefore = load.witness.count;
    await nats.stop('SIGKILL');
    const from = Date.now();
    let during = 0;
    await until(() => {
      during = Math.max(during, residentMiB(program.pid));
      return Date.now() > from + AWAY_S * 1_000;
    }, { deadlineMs: AWAY_S * 1_000 + 60_000, what: 'the outage' });
    await nats.restart();
    const back = Date.now();
    await program.untilReady();
    await until(() => load.witness.count >= dueBefore + 10 * AWAY_S, { what: () => `the fires to be made up for\n${program.output()}` });
    const caughtUpMs = Date.now() - back;
    await load.untilRunsAgain();
    const rows = await load.finish();
    expectWhole(rows);
    // What NATS had shown and not stored when it was killed is shown again.
    expect(load.seenTwice().length).toBeLessThanOrEqual(10);
    const after = residentMiB(program.pid);
    console.info(`outage: ${JSON.stringify({ awayS: AWAY_S, rows: rows.length, twice: load.seenTwice().length, caughtUpMs, beforeMiB: before, duringMiB: during, afterMiB: after })}`);
    expect(during).toBeLessThan(before + 60);
  }, 180_000 + AWAY_S * 1_000);

  test('may come back with an empty store: definitions are seeded from the database, and runs go on', async () => {
    await using nats = await startNatsServer();
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: nats.url } });
    await using load = await openLoad(program);
    await load.whileLost(async () => {
      await nats.wipe();
      await load.untilRunsAgain();
    });
    expect(linesWith(program, 'the log is new or behind the view')).toHaveLength(1);
    expect(linesWith(program, '"level":"error"')).toEqual([]);
    expectWhole(await load.finish(), load);
  });

  test('may have lost its store between a stop and a start', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    await program.stop();
    rmSync(path.join(program.dataDir, 'nats', 'jetstream'), { recursive: true });
    await program.restart();
    await load.untilRunsAgain();
    expect(linesWith(program, 'the log is new or behind the view')).toHaveLength(1);
    const rows = await load.finish();
    expect(twiceIn(rows)).toEqual([]);
    expect(load.seenTwice()).toEqual([]);
    // What was answered at the last moment may be lost with the store; then it says so.
    expect(rows.filter(({ state, reason }) => state !== 'completed' && !(state === 'expired' && reason.includes('no longer in the log')))).toEqual([]);
  });

  for (const stream of ['natsjob', 'KV_natsjob-job-results', 'KV_natsjob-definitions', 'KV_natsjob-control', 'KV_natsjob-heartbeat', 'natsjob-reports']) {
    test(`may lose ${stream} while running: it is made anew and runs go on`, async () => {
      await using program = await startProgram();
      await using load = await openLoad(program);
      const asked = await openAsked(program);
      // On a machine that stands still some of them are sent before the stream is lost.
      await asked.ask(20, { delayMs: 5_000 });
      await asked.untilThere(20, 'delayed,waiting,active,completed');
      const lose = async (): Promise<void> => {
        await managing(program, (manager) => manager.streams.delete(stream));
        await managing(program, (manager) => until(() => manager.streams.info(stream).catch(() => undefined), { what: () => `${stream} to be there again\n${program.output()}` }));
      };
      await (stream === 'natsjob' ? load.whileLost(lose) : lose());
      await load.untilRunsAgain();
      await asked.ask(20, {});
      const [first = ''] = await asked.untilThere(40, 'completed');
      await asked.untilReported(first);
      expectWhole(await load.finish(), load);
    });
  }

  test('may have the runs stream made anew by somebody else, with other settings', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    await load.whileLost(() => managing(program, (manager) => until(async () => {
      await manager.streams.delete('natsjob').catch(() => undefined);
      // The scheduler may be faster, and then its stream is there.
      return manager.streams.add({ name: 'natsjob', subjects: ['natsjob.>'], duplicate_window: 1_000_000_000, max_age: 3_600_000_000_000 }).catch(() => false);
    }, { what: 'the stream to be ours' })));
    await until(() => linesWith(program, 'duplicate window').length > 0, { what: () => `the settings to be put right\n${program.output()}` });
    await load.untilRunsAgain();
    expect(linesWith(program, 'duplicate window')).toHaveLength(1);
    expectWhole(await load.finish(), load);
  });
});

/** A job of the load's app whose runs are asked for by message. */
async function openAsked(program: TestProgram) {
  const { status } = await program.api.post('/jobs', { namespace: NAMESPACE, app: APP, name: 'asked', maxRunning: 5, overlap: 'queue', timeoutMs: 20_000 });
  expect(status).toBe(201);
  const publish = (subject: string, body: object) => managing(program, async (manager) => manager.jetstream().publish(subject, JSON.stringify({ v: 1, at: Date.now(), ...body })));
  return {
    ask: (count: number, options: object) => publish(`natsjob.run.asked.${NAMESPACE}.${APP}.asked`, { runs: Array.from({ length: count }, () => options) }),
    untilThere: (count: number, state: string): Promise<string[]> => until(async () => {
      const { body } = await program.api.get(`/runs?job=${NAMESPACE}.${APP}.asked&limit=200&state=${state}`);
      return body.items.length === count && body.items.map(({ taskId }: { taskId: string }) => taskId);
    }, { what: () => `${count} ${state}\n${program.output()}` }),
    async untilReported(taskId: string): Promise<void> {
      await publish(`natsjob-report.${NAMESPACE}.${APP}.asked.${taskId}`, { kind: 'log', level: 'info', text: 'a line' });
      await until(async () => (await program.api.get(`/runs/${taskId}/reports`)).body.items.length === 1, { what: () => `the report\n${program.output()}` });
    },
  };
}

/** Memory of a process that is in use; Linux only, elsewhere 0. */
function residentMiB(pid: number): number {
  if (process.platform !== 'linux') return 0;
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
}

function linesWith(program: TestProgram, text: string): string[] {
  return program.output().split('\n').filter((line) => line.includes(text));
}

async function untilNotReady(program: TestProgram, problem: string): Promise<unknown> {
  return until(async () => {
    try {
      const { status, body } = await program.api.get('//readyz');
      return status === 503 && JSON.stringify(body).includes(problem) && (body as object);
    } catch {
      return undefined;
    }
  }, { what: () => `/readyz to say "${problem}"\n${program.output()}` });
}

async function managing<T>(program: TestProgram, work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const nc = await connectForEver(program.natsUrl, 'manager');
  try {
    return await work(await jetstreamManager(nc));
  } finally {
    await nc.close();
  }
}
