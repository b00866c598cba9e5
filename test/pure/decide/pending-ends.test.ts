import { describe, expect, test } from 'vitest';
import { PendingEnds } from '../../../src-core/decide/pending-ends.ts';
import type { EndSeen } from '../../../src-core/decide/index.ts';
import { endSeen, taskId } from '../../support/run-log.ts';

const a = { id: taskId(1) };
const b = { id: taskId(2) };

function holding(...ends: [run: { id: string }, sequence: number][]): PendingEnds {
  const pending = new PendingEnds();
  for (const [run, sequence] of ends) pending.hold(run.id, endSeen(run, 'success', sequence));
  return pending;
}

function sequences(ends: readonly EndSeen[]): number[] {
  return ends.map(({ sequence }) => sequence);
}

describe('pending ends', () => {
  test('keep the results checkpoint before the lowest held', () => {
    expect(holding().lowestSequence()).toBeUndefined();
    expect(holding([a, 3], [b, 5]).lowestSequence()).toBe(3);
  });

  test('never let the checkpoint pass one that stayed when others of its run were taken', () => {
    const pending = holding([a, 3], [b, 5], [a, 7]);
    pending.sift(a.id, ({ sequence }) => sequence === 3);
    expect(pending.lowestSequence()).toBeLessThanOrEqual(5);
    pending.sift(b.id, () => true);
    expect(pending.lowestSequence()).toBeLessThanOrEqual(7);
    pending.sift(a.id, () => true);
    expect(pending.lowestSequence()).toBeUndefined();
    expect(pending.size).toBe(0);
  });

  test('are offered in order, told which stand behind others', () => {
    const pending = holding([a, 1], [a, 2], [a, 3]);
    const offered: [number, boolean][] = [];
    pending.sift(a.id, ({ sequence }, behindOthers) => {
      offered.push([sequence, behindOthers]);
      return sequence === 1;
    });
    expect(offered).toEqual([[1, false], [2, false], [3, true]]);
    expect(pending.size).toBe(2);
  });

  test('are unknown once the runs stream is read to where it stood when they had been seen', () => {
    const pending = holding([a, 1]);
    expect(pending.expire(1000, () => 0)).toEqual([]);
    pending.mark(50, 1);
    expect(pending.expire(49, () => 0)).toEqual([]);
    expect(pending.expire(50, () => 1)).toEqual([]);
    expect(sequences(pending.expire(50, () => 0))).toEqual([1]);
    expect(pending.size).toBe(0);
  });

  test('are unknown also when the runs stream is empty', () => {
    const pending = holding([a, 1]);
    pending.mark(0, 1);
    expect(sequences(pending.expire(0, () => 0))).toEqual([1]);
  });

  test('may be waited for longer: the stream gets some messages after their answers', () => {
    const pending = holding([a, 1]);
    const twiceMore = (): readonly number[] => sequences(pending.expire(50, () => 2));
    for (const isThere of [true, true, false]) {
      pending.mark(50, 1);
      expect(twiceMore()).toEqual(isThere ? [] : [1]);
    }
  });

  test('seen after the stream was asked wait for the next time', () => {
    const pending = holding([a, 1], [b, 9]);
    pending.mark(50, 8);
    expect(sequences(pending.expire(60, () => 0))).toEqual([1]);
    expect(pending.has(b.id)).toBe(true);
  });

  test('of a run wait anew when another of it is seen', () => {
    const pending = holding([a, 1]);
    pending.mark(50, 1);
    pending.hold(a.id, endSeen(a, 'fail', 2));
    expect(pending.expire(60, () => 0)).toEqual([]);
    pending.mark(70, 2);
    expect(sequences(pending.expire(70, () => 0))).toEqual([1, 2]);
  });

  test('are bounded: the oldest make room', () => {
    const pending = new PendingEnds();
    for (let index = 0; index < 20_010; index++) pending.hold(taskId(index), endSeen({ id: taskId(index) }, 'success', index + 1));
    expect(pending.size).toBe(20_000);
    expect(pending.overflowed).toBe(10);
    expect(pending.lowestSequence()).toBe(11);
    for (let index = 0; index < 10_600; index++) pending.hold(a.id, endSeen(a, 'success', 30_000 + index));
    expect(pending.size).toBeLessThanOrEqual(20_000);
  });
});
