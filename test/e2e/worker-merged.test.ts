import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { connect } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { canStartProgram } from '../support/program.ts';
import { sparePort } from '../support/spare-port.ts';
import { until } from '../support/until.ts';
import { startExample, type Example } from '../support/worker-example.ts';

const SCHEDULER = pathToFileURL(path.join(import.meta.dirname, '..', '..', 'dist', 'scheduler', 'index.mjs')).href;
const WORKER = pathToFileURL(path.join(import.meta.dirname, '..', '..', 'dist', 'worker', 'index.js')).href;

/** For what hangs. */
const LIMIT = { deadlineMs: 60_000 };

describe.skipIf(!(await canStartProgram()))('a service with its scheduler in it', () => {
  test('shares the runs with its twin, stops in order, and the twin goes on', async () => {
    await using nats = await startNatsServer();
    const at = { url: nats.url, namespace: 'app', app: 'merged' };
    const client = await connect({ servers: nats.url });
    const sent: string[] = [];
    const begun: string[] = [];
    const ends = new Map<string, string>();
    await using one = await startExample('merged.mjs', at);
    const prefix = '$KV.natsjob-job-results.natsjob.job.end.app.merged.beat.';
    // In this order: of what was sent the beginning is heard, too, and of what was begun the end.
    client.subscribe(`${prefix}*`, { callback: (_error, message) => void ends.set(message.subject.slice(prefix.length), message.json<{ status: string }>().status) });
    // Its handler says of each run that it has begun it.
    client.subscribe('natsjob-report.app.merged.beat.*', { callback: (_error, { subject }) => void begun.push(subject.slice(subject.lastIndexOf('.') + 1)) });
    client.subscribe('natsjob.job.start.app.merged.beat', { callback: (_error, message) => void sent.push(message.json<{ taskId: string }>().taskId) });
    await client.flush();
    await using two = await startExample('merged.mjs', at);
    const role = async (example: Example): Promise<string> => {
      const [, url] = /ready (\S+)/.exec(example.output()) ?? [];
      const answer = (await (await fetch(`${url}/readyz`, { headers: { connection: 'close' } })).json()) as { role?: string };
      return answer.role ?? '';
    };
    await until(async () => [await role(one), await role(two)].toSorted().join() === 'leader,standby', { ...LIMIT, what: 'one to lead' });
    await until(() => ends.size >= 2, { ...LIMIT, what: 'two runs to end' });
    expect(await one.stop()).toBe(0);
    await until(async () => (await role(two)) === 'leader', { ...LIMIT, what: 'the twin to lead' });
    const before = ends.size;
    await until(() => ends.size >= before + 2, { ...LIMIT, what: 'the twin to do runs' });
    // Nothing that the first one had is left.
    const due = [...sent];
    await until(() => due.every((taskId) => ends.get(taskId) === 'success'), { ...LIMIT, what: () => `an answer to each of ${due.join()}; there are ${[...ends.keys()].join()}` });
    expect(await two.stop()).toBe(0);
    await client.flush();
    // Whatever was begun was answered: the handlers were drained before the scheduler was stopped.
    expect(begun.length).toBeGreaterThanOrEqual(due.length);
    expect(begun.filter((taskId) => ends.get(taskId) !== 'success')).toEqual([]);
    await client.close();
  });

  test('serves queues in its own process at once, and those of others', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-merged-'));
    const text = `
      import { openScheduler } from ${JSON.stringify(SCHEDULER)};
      import { JobQueue } from ${JSON.stringify(WORKER)};
      const scheduler = await openScheduler({ dataDir: ${JSON.stringify(path.join(folder, 'data'))}, settings: { NATSJOB_NATS_PORT: '${await sparePort()}', NATSJOB_NATS_SERVER: ${JSON.stringify(await natsServerPath())} } });
      const queue = new JobQueue('own', { url: scheduler.natsUrl });
      const job = await queue.add('double', 21);
      await queue.process(({ data }) => 2 * data);
      console.log('own', await job.waitUntilFinished(), (await queue.getStatus()).state, (await queue.healthCheck()).status);
      console.log('at', scheduler.natsUrl);
      process.stdin.once('data', async () => {
        await queue.gracefulShutdown(1_000);
        await scheduler.stop();
        process.stdin.destroy();
      });`;
    writeFileSync(path.join(folder, 'program.mjs'), text);
    const child = spawn(process.execPath, [path.join(folder, 'program.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const gone = once(child, 'close');
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece));
    try {
      const url = await until(() => /^at (\S+)$/m.exec(output)?.[1], { ...LIMIT, what: () => `the queue in the process\n${output}` });
      expect(output).toContain('own 42 enabled healthy\n');
      await using other = await startExample('queue.mjs', { url, namespace: 'app', app: 'elsewhere' });
      await until(() => other.output().includes('ann@example.org'), { ...LIMIT, what: () => `the queue elsewhere\n${other.output()}` });
      expect(await other.stop()).toBe(0);
      child.stdin.write('stop\n');
      expect((await gone)[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('brings its own NATS server when it is given none, and leaves nothing running', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-merged-'));
    const text = `
      // Timers, sockets, threads: standard input and output are the process's own.
      const open = () => process.getActiveResourcesInfo().filter((each) => !/^(Pipe|TTY|FS)/.test(each)).length;
      const before = open();
      const { openScheduler } = await import(${JSON.stringify(SCHEDULER)});
      console.log('imported', open() - before);
      const scheduler = await openScheduler({ dataDir: ${JSON.stringify(path.join(folder, 'data'))}, settings: { NATSJOB_NATS_PORT: '${await sparePort()}', NATSJOB_NATS_SERVER: ${JSON.stringify(await natsServerPath())} } });
      // The lease is waited for a second at the start, and NATS may stand still for longer.
      while (scheduler.role === 'starting') await new Promise((resolve) => setTimeout(resolve, 20));
      console.log(scheduler.role, (await fetch(scheduler.url + '/healthz')).status);
      await scheduler.stop();
      await scheduler.stop();
      await openScheduler({ dataDir: ${JSON.stringify(folder)}, settings: { NATSJOB_HTTP_PROT: '1' } }).catch((error) => console.log(error.name, error.message));
      console.log('stopped');`;
    writeFileSync(path.join(folder, 'program.mjs'), text);
    const child = spawn(process.execPath, [path.join(folder, 'program.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece));
    try {
      // By itself: nothing keeps the process.
      expect((await once(child, 'close'))[0]).toBe(0);
      expect(output).toMatch(/^imported 0\nleader 200\nConfigError [^]*NATSJOB_HTTP_PROT[^]*stopped\n$/);
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
