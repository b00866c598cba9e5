import { expect, test } from 'vitest';
import { createWorker, declareJobs, every, job, JobQueue, openActorPool, openConnection, openEventBus, openJobService, openLocks, openStatus } from '../../../src-core/worker/index.ts';

/** Plain JavaScript, or options that were put together elsewhere, as the compiler does not see them. */
const odd = (options: object): never => options as never;
const handler = (): void => undefined;
const queue = (options: object = {}): JobQueue => new JobQueue('mail', odd(options));

const parts: [string, (options: object) => unknown][] = [
  ['createWorker', (options) => createWorker(odd({ app: 'shop', ...options }))],
  ['JobQueue', (options) => queue(options)],
  ['openLocks', (options) => openLocks(odd(options))],
  ['openStatus', (options) => openStatus(odd(options))],
  ['openConnection', (options) => openConnection(odd(options))],
  ['openActorPool', (options) => openActorPool(odd({ name: 'pool', handler, ...options }))],
  ['openEventBus', (options) => openEventBus(odd({ client: 'shop', ...options }))],
  ['openJobService', (options) => openJobService(odd({ app: 'shop', jobs: [], ...options }))],
  ['declareJobs', (options) => declareJobs(odd({ app: 'shop', jobs: [], ...options }))],
];

test.each([
  ...parts,
  ['add', (options) => queue().add('welcome', {}, odd(options))],
  ['add', (options) => queue().addBulk([{ name: 'welcome', options: odd(options) }])],
  ['process', (options) => queue().process(handler, odd(options))],
  ['backoff', (options) => queue({ backoff: { type: 'fixed', delay: 1, ...options } })],
  ['limiter', (options) => queue({ limiter: { max: 1, duration: 1_000, ...options } })],
  ['a handler', (options) => createWorker({ app: 'shop' }).handle('report', handler, odd(options))],
  ['job sync', (options) => job('sync', every('5s'), handler, odd(options))],
] as [string, (options: object) => unknown][])('%s refuses an option that there is not', async (of, call) => {
  await expect((async () => call({ concurency: 4 }))()).rejects.toMatchObject({
    name: 'BadOptionError', option: 'concurency', message: expect.stringMatching(new RegExp(`^concurency must be one of the options of ${of}: \\w+(, \\w+)*\\.$`)) as string,
  });
});

test.each(parts)('%s refuses a log that is none', async (_of, call) => {
  for (const log of [7, 'console', {}, null]) {
    await expect((async () => call({ log }))()).rejects.toMatchObject({ name: 'BadOptionError', option: 'log' });
  }
});

test('a console is a log, and what is undefined is not given', () => {
  expect(queue({ log: console, url: undefined, priority: undefined }).name).toBe('mail');
  expect(createWorker(odd({ app: 'shop', log: console, connection: undefined })).app).toBe('shop');
});
