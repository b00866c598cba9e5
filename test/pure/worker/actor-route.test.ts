import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actorOf, keyHash } from '../../../src-core/worker/actors/route.ts';

const GOLDEN: [string, number][] = [['', 2872998923], ['a', 444641715], ['order-1', 2449496732], ['order-2', 2010665664], ['客户', 2267516859]];

describe('the actor of a key', () => {
  it('is the same each time, and one of the pool', () => {
    fc.assert(fc.property(fc.string(), fc.integer({ min: 1, max: 65_536 }), (key, actors) => {
      const actor = actorOf(key, actors);
      expect(actor).toBe(actorOf(key, actors));
      expect(Number.isInteger(actor) && actor >= 0 && actor < actors).toBe(true);
    }));
  });

  // Other processes may share keys out by it, so a new version must not send a key elsewhere.
  it.each(GOLDEN)('of %j follows from a hash that never changes', (key, hash) => {
    expect(keyHash(key)).toBe(hash);
  });

  it.each([
    ['numbers', (i: number) => `order-${i}`],
    ['numbers that end alike', (i: number) => `${i}-of-the-same-tail`],
    ['numbers at both ends', (i: number) => `${i}/x/${1_000 - i}`],
  ])('spreads 1,000 keys evenly: %s', (_name, keyAt) => {
    const counts = new Array<number>(64).fill(0);
    for (let i = 0; i < 1_000; i++) counts[actorOf(keyAt(i), 64)]! += 1;
    // 15.6 each on average; the bounds are some four deviations away.
    expect(Math.max(...counts)).toBeLessThanOrEqual(33);
    expect(Math.min(...counts)).toBeGreaterThan(1);
  });
});
