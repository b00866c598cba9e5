import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WORKER_PREFIX, WORKER_STREAM } from '../../src-core/wire/index.ts';
import { openLocks, openStatus } from '../../src-core/worker/index.ts';
import { patiently } from '../support/patiently.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { openWorld, type TestJob, type World } from '../support/world.ts';

const SCRIPT = path.join(import.meta.dirname, '..', 'support', 'batch-worker.ts');
const MOST = 100;
/** Like the time after which a silent worker's runs are given to others: longer than the machine may stand still. */
const LOCK_MS = 5_000;

describe.skipIf(!(await canStartProgram()))('a run with a checkpoint', () => {
  let world: World;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    world = await openWorld();
  });
  afterEach(() => Promise.all(children.splice(0).map(kill)));
  afterAll(() => world[Symbol.asyncDispose]());

  async function start(job: TestJob, lockMs: number): Promise<{ lines: string[]; child: ChildProcess }> {
    const child = spawn(process.execPath, ['--no-warnings', SCRIPT, world.program.natsUrl, job.namespace, job.app, job.name, String(MOST), String(lockMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    await until(() => lines.includes('ready'), { deadlineMs: 60_000, what: 'the worker to be ready' });
    return { lines, child };
  }

  /** Left over of the checkpoints of the job. */
  async function left(job: TestJob): Promise<number> {
    const client = await connect({ servers: world.program.natsUrl });
    try {
      const { state } = await (await jetstreamManager(client)).streams.info(WORKER_STREAM, { subjects_filter: `${WORKER_PREFIX}checkpoint.${job.key}.>` });
      return Object.keys(state.subjects ?? {}).length;
    } finally {
      await client.close();
    }
  }

  test('goes on where it was when its worker is killed, under a lock with a greater number, and leaves nothing', async () => {
    const job = await world.job({ timeoutMs: 600_000 });
    const first = await start(job, LOCK_MS);
    const taskId = await job.start({ args: 'until killed' });
    await until(() => first.lines.includes('at 10'), { deadlineMs: 60_000, what: 'the tenth batch' });
    await kill(first.child);
    const reached = Number(first.lines.at(-1)?.split(' ')[1]);
    const second = await start(job, LOCK_MS);
    const run = await world.untilState(taskId, 'completed', 60_000);
    const begin = (await until(() => second.lines.find((line) => line.startsWith('from')))).split(' ');
    // More than that only when the kill came late.
    const end = Math.max(MOST, Number(begin[1]));
    expect(run.reason).toBe(JSON.stringify({ cursor: end }));
    // What was safe and what was said are one apart when the kill came in between.
    expect(Number(begin[1]) - reached).toBeGreaterThanOrEqual(0);
    expect(Number(begin[1]) - reached).toBeLessThanOrEqual(1);
    expect(begin.slice(2, 6)).toEqual(['attempt', '1', 'deliveries', '2']);
    expect(Number(begin[7])).toBeGreaterThan(Number(first.lines.find((line) => line.startsWith('from'))?.split(' ')[7]));
    await until(async () => (await left(job)) === 0);
    const status = await openStatus({ url: world.program.natsUrl });
    expect(await patiently(() => status.get(`batches ${job.app}`))).toEqual({ cursor: end });
    await status.close();
  });

  test('goes on where it failed in its next attempt; the lock it left is free', async () => {
    const job = await world.job({ timeoutMs: 600_000, retry: { attempts: 2, delayMs: 100 } });
    // Longer than the test: nobody gets the lock by waiting for its end.
    const worker = await start(job, 600_000);
    await job.start({ args: 'fail' });
    await until(() => worker.lines.includes(`at ${MOST}`), { deadlineMs: 60_000, what: 'the last batch' });
    expect(worker.lines.filter((line) => line.startsWith('from')).map((line) => line.split(' fence')[0])).toEqual(['from 0 attempt 1 deliveries 1', 'from 5 attempt 2 deliveries 1']);
    await until(async () => (await left(job)) === 0);
    const locks = await openLocks({ url: world.program.natsUrl });
    const lock = await locks.acquire(`batches ${job.app}`, { wait: '1m' });
    await lock.release();
    await locks.close();
  });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}
