import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunKind } from '../../../src-core/wire/index.ts';
import { isRunId, makeRunId, MAX_JOB_NUMBER, MAX_RUN_ID_MS, MIN_RUN_ID_MS, parseRunId, RUN_ID_EPOCH_MS, runIdFloor, runIdText, runIdToText } from '../../../src-core/wire/index.ts';

const moment = fc.integer({ min: MIN_RUN_ID_MS, max: MAX_RUN_ID_MS });
const kind = fc.constantFrom<RunKind>(0, 1);
const jobNumber = fc.oneof(fc.integer({ min: 0, max: MAX_JOB_NUMBER }), fc.constantFrom(0, 1, MAX_JOB_NUMBER));

describe('a run id', () => {
  test('is made of 41 bits of time, 1 of kind, 21 of job number', () => {
    expect(RUN_ID_EPOCH_MS).toBe(Date.UTC(2020, 0, 1));
    expect(makeRunId(Date.UTC(2026, 0, 1), 1, 77)).toBe((BigInt(Date.UTC(2026, 0, 1) - RUN_ID_EPOCH_MS) << 22n) + (1n << 21n) + 77n);
    expect(makeRunId(MAX_RUN_ID_MS, 1, MAX_JOB_NUMBER)).toBe(2n ** 63n - 1n);
    expect(makeRunId(MIN_RUN_ID_MS, 0, 0)).toBeGreaterThanOrEqual(10n ** 14n);
    expect(makeRunId(MIN_RUN_ID_MS, 0, 0) - (1n << 22n)).toBeLessThan(10n ** 14n);
  });

  test('has the same text by the fast path, and comes back in its parts', () => {
    fc.assert(fc.property(moment, kind, jobNumber, fc.boolean(), (atMs, k, job, again) => {
      const text = runIdText(makeRunId(atMs, k, job));
      expect(runIdToText(atMs, k, job)).toBe(text);
      if (again) expect(runIdToText(atMs, k, job)).toBe(text);
      expect(parseRunId(text)).toEqual({ atMs, kind: k, jobNumber: job });
    }), { numRuns: 5000 });
  });

  test('keeps leading zeros and carries of its low digits', () => {
    // Walk moments whose low seven digits go all the way round.
    for (let step = 0; step < 20_000; step++) {
      const atMs = MIN_RUN_ID_MS + step * 7_919;
      const job = (step * 104_729) % (MAX_JOB_NUMBER + 1);
      const k = (step % 2) as RunKind;
      expect(runIdToText(atMs, k, job)).toBe(makeRunId(atMs, k, job).toString());
    }
  });

  test('sorts by time, and a floor parts earlier from later', () => {
    fc.assert(fc.property(moment, kind, jobNumber, moment, (atMs, k, job, border) => {
      expect(makeRunId(atMs, k, job) >= runIdFloor(border)).toBe(atMs >= border);
    }));
    expect(runIdFloor(0)).toBe(0n);
    expect(runIdFloor(Number.NaN)).toBe(0n);
    expect(runIdFloor(Number.POSITIVE_INFINITY)).toBe(2n ** 63n - 1n);
    expect(runIdFloor(RUN_ID_EPOCH_MS + 0.5)).toBe(1n << 22n);
  });

  test.each(['', '0', '12', '99999999999999', '012345678901234', '9223372036854775808', '99999999999999999999', '-91224861309508001', '91224861309508001.5', '912248613095080 13', '9.1e17', '９１２２４８６１３０９５０８００１'])('is not %j', (text) => {
    expect(isRunId(text)).toBe(false);
    expect(parseRunId(text)).toBeUndefined();
  });

  test.each(['100000000000000', '2091838529360826368', '9223372036854775807'])('may be %s', (text) => {
    expect(isRunId(text)).toBe(true);
  });

  test('is refused for a clock that is not set, and for impossible job numbers', () => {
    for (const make of [makeRunId, runIdToText]) {
      for (const atMs of [0, RUN_ID_EPOCH_MS, MAX_RUN_ID_MS + 1, Number.NaN, MIN_RUN_ID_MS + 0.5]) expect(() => make(atMs, 0, 1)).toThrow(RangeError);
      for (const job of [-1, MAX_JOB_NUMBER + 1, 0.5, Number.NaN]) expect(() => make(MIN_RUN_ID_MS, 0, job)).toThrow(RangeError);
    }
  });
});
