import { expect, test } from 'vitest';
import { LOGIN_LIMITS, LoginLimiter } from '../../../src-core/http/auth/login-limiter.ts';
import { createVirtualClock } from '../../support/http-virtual-clock.ts';

function fail(limiter: LoginLimiter, address: string, local = false): number | 'failed' {
  const attempt = limiter.begin(address, local);
  if (typeof attempt === 'number') return attempt;
  attempt.finished();
  return 'failed';
}

test('five tries are free, then the wait doubles up to its limit', () => {
  const clock = createVirtualClock();
  const limiter = new LoginLimiter(clock);
  for (let index = 0; index < 5; index += 1) expect(fail(limiter, 'a')).toBe('failed');
  const waits: number[] = [];
  for (let index = 0; index < 10; index += 1) {
    const wait = fail(limiter, 'a') as number;
    waits.push(wait / 1000);
    clock.pass(wait - 1);
    expect(fail(limiter, 'a')).toBe(1);
    clock.pass(1);
    expect(fail(limiter, 'a')).toBe('failed');
  }
  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
});

test('other addresses do not wait, and a success forgets the failures', () => {
  const limiter = new LoginLimiter(createVirtualClock());
  for (let index = 0; index < 5; index += 1) fail(limiter, 'a');
  expect(fail(limiter, 'b')).toBe('failed');
  for (let index = 0; index < 3; index += 1) fail(limiter, 'b');
  const attempt = limiter.begin('b', false);
  if (typeof attempt === 'number') throw new Error('must not wait');
  attempt.succeeded();
  attempt.finished();
  for (let index = 0; index < 5; index += 1) expect(fail(limiter, 'b')).toBe('failed');
  expect(fail(limiter, 'b')).toBe(5_000);
});

test('a hundred tries at once are five guesses at most', () => {
  const limiter = new LoginLimiter(createVirtualClock(), { ...LOGIN_LIMITS, parallel: 100 });
  const tries = Array.from({ length: 100 }, () => limiter.begin('a', false));
  expect(tries.filter((attempt) => typeof attempt !== 'number')).toHaveLength(5);
});

test('only a few passwords are looked at together', () => {
  const limiter = new LoginLimiter(createVirtualClock());
  const tries = Array.from({ length: 10 }, (_, index) => limiter.begin(`a${index}`, false));
  expect(tries.filter((attempt) => typeof attempt !== 'number')).toHaveLength(4);
});

test('strangers from everywhere use up a common allowance, which does not lock out this machine', () => {
  const clock = createVirtualClock();
  const limiter = new LoginLimiter(clock);
  for (let index = 0; index < 60; index += 1) expect(fail(limiter, `a${index}`)).toBe('failed');
  expect(fail(limiter, 'another')).toBe(3_000);
  expect(fail(limiter, '127.0.0.1', true)).toBe('failed');
  clock.pass(6_000);
  expect(fail(limiter, 'another')).toBe('failed');
});

test('the memory for addresses is bounded, and an hour of quiet forgets', () => {
  const clock = createVirtualClock();
  const limiter = new LoginLimiter(clock, { ...LOGIN_LIMITS, globalBurst: Infinity, maxAddresses: 100 });
  for (let index = 0; index < 1_000; index += 1) fail(limiter, `a${index}`);
  expect(limiter.size).toBe(100);
  for (let index = 0; index < 12; index += 1) {
    const wait = fail(limiter, 'x');
    if (wait !== 'failed') clock.pass(wait);
  }
  clock.pass(3_600_000);
  for (let index = 0; index < 5; index += 1) expect(fail(limiter, 'x')).toBe('failed');
});
