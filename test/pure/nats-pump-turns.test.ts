import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PumpTurns } from '../../src-core/nats/pump-turns.ts';

let isReady: boolean;
let pumped: number;
let turns: PumpTurns;

beforeEach(() => {
  vi.useFakeTimers();
  isReady = true;
  pumped = 0;
  turns = new PumpTurns(() => isReady, () => pumped++);
});
afterEach(() => {
  turns.stop();
  vi.useRealTimers();
});

test('all that asks in one turn gets one at its end', async () => {
  turns.soon();
  turns.soon();
  expect(pumped).toBe(0);
  await Promise.resolve();
  expect(pumped).toBe(1);
  turns.soon();
  await Promise.resolve();
  expect(pumped).toBe(2);
});

test('while nothing can be sent no turn is asked for', async () => {
  isReady = false;
  turns.soon();
  isReady = true;
  await Promise.resolve();
  expect(pumped).toBe(0);
});

test('a wait is neither prolonged nor shortened, and the next begins when it is over', () => {
  turns.later(100);
  vi.advanceTimersByTime(60);
  turns.later(10);
  turns.later(500);
  expect(turns.isWaiting).toBe(true);
  vi.advanceTimersByTime(39);
  expect(pumped).toBe(0);
  vi.advanceTimersByTime(1);
  expect([pumped, turns.isWaiting]).toEqual([1, false]);
  turns.later(10);
  vi.advanceTimersByTime(10);
  expect(pumped).toBe(2);
});

test('a stop ends the wait', () => {
  turns.later(100);
  turns.stop();
  vi.advanceTimersByTime(1_000);
  expect(pumped).toBe(0);
});
