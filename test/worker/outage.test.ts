import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { createWorker } from '../../src-core/worker/index.ts';
import type { Worker } from '../../src-core/worker/index.ts';
import { natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { openStage } from '../support/worker-stage.ts';
import { until } from '../support/until.ts';

const canRun = (await natsServerPath()) !== undefined;
const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0, abortMs: 0 })));
});

describe.skipIf(!canRun)('a worker whose NATS goes away', () => {
  it('answers every run once NATS is back, those too that were done meanwhile', async () => {
    await using stage = await openStage();
    const goOn: (() => void)[] = [];
    const worker = createWorker({ url: stage.url, app: 'shop', concurrency: 8 });
    workers.push(worker);
    const counts = new Map<string, number>();
    await worker.handle('report', async (run) => {
      counts.set(run.taskId, (counts.get(run.taskId) ?? 0) + 1);
      if (run.args === 'hold') await new Promise<void>((resolve) => goOn.push(resolve));
    }, { ackWaitMs: 60_000 }).start();
    const sent = [];
    for (let n = 0; n < 40; n++) sent.push(await stage.send('report', { args: n % 5 === 0 ? 'hold' : '' }));
    // What is stored and not acknowledged when the server is killed would be stored once more.
    await until(() => goOn.length === 8 && worker.state().unanswered === 0);
    await stage.server.stop('SIGKILL');
    await until(() => !worker.state().isConnected);
    for (const open of goOn) open();
    await stage.server.restart();
    for (const each of sent) expect(await stage.ends(each)).toMatchObject([{ status: 'success' }]);
    expect([...counts.values()].every((count) => count === 1)).toBe(true);
    await until(() => worker.state().isReady && worker.state().unanswered === 0);
    expect(await stage.ends(await stage.send('report'))).toHaveLength(1);
  });

  it('begins when NATS, and then the stream, is there', async () => {
    const early = await startNatsServer();
    const { port } = early;
    await early[Symbol.asyncDispose]();
    const worker = createWorker({ url: `nats://127.0.0.1:${port}`, app: 'shop' });
    workers.push(worker);
    await worker.handle('report', () => 'late').start();
    expect(worker.state()).toMatchObject({ isConnected: false, isReady: false });
    await using server = await startNatsServer({ port });
    await until(() => worker.state().isConnected);
    expect(worker.state().isReady).toBe(false);
    const nats = await connect({ servers: server.url });
    await nats.request('$JS.API.STREAM.CREATE.natsjob', JSON.stringify({ name: 'natsjob', subjects: ['natsjob.>'], storage: 'memory', retention: 'limits' }), { timeout: 30_000 });
    await until(() => worker.state().isReady);
    await nats.close();
  });

  it('takes a client of the program\'s own, which reconnects by itself, and leaves it open', async () => {
    await using stage = await openStage();
    const client = await connect({ servers: stage.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const worker = createWorker({ connection: client, app: 'shop' });
    await worker.handle('report', () => 'mine').start();
    expect(await stage.ends(await stage.send('report'))).toMatchObject([{ status: 'success', reason: '"mine"' }]);
    await stage.server.restart();
    await until(() => worker.state().isReady);
    expect(await stage.ends(await stage.send('report'))).toMatchObject([{ status: 'success' }]);
    await worker.stop();
    expect(client.isClosed()).toBe(false);
    await client.close();
  });
});

describe.skipIf(!canRun)('a folder of handlers', () => {
  it('gives a worker its handlers, and changes them while it runs', async () => {
    await using stage = await openStage();
    const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-handlers-'));
    const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
    write('daily-report.mjs', 'export default (run) => `first ${run.args}`;\nexport const options = { concurrency: 2 };\n');
    write('tasks.mjs', 'export const cleanUp = async () => 7;\nexport const count = 1;\n');
    write('_helpers.mjs', 'throw new Error("not to be read");\n');
    write('tasks.test.ts', 'throw new Error("not to be read");\n');
    const warnings: string[] = [];
    const log = { debug() {}, info() {}, warn: (fields: object, text: string) => warnings.push(`${text} ${JSON.stringify(fields)}`), error() {}, child: () => log };
    const worker = createWorker({ url: stage.url, app: 'shop', handlers: folder, watch: true, log });
    workers.push(worker);
    await worker.start();
    expect(worker.state().jobs.toSorted()).toEqual(['cleanUp', 'daily-report']);
    expect(await stage.ends(await stage.send('daily-report', { args: 'x' }))).toMatchObject([{ reason: '"first x"' }]);
    expect(await stage.ends(await stage.send('cleanUp'))).toMatchObject([{ reason: '7' }]);

    write('daily-report.mjs', 'export default (run) => `second ${run.args}`;\n');
    await until(async () => (await stage.ends(await stage.send('daily-report', { args: 'x' })))[0]?.reason === '"second x"');

    write('daily-report.mjs', 'export default (run) => {;\n');
    await until(() => warnings.some((text) => text.includes('daily-report.mjs')));
    expect((await stage.ends(await stage.send('daily-report', { args: 'x' })))[0]).toMatchObject({ reason: '"second x"' });

    // Two files of one name, and so two handlers of one job: neither counts, whichever was there first.
    write('daily-report.mjs', 'export default () => "of mjs";\n');
    write('daily-report.js', 'export default () => "of js";\n');
    await until(() => warnings.some((text) => text.includes('job daily-report has a handler in daily-report.js already')));
    expect((await stage.ends(await stage.send('daily-report', { args: 'x' })))[0]).toMatchObject({ reason: '"second x"' });
    rmSync(path.join(folder, 'daily-report.js'));

    write('daily-report.mjs', 'export default () => "third";\n');
    write('added.mjs', 'export default () => "added";\n');
    rmSync(path.join(folder, 'tasks.mjs'));
    await until(() => worker.state().isReady && worker.state().jobs.toSorted().join() === 'added,daily-report');
    expect(await stage.ends(await stage.send('added'))).toMatchObject([{ reason: '"added"' }]);
    expect(await stage.ends(await stage.send('daily-report'))).toMatchObject([{ reason: '"third"' }]);
    // Its runs wait in the stream until there is a handler again.
    const waiting = await stage.send('cleanUp');
    write('tasks.mjs', 'export const cleanUp = () => "is back";\n');
    expect(await stage.ends(waiting)).toMatchObject([{ reason: '"is back"' }]);
    rmSync(folder, { recursive: true });
  });
});
