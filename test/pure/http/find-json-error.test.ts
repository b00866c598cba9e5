import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findJsonError } from '../../../src-core/http/server/find-json-error.ts';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('it agrees with JSON.parse on what is JSON', () => {
  const broken = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '{', ']', ',', ':', '\\', '\n', '0', 'e', '-')).map(([text, at, extra]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + extra + text.slice(place + 1);
  });
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string(), broken), (text) => {
      expect(findJsonError(text) === undefined).toBe(parses(text));
    }),
    { numRuns: 5_000 },
  );
});

test('what stands before the place it names could still have become JSON', () => {
  expect(findJsonError('{"a": [1, 2, x]}')).toEqual({ index: 13, line: 1, column: 14, message: 'expected a value' });
  expect(findJsonError('{"a": 1,\n  b: 2}')).toMatchObject({ index: 11, line: 2, column: 3 });
  expect(findJsonError('['.repeat(1_000_000))).toMatchObject({ index: 1_000_000 });
});
