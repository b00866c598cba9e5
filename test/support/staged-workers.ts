import { afterAll, beforeAll } from 'vitest';
import { createWorker } from '../../src-core/worker/index.ts';
import type { Worker, WorkerOptions } from '../../src-core/worker/index.ts';
import { natsServerPath } from './nats-server.ts';
import { openStage } from './worker-stage.ts';
import type { Stage } from './worker-stage.ts';

export const canRun = (await natsServerPath()) !== undefined;
export let stage: Stage;
let jobNumber = 0;
const workers: Worker[] = [];

/** For the file that calls it: a stage before its tests, and the end of their workers after them. */
export function openStageForAll(): void {
  beforeAll(async () => {
    if (canRun) stage = await openStage();
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop({ graceMs: 0, abortMs: 0 })));
    await stage?.[Symbol.asyncDispose]();
  });
}

export function workerOf(options: Partial<WorkerOptions> = {}): Worker {
  const worker = createWorker({ url: stage.url, app: 'shop', ...options });
  workers.push(worker);
  return worker;
}

/** A job of its own for each test. */
export function aJob(): string {
  return `job-${++jobNumber}`;
}

/** Resolved from outside. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
