import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { snippets } from '../../build/snippets.mjs';
import { missingTools, setUpExample, startExample } from '../../examples/run.mjs';
import { endProcess } from '../support/end-process.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

/** What CI has; of the others it says that they were skipped. */
const REQUIRED = new Set(['go', 'java', 'python', 'node', 'typescript']);
/** The first start compiles. */
const LIVE_MS = 480_000;
const STOP_MS = 60_000;
/** SIGTERM as a JVM says that it ended in order. */
const ORDERLY = [0, 143];

describe.skipIf(!(await canStartProgram()))('the example', { concurrent: true }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  for (const { id, label } of snippets()) {
    test.skipIf(isMissing(id))(`for ${label} works on a pro job, says how it ended, and ends on SIGTERM`, async () => {
      const job = await world.job({ model: 'pro' });
      const workerId = `${id}-1`;
      await using example = await start(id, { url: world.program.natsUrl, namespace: NAMESPACE, app: job.app, job: job.name, subject: job.subject('start'), workerId });

      await until(async () => {
        if (!example.isRunning) throw new Error(`the example ended\n${example.output()}`);
        const { body } = await world.program.api.get(`/workers?namespace=${NAMESPACE}&app=${job.app}`);
        return body.items.some((worker: { id: string; live: boolean }) => worker.id === workerId && worker.live);
      }, { deadlineMs: LIVE_MS, what: () => `${workerId} to be live\n${example.output()}` });

      const good = await job.start({ args: 'something' });
      expect(await world.untilState(good, 'completed')).toMatchObject({ workerId, reason: 'worked on something' });
      const bad = await job.start({ args: 'fail' });
      expect(await world.untilState(bad, 'failed')).toMatchObject({ workerId, reason: 'told to fail' });
      await until(() => example.output().includes(good), { what: () => `the run in what the example says\n${example.output()}` });

      expect(ORDERLY).toContain(await example.stop());
    });
  }
});

interface Example {
  readonly isRunning: boolean;
  output(): string;
  /** Sends SIGTERM; resolves with the exit code, or rejects when it does not end by itself. */
  stop(): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function start(id: string, values: Parameters<typeof setUpExample>[1]): Promise<Example> {
  const folder = await setUpExample(id, values);
  const child = startExample(id, folder, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const atExit = (): void => killGroup(child.pid);
  process.once('exit', atExit);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const gone = once(child, 'close');
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    get isRunning() {
      return isRunning();
    },
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      await until(() => !isRunning(), { deadlineMs: STOP_MS, what: () => `the example for ${id} to end\n${output}` });
      if (child.exitCode === null) throw new Error(`the example for ${id} did not end in order: ${child.signalCode}\n${output}`);
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      killGroup(child.pid);
      await gone;
      process.off('exit', atExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The example and what it started, if anything is left of them. */
function killGroup(pid: number | undefined): void {
  if (pid !== undefined) endProcess(-pid);
}

/** Says what is missing; in CI that is a failure for those that must run. */
function isMissing(id: string): boolean {
  const missing = missingTools(id);
  if (missing.length === 0) return false;
  if (process.env['CI'] && REQUIRED.has(id)) throw new Error(`the example for ${id} needs ${missing.join(' and ')} on PATH`);
  process.stderr.write(`SKIPPED the example for ${id}: ${missing.join(' and ')} not on PATH\n`);
  return true;
}
