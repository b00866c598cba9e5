import { jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { startNatsServer } from '../support/nats-server.ts';
import { connectForEver } from '../support/plain-worker.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import type { TestProgram } from '../support/program.ts';
import { sparePort } from '../support/spare-port.ts';
import { until } from '../support/until.ts';
import { expectWhole, missingFires, openLoad, twiceIn } from './outage-load.ts';

describe.skipIf(!(await canStartProgram()))('NATS', () => {
  test('may be absent at the start: HTTP answers and says what is missing, and all begins when it comes', async () => {
    const port = await sparePort();
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: `nats://127.0.0.1:${port}` }, untilReady: false });
    const answer = await untilNotReady(program, 'NATS is not connected');
    expect(answer).toMatchObject({ status: 'not-ready' });
    expect((await program.api.get('//healthz')).status).toBe(200);
    expect((await program.api.get('/jobs')).status).toBe(200);
    expect((await program.api.post('/namespaces', { name: 'later' })).status).toBe(503);
    await using nats = await startNatsServer({ port });
    expect(nats.url).toBe(program.natsUrl);
    await program.untilReady();
    await using load = await openLoad(program);
    expect(missingFires(await load.finish())).toEqual([]);
  });

  test('is started again within about a second when the embedded one dies', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    const pid = program.natsPid() as number;
    const killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
    await until(() => ![pid, undefined].includes(program.natsPid()), { deadlineMs: 5_000, what: 'another nats-server' });
    expect(performance.now() - killedAt).toBeLessThan(1_500);
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

  test('may come back with an empty store: definitions are seeded from the database, and runs go on', async () => {
    await using nats = await startNatsServer();
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: nats.url } });
    await using load = await openLoad(program);
    await nats.wipe();
    await load.untilRunsAgain();
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
    expect(rows.filter(({ state }) => state !== 'completed')).toEqual([]);
  });

  for (const stream of ['natsjob', 'KV_natsjob-job-results', 'KV_natsjob-definitions', 'KV_natsjob-control', 'KV_natsjob-heartbeat']) {
    test(`may lose ${stream} while running: it is made anew and runs go on`, async () => {
      await using program = await startProgram();
      await using load = await openLoad(program);
      await managing(program, (manager) => manager.streams.delete(stream));
      await managing(program, (manager) => until(() => manager.streams.info(stream).catch(() => undefined), { what: () => `${stream} to be there again\n${program.output()}` }));
      await load.untilRunsAgain();
      expectWhole(await load.finish(), load);
    });
  }

  test('may have the runs stream made anew by somebody else, with other settings', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    await managing(program, async (manager) => {
      await manager.streams.delete('natsjob');
      await manager.streams.add({ name: 'natsjob', subjects: ['natsjob.>'], duplicate_window: 1_000_000_000, max_age: 3_600_000_000_000 });
    });
    await until(() => linesWith(program, 'duplicate window').length > 0, { what: () => `the settings to be put right\n${program.output()}` });
    await load.untilRunsAgain();
    expect(linesWith(program, 'duplicate window')).toHaveLength(1);
    expectWhole(await load.finish(), load);
  });
});

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
