import { expect, it } from 'vitest';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import { LockHeldError, type WorkerConnection } from '../../../src-core/worker/index.ts';
import type { LockBucket } from '../../../src-core/worker/locks/held-lock.ts';
import { encodeLock } from '../../../src-core/worker/locks/lock-value.ts';
import { BucketLocks } from '../../../src-core/worker/locks/locks.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const WAIT_MS = 200;
const HELD = { text: encodeLock({ owner: 'a', holder: 'the nightly report', ttlMs: 60_000 }), revision: 7, storedAt: 0 };

/** Locks over a bucket that takes a while for each answer. */
function locksOver(clock: VirtualClock, takesMs: number, look: () => typeof HELD): BucketLocks {
  const never = (): never => {
    throw new Error('was to be read only');
  };
  const bucket: LockBucket = {
    isClosed: false,
    get: () => new Promise((resolve, reject) => void clock.after(takesMs, () => {
      try {
        resolve(look());
      } catch (error) {
        reject(error as Error);
      }
    })),
    compareAndSet: never,
    compareAndDelete: never,
  };
  return new BucketLocks({ clock, state: 'disconnected', onState: () => () => {} } as unknown as WorkerConnection, 'test', false, bucket);
}

async function reasonAfterWaiting(takesMs: number, look: () => typeof HELD): Promise<unknown> {
  const clock = new VirtualClock();
  const refused = locksOver(clock, takesMs, look).acquire('a', { wait: WAIT_MS }).then(() => undefined, (error: unknown) => error);
  await clock.advance(10 * WAIT_MS);
  return refused;
}

it.each([0, 1, 30, WAIT_MS - 1, WAIT_MS, 2 * WAIT_MS])('says that NATS is away, also where the time is up during a try of %i ms', async (takesMs) => {
  const away = (): never => {
    throw new UnavailableError('NATS is not connected.');
  };
  expect(await reasonAfterWaiting(takesMs, away)).toBeInstanceOf(UnavailableError);
});

it.each([0, 1, 30, WAIT_MS - 1, WAIT_MS, 2 * WAIT_MS])('names the holder, also where the time is up during a try of %i ms', async (takesMs) => {
  const reason = await reasonAfterWaiting(takesMs, () => HELD);
  expect(reason).toBeInstanceOf(LockHeldError);
  expect((reason as Error).message).toContain('the nightly report');
});

it('is left to nobody when the locks are closed while it is acquired', async () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  const late = <Value>(what: string, value: Value): Promise<Value> => new Promise((resolve) => void clock.after(100, () => {
    told.push(what);
    resolve(value);
  }));
  const bucket: LockBucket = { isClosed: false, get: () => late('read', undefined), compareAndSet: () => late('written', 1), compareAndDelete: () => late('removed', true) };
  const locks = new BucketLocks({ clock, state: 'disconnected', onState: () => () => {} } as unknown as WorkerConnection, 'test', false, bucket);
  const refused = locks.acquire('a', { wait: WAIT_MS }).catch((error: unknown) => error);
  await clock.advance(150);
  void locks.close().then(() => told.push('closed'));
  await clock.advance(1_000);
  expect(told).toEqual(['read', 'written', 'removed', 'closed']);
  expect(await refused).toBeInstanceOf(UnavailableError);
  expect(clock.timers).toBe(0);
});
