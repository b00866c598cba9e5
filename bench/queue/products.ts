// The two queues behind one small interface, for the sides of the case `queue`: the same program on top of both.
import { createRequire } from 'node:module';
import { JobQueue } from '../../src-core/worker/index.ts';

export type Product = 'natsjob' | 'bullmq';

export interface Adder {
  add(data: object): Promise<void>;
  addBulk(data: readonly object[]): Promise<void>;
  close(): Promise<void>;
}

export interface Taker {
  close(): Promise<void>;
}

export interface QueueAddress {
  readonly product: Product;
  readonly url: string;
  readonly queue: string;
}

const NAME = 'work';

interface BullMq {
  Queue: new (name: string, options: object) => {
    add(name: string, data: object): Promise<unknown>;
    addBulk(jobs: readonly object[]): Promise<unknown>;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
  Worker: new (name: string, handler: (job: { data: object }) => Promise<void>, options: object) => { waitUntilReady(): Promise<unknown>; close(): Promise<void>; on(event: string, listener: () => void): void };
}

export async function openAdder({ product, url, queue: name }: QueueAddress): Promise<Adder> {
  if (product === 'natsjob') {
    const queue = new JobQueue(name, { url });
    await queue.ready();
    return {
      add: async (data) => void (await queue.add(NAME, data)),
      addBulk: async (data) => void (await queue.addBulk(data.map((each) => ({ name: NAME, data: each })))),
      close: () => queue.gracefulShutdown(),
    };
  }
  const queue = new (bullmq().Queue)(name, { connection: connectionOf(url), defaultJobOptions: { removeOnComplete: true } });
  await queue.waitUntilReady();
  return {
    add: async (data) => void (await queue.add(NAME, data)),
    addBulk: async (data) => void (await queue.addBulk(data.map((each) => ({ name: NAME, data: each })))),
    close: () => queue.close(),
  };
}

/** `onJob` is called when the handler of a job begins. */
export async function openTaker({ product, url, queue: name }: QueueAddress, concurrency: number, onJob: (data: object) => void): Promise<Taker> {
  if (product === 'natsjob') {
    const queue = new JobQueue(name, { url });
    await queue.process(({ data }) => onJob(data as object), { concurrency });
    return { close: () => queue.gracefulShutdown() };
  }
  const worker = new (bullmq().Worker)(name, async ({ data }) => onJob(data), { connection: connectionOf(url), concurrency });
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  return { close: () => worker.close() };
}

function bullmq(): BullMq {
  return createRequire(new URL('../bullmq/package.json', import.meta.url))('bullmq') as BullMq;
}

function connectionOf(url: string): object {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
}
