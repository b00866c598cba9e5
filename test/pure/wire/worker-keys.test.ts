import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSharedName, lockKey, statusKey } from '../../../src-core/wire/index.ts';

describe('keys of what workers share', () => {
  it('read as their names where they can', () => {
    expect(lockKey('job.sync_user-1/a')).toBe('lock.job.sync_user-1=2Fa');
    expect(statusKey('job:sync')).toBe('status.job=3Async');
    expect(lockKey('..a..b.')).toBe('lock.=2E.a=2E.b=2E');
  });

  it('are keys, and different for different names', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isSharedName);
    fc.assert(fc.property(name, name, (one, other) => {
      expect(lockKey(one)).toMatch(/^lock(\.[-/=\w]+)+$/);
      if (one !== other) expect(lockKey(one)).not.toBe(lockKey(other));
    }));
  });

  it('are for text of 1 to 128 whole characters', () => {
    expect(['', 'x'.repeat(129), '\ud800', 7, undefined].map(isSharedName)).toEqual([false, false, false, false, false]);
    expect(['x'.repeat(128), ' ', '😀'.repeat(42)].map(isSharedName)).toEqual([true, true, true]);
  });
});
