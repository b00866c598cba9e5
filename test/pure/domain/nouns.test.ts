import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IllegalTransitionError } from '../../../src-core/domain/errors.ts';
import { formatIso, parseIso } from '../../../src-core/domain/iso-time.ts';
import { isValidName } from '../../../src-core/domain/names.ts';
import { isFinal, RUN_STATES } from '../../../src-core/domain/run.ts';
import { canMove, moveTo } from '../../../src-core/domain/transitions.ts';
import { isLive, WORKER_SILENCE_MS } from '../../../src-core/domain/worker.ts';
import { aRun, aWorker, idAt } from '../../support/store-rows.ts';

describe('ISO times', () => {
  test.each([
    ['2027-01-31T09:00:00+08:00', '2027-01-31T01:00:00.000Z'], ['2027-01-31T09:00Z', '2027-01-31T09:00:00.000Z'], ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
    ['2027-01-01T00:00:00.123456789-14:00', '2027-01-01T14:00:00.123Z'], ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.500Z'], ['2027-01-01T00:30:00+05:45', '2026-12-31T18:45:00.000Z'],
  ])('%s is %s', (text, utc) => {
    expect(formatIso(parseIso(text) as number)).toBe(utc);
    expect(parseIso(text)).toBe(Date.parse(utc));
  });

  test.each([
    '', '2027-01-31', '2027-01-31T09:00:00', '2027-02-29T00:00:00Z', '2027-00-01T00:00:00Z', '2027-01-01T24:00:00Z', '2027-01-01T00:60:00Z', '2027-01-01T00:00:60Z',
    '2027-01-01 00:00:00Z', '2027-1-1T00:00:00Z', '2027-01-01T00:00:00+15:00', '2027-01-01T00:00:00+0800', '2027-01-01T00:00:00Z ', '+002027-01-01T00:00:00Z', '９999-01-01T00:00:00Z',
    '9999-12-31T23:59:00-14:00', '0000-01-01T00:00:00+14:00',
  ])('%j is none', (text) => {
    expect(parseIso(text)).toBeUndefined();
  });

  test('come back from any moment', () => {
    fc.assert(fc.property(fc.integer({ min: Date.UTC(1, 0), max: Date.UTC(9999, 11, 31) }), (at) => {
      expect(parseIso(formatIso(at))).toBe(at);
      expect(formatIso(at)).toBe(new Date(at).toISOString());
    }));
  });

  test('never throw, and what is read can be written and read again', () => {
    const digits = fc.integer({ min: 0, max: 99 }).map((value) => String(value).padStart(2, '0'));
    const texts = fc.tuple(fc.integer({ min: 0, max: 9999 }), digits, digits, digits, digits, digits, fc.constantFrom('Z', '+14:00', '-14:00', '+00:30'))
      .map(([year, month, day, hour, minute, second, zone]) => `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
    fc.assert(fc.property(fc.oneof(texts, fc.string()), (text) => {
      const at = parseIso(text);
      if (at !== undefined) expect(parseIso(formatIso(at))).toBe(at);
    }), { numRuns: 2000 });
  });
});

describe('the life of a run', () => {
  test('ends once: no transition leaves a final state', () => {
    for (const from of RUN_STATES) for (const to of RUN_STATES) if (isFinal(from)) expect(canMove(from, to)).toBe(false);
  });

  test('goes forward only', () => {
    expect(RUN_STATES.flatMap((from) => RUN_STATES.filter((to) => !isFinal(to) && canMove(from, to)).map((to) => `${from} ${to}`)))
      .toEqual(['delayed waiting', 'delayed active', 'waiting active']);
  });

  test('can be ended from every open state', () => {
    for (const from of RUN_STATES) if (!isFinal(from)) for (const to of RUN_STATES) if (isFinal(to)) expect(canMove(from, to)).toBe(true);
  });

  test('refuses a move the table does not have, and stays where it was', () => {
    for (const from of RUN_STATES) {
      for (const to of RUN_STATES) {
        const run = aRun({ id: idAt(1), state: from });
        if (canMove(from, to)) {
          moveTo(run, to);
          expect(run.state).toBe(to);
        } else {
          expect(() => moveTo(run, to)).toThrow(IllegalTransitionError);
          expect(run.state).toBe(from);
        }
      }
    }
  });
});

describe('names', () => {
  test.each(['a', 'A-b_9', 'x'.repeat(64)])('%s is one', (name) => expect(isValidName(name)).toBe(true));
  test.each(['', 'x'.repeat(65), 'a.b', 'a b', '*', '>', 'a\n', 'ä', '$KV', 5, null, undefined, ['a']])('%j is none', (name) => expect(isValidName(name)).toBe(false));

  test('are safe as one token of a subject', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (isValidName(text)) expect(/[\s.*>]/.test(text)).toBe(false);
    }));
  });
});

test('a worker is live until three beats are missing', () => {
  const worker = aWorker({ id: 'a', lastSeenAt: 1000 });
  expect([isLive(worker, 1000 + WORKER_SILENCE_MS - 1), isLive(worker, 1000 + WORKER_SILENCE_MS)]).toEqual([true, false]);
});
