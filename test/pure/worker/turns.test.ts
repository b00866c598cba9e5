import { expect, it } from 'vitest';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import { Turns } from '../../../src-core/worker/bus/turns.ts';
import type { Locks } from '../../../src-core/worker/index.ts';
import { silentLog } from '../../../src-core/worker/silent-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function open() {
  const clock = new VirtualClock();
  let tries = 0;
  let isOver = false;
  // As over a connection that is closed: refused in the same turn of the loop.
  const acquire = (): Promise<never> => {
    if (++tries > 100) isOver = true;
    return Promise.reject(new UnavailableError('closed'));
  };
  const turns = new Turns({ locks: { acquire } as unknown as Locks, key: 'k', ttlMs: 1_000, log: silentLog, clock, isOver: () => isOver, begin: () => undefined, end: () => undefined });
  return { clock, turns, tries: () => tries, close: () => (isOver = true) };
}

it('a lock that is refused at once is tried for once a second', async () => {
  const { clock, turns, tries } = open();
  turns.start();
  await clock.advance(3_500);
  expect(tries()).toBe(4);
  await turns.stop();
  expect([tries(), clock.timers]).toEqual([4, 0]);
});

it('a lock that will never be had again is not tried for', async () => {
  const { clock, turns, tries, close } = open();
  turns.start();
  await clock.advance(500);
  close();
  await clock.advance(60_000);
  expect([tries(), clock.timers]).toEqual([1, 0]);
  await turns.stop();
});
