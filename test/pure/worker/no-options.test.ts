import { expect, test } from 'vitest';
import { createWorker, JobQueue, openActorPool, openEventBus } from '../../../src-core/worker/index.ts';

// What plain JavaScript can do, and types prevent.
test.each([
  ['createWorker', () => createWorker(undefined as never), 'options of createWorker must be an object.'],
  ['openActorPool', () => openActorPool(undefined as never), 'options of openActorPool must be an object.'],
  ['openEventBus', () => openEventBus(undefined as never), 'options of openEventBus must be an object.'],
  ['a backoff in words', () => new JobQueue('mail', { backoff: 'long' as never }), 'backoff must be milliseconds, or { type, delay, maxDelay }, not "long".'],
])('%s without options that can be used says so', async (_name, call, message) => {
  await expect((async () => call())()).rejects.toMatchObject({ name: 'BadOptionError', message: expect.stringContaining(message) as string });
});
