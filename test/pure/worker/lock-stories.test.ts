import { expect, it } from 'vitest';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import type { Clock } from '../../../src-core/ports/clock.ts';
import type { WorkerConnection } from '../../../src-core/worker/index.ts';
import type { Lock, LockBucket } from '../../../src-core/worker/locks/held-lock.ts';
import { BucketLocks } from '../../../src-core/worker/locks/locks.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const STORIES = 60;
const TTL_MS = 2_000;
const STORY_MS = 60_000;
const STEP_MS = 20;

interface Told {
  readonly twoAtOnce: number;
  readonly acquired: number;
  readonly lost: number;
  readonly fences: readonly number[];
}

/**
 * Three programs want one lock, in virtual time: requests take a while, some are never answered whether or not they were carried out,
 * clocks run at speeds of their own, now and then a program stands still with all its timers, or dies and is started again.
 */
async function play(seed: number, speed: number): Promise<Told> {
  const chance = seeded(seed);
  const time = new VirtualClock();
  let sequence = 0;
  let entry: { text: string; revision: number } | undefined;
  let marker = 0;
  const fences: number[] = [];
  let lost = 0;
  const held: (Lock | undefined)[] = [];
  const controllers: AbortController[] = [];
  const work: Promise<void>[] = [];

  for (let index = 0; index < 3; index++) {
    const rate = 1 + speed * (chance() * 2 - 1);
    let pausedUntil = 0;
    let life = 0;
    const born = (): { readonly locks: BucketLocks } => {
      const own = life;
      const clock: Clock = {
        now: () => time.now(),
        monotonic: () => time.monotonic() * rate + index * 1_000_000,
        after(delayMs, action) {
          let cancel = time.after(delayMs / rate, function act() {
            if (own !== life) return;
            if (time.monotonic() < pausedUntil) cancel = time.after(pausedUntil - time.monotonic(), act);
            else action();
          });
          return () => cancel();
        },
        soon: (action) => time.soon(action),
      };
      const ask = <Result>(action: () => Result): Promise<Result> => new Promise((resolve, reject) => {
        const fate = chance();
        const there = chance() < 0.05 ? 1_500 * chance() : 10 * chance();
        time.after(there, () => {
          const answer = fate < 0.04 ? undefined : action();
          if (fate < 0.08) void clock.after(2_500, () => reject(new UnavailableError('no answer')));
          else void clock.after(10 * chance(), () => resolve(answer as Result));
        });
      });
      const bucket: LockBucket = {
        isClosed: false,
        get: () => ask(() => (entry === undefined ? undefined : { ...entry, storedAt: 0 })),
        compareAndSet: (_key, text, revision) => ask(() => {
          if ((entry?.revision ?? 0) !== revision) return undefined;
          entry = { text, revision: ++sequence };
          return sequence;
        }),
        compareAndDelete: (_key, revision) => ask(() => {
          if (entry?.revision !== revision) return false;
          entry = undefined;
          marker = ++sequence;
          return true;
        }),
      };
      const connection = { clock, state: 'disconnected', onState: () => () => {} } as unknown as WorkerConnection;
      return { locks: new BucketLocks(connection, `program ${index}`, false, bucket) };
    };
    const controller = new AbortController();
    controllers.push(controller);
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void time.after(Math.max(ms, pausedUntil - time.monotonic()), resolve));
    work.push((async () => {
      let { locks } = born();
      while (!controller.signal.aborted) {
        const lock = await locks.acquire('one', { ttl: TTL_MS, wait: Number.POSITIVE_INFINITY, signal: controller.signal }).catch(() => undefined);
        if (lock === undefined) return;
        fences.push(lock.fence);
        held[index] = lock;
        if (chance() < 0.3) pausedUntil = time.monotonic() + 6_000 * chance();
        await sleep(4_000 * chance());
        if (lock.signal.aborted) lost++;
        held[index] = undefined;
        if (chance() < 0.7) {
          await lock.release();
        } else {
          life++;
          ({ locks } = born());
        }
        await sleep(500 * chance());
      }
    })());
  }

  let twoAtOnce = 0;
  for (let at = 0; at < STORY_MS; at += STEP_MS) {
    await time.advance(STEP_MS);
    if (held.filter((lock) => lock?.isHeld === true).length > 1) twoAtOnce++;
  }
  for (const controller of controllers) controller.abort(new Error('over'));
  await time.advance(STORY_MS);
  await Promise.all(work);
  expect(marker).toBeGreaterThan(0);
  return { twoAtOnce, acquired: fences.length, lost, fences };
}

it(`two never believe to hold a lock at once, in ${STORIES} stories`, async () => {
  let acquired = 0;
  let lost = 0;
  for (let seed = 1; seed <= STORIES; seed++) {
    const told = await play(seed, 0.04);
    expect(told.twoAtOnce, `seed ${seed}`).toBe(0);
    expect(told.fences, `seed ${seed}`).toEqual([...told.fences].sort((a, b) => a - b));
    expect(told.acquired, `seed ${seed}`).toBeGreaterThan(3);
    acquired += told.acquired;
    lost += told.lost;
  }
  expect(acquired).toBeGreaterThan(STORIES * 5);
  expect(lost).toBeGreaterThan(0);
});

it('the stories can tell: clocks that differ too much in speed break it', async () => {
  let twoAtOnce = 0;
  for (let seed = 1; seed <= STORIES && twoAtOnce === 0; seed++) twoAtOnce += (await play(seed, 0.5)).twoAtOnce;
  expect(twoAtOnce).toBeGreaterThan(0);
});
