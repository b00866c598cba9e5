import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_JOB_NUMBER } from '../../../src-core/domain/job.ts';
import type { AskedRun } from '../../../src-core/wire/index.ts';
import * as wire from '../../../src-core/wire/index.ts';

const AT = 1_795_000_000_000;
const DAY_MS = 86_400_000;
const backoff = fc.record({ type: fc.constantFrom('fixed' as const, 'exponential' as const), delayMs: fc.nat(7 * DAY_MS), maxDelayMs: fc.nat(7 * DAY_MS) }, { requiredKeys: ['type', 'delayMs'] });
const run: fc.Arbitrary<AskedRun> = fc.record({
  args: fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')), priority: fc.integer({ min: 1, max: 20 }), delayMs: fc.nat(366 * DAY_MS), attempts: fc.integer({ min: 1, max: 100 }),
  timeoutMs: fc.integer({ min: 100, max: DAY_MS }), backoff, key: fc.stringMatching(/^[!-~]{1,128}$/),
}, { requiredKeys: [] });

describe('a message that asks for runs', () => {
  test('comes back as it was written', () => {
    fc.assert(fc.property(fc.integer({ min: AT, max: AT + DAY_MS }), fc.integer({ min: 1, max: MAX_JOB_NUMBER }), fc.array(run, { minLength: 1, maxLength: 20 }), (at, job, runs) => {
      expect(wire.decodeAsked(wire.encodeAsked({ at, job, runs }))).toEqual({ ok: true, at, job, runs });
    }));
  });
  test('is what the manual shows', () => {
    expect(wire.encodeAsked({ at: AT, job: 7, runs: [{ args: 'a', priority: 10 }, {}] })).toBe('{"v":1,"at":1795000000000,"job":7,"runs":[{"args":"a","priority":10},{}]}');
    expect(wire.askedSubject('app', 'biz', 'owner')).toBe('natsjob.run.asked.app.biz.owner');
  });
  test('may leave out the job and have null for what is missing', () => {
    expect(wire.decodeAsked(`{"v":1,"at":${AT},"job":null,"runs":[{"args":null,"timeoutMs":null,"other":1}]}`)).toEqual({ ok: true, at: AT, runs: [{}] });
  });
  test('has 256 runs with all their fields', () => {
    const runs = Array.from({ length: 256 }, (): AskedRun => ({ args: '{"a":[1,2,3]}', priority: 1, delayMs: 0, attempts: 3, timeoutMs: 1000, backoff: { type: 'exponential', delayMs: 10, maxDelayMs: 1000 } }));
    expect(wire.decodeAsked(wire.encodeAsked({ at: AT, runs }))).toMatchObject({ ok: true, runs });
    expect(wire.decodeAsked(wire.encodeAsked({ at: AT, runs: [...runs, {}] }))).toEqual({ ok: false, problem: 'runs is no list of 1 to 256' });
  });
  test('never throws, whatever it holds', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.json().map((runs) => `{"v":1,"at":${AT},"runs":[${runs}]}`)), (text) => void wire.decodeAsked(text)));
  });
  test('cannot hold NUL or half a character, which no database takes', () => {
    expect(wire.decodeAsked(`{"v":1,"at":${AT},"runs":[{"args":"a\\u0000b\\ud800"}]}`)).toEqual({ ok: true, at: AT, runs: [{ args: 'a\ufffdb\ufffd' }] });
  });
  test.each([
    ['', 'no JSON'], ['[]', 'no JSON'], ['{"v":2}', 'v is not 1'], ['{"v":1,"at":"x","runs":[{}]}', 'at is no'], ['{"v":1,"at":0,"runs":[{}]}', 'at is no'],
    ['{"v":1,"at":1e300,"runs":[{}]}', 'at is no'], [`{"v":1,"at":${AT},"job":0,"runs":[{}]}`, 'job is no'], [`{"v":1,"at":${AT},"job":2031616,"runs":[{}]}`, 'job is no'],
    [`{"v":1,"at":${AT},"runs":[]}`, 'runs is no list'], [`{"v":1,"at":${AT},"runs":[{},1]}`, 'runs[1] is no object'], [`{"v":1,"at":${AT},"runs":[{"args":1}]}`, 'not text'],
    [`{"v":1,"at":${AT},"runs":[{"priority":0}]}`, 'priority'], [`{"v":1,"at":${AT},"runs":[{"attempts":101}]}`, 'attempts'], [`{"v":1,"at":${AT},"runs":[{"timeoutMs":99}]}`, 'timeoutMs'],
    [`{"v":1,"at":${AT},"runs":[{"key":""}]}`, 'key that is none'], [`{"v":1,"at":${AT},"runs":[{"key":"a b"}]}`, 'key that is none'], [`{"v":1,"at":${AT},"runs":[{"key":"${'x'.repeat(129)}"}]}`, 'key that is none'],
    [`{"v":1,"at":${AT},"runs":[{"delayMs":-1}]}`, 'delayMs'], [`{"v":1,"at":${AT},"runs":[{"backoff":{"type":"x","delayMs":1}}]}`, 'neither fixed'],
    [`{"v":1,"at":${AT},"runs":[{"backoff":{"type":"fixed"}}]}`, 'delayMs is none'], [`{"v":1,"at":${AT},"runs":[{"args":"${'x'.repeat(65_537)}"}]}`, 'more than 65536'],
    [`{"v":1,"at":${AT},"runs":[${'{},'.repeat(9000)}{}]}`, 'too many values'], [' '.repeat(1_048_577), 'more than the 1048576'],
  ])('%.60j is refused with the reason', (text, problem) => {
    const asked = wire.decodeAsked(text);
    expect(asked).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
  });
});

describe('the id of an asked run', () => {
  test('follows from the message, and is no other run\'s', () => {
    expect(wire.askedRunId(AT, 5, 3)).toBe(wire.runIdText(wire.makeRunId(AT + 3, 1, 2_031_616 + 5)));
    expect(wire.askedRunId(AT, 65_536 + 5, 3)).toBe(wire.askedRunId(AT, 5, 3));
    fc.assert(fc.property(fc.integer({ min: AT, max: AT + DAY_MS }), fc.nat(2 ** 40), fc.nat(255), (at, sequence, index) => {
      const id = wire.askedRunId(at, sequence, index);
      expect(wire.isAskedRunId(id)).toBe(true);
      expect(wire.parseRunId(id)).toMatchObject({ kind: 1, atMs: at + index });
    }));
    for (const number of [1, MAX_JOB_NUMBER]) expect(wire.isAskedRunId(wire.runIdToText(AT, 1, number))).toBe(false);
    expect(wire.ASKED_LANES).toBe(MAX_JOB_NUMBER + 1);
  });
  test('takes the stream\'s moment where the asker\'s clock is a minute off', () => {
    expect([AT - 60_000, AT + 60_000, AT - 60_001, AT + 60_001].map((at) => wire.askedMoment(at, AT))).toEqual([AT - 60_000, AT + 60_000, AT, AT]);
  });
});

test('options of a run come back as they were written', () => {
  fc.assert(fc.property(fc.record({ attempts: fc.integer({ min: 1, max: 100 }), timeoutMs: fc.integer({ min: 100, max: DAY_MS }), backoff }, { requiredKeys: [] }), (options) => {
    expect(wire.decodeRunOptions(wire.encodeRunOptions(options))).toEqual(options);
  }));
  expect(wire.encodeRunOptions({})).toBe('');
  for (const text of ['x', '{"timeoutMs":"x"}', '[]']) expect(wire.decodeRunOptions(text)).toEqual({});
});
