import { describe, expect, it } from 'vitest';
import { ReadingPace } from '../../src-core/nats/reading-pace.ts';

/** Whether that many turns, so far apart, are fast; each that many-th cannot wait. */
function isFast(gapMs: number, turns: number, others = Number.POSITIVE_INFINITY): boolean {
  const pace = new ReadingPace();
  return Array.from({ length: turns }, (_, index) => pace.turn(1_000 + index * gapMs, (index + 1) % others !== 0)).includes(true);
}

function hasTooMany(messages: number, others: number): boolean {
  const pace = new ReadingPace();
  return Array.from({ length: messages }, (_, index) => pace.message((index + 1) % others !== 0)).includes(true);
}

describe('how fast messages come one by one', () => {
  it('is fast with two turns a millisecond and a little more, after 64 of them', () => {
    expect(isFast(0.49, 63)).toBe(false);
    expect(isFast(0.49, 64)).toBe(true);
  });

  it('is not fast with less, for however long', () => {
    expect(isFast(0.52, 10_000)).toBe(false);
  });

  it('is not fast while every fifth turn brings what cannot wait, and is with every tenth', () => {
    expect(isFast(0.1, 10_000, 5)).toBe(false);
    expect(isFast(0.1, 10_000, 10)).toBe(true);
  });

  it('is counted from the beginning again when that is told', () => {
    const pace = new ReadingPace();
    for (let turn = 0; turn < 63; turn++) pace.turn(1_000, true);
    pace.forget();
    expect(pace.turn(1_000, true)).toBe(false);
  });
});

describe('messages that are read in pieces', () => {
  it('are too many of those that cannot wait with every fifth, and not with every tenth', () => {
    expect(hasTooMany(127, 5)).toBe(false);
    expect(hasTooMany(128, 5)).toBe(true);
    expect(hasTooMany(10_000, 10)).toBe(false);
  });
});
