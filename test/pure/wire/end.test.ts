import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundedText, cutCharacters, decodeEnd, encodeEnd, MAX_END_LENGTH } from '../../../src-core/wire/index.ts';
import { isWellFormed } from './well-formed.ts';

type Who = 'worker' | 'next' | 'leader';
const golden = JSON.parse(readFileSync(new URL('../../golden/wire-answers.json', import.meta.url), 'utf8')) as { good: [string, Who, string][]; bad: [string, Who, string][] };
const rules = (who: Who) => ({ allowNext: who === 'next', fromLeader: who === 'leader' });
const worker = rules('worker');

describe('an answer', () => {
  test.each(golden.good)('%j of a %s is %s', (text, who, status) => {
    expect(decodeEnd(text, rules(who))).toMatchObject({ ok: true, status });
  });
  test.each(golden.bad)('%j of a %s is bad: %s', (text, who, problem) => {
    expect(decodeEnd(text, rules(who))).toEqual({ ok: false, problem });
  });

  test('is the manual’s example', () => {
    const text = '{\n   "status": "success",\n   "reason": "赚到1个小目标",\n   "monitorStatus": "monitior:world",\n   "monitorPayload": "通知全世界我有1个小目标了"\n}';
    expect(decodeEnd(text, worker)).toEqual({ ok: true, status: 'success', reason: '赚到1个小目标', monitorStatus: 'monitior:world', monitorPayload: '通知全世界我有1个小目标了', clientId: '' });
  });

  test('is cut by character: 64 and 1,024', () => {
    const long = '😀'.repeat(3000);
    expect(decodeEnd(JSON.stringify({ status: 'fail', reason: long, monitorStatus: long, monitorPayload: long, clientId: long }), worker)).toEqual({
      ok: true, status: 'fail', reason: '😀'.repeat(1024), monitorStatus: '😀'.repeat(64), monitorPayload: '😀'.repeat(1024), clientId: '😀'.repeat(64),
    });
  });

  test('says so when its status is long, in a short sentence', () => {
    const result = decodeEnd(JSON.stringify({ status: '界'.repeat(5000) }), worker);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.problem.length).toBeLessThan(200);
  });

  test('is not read when it is huge, even if good', () => {
    const text = JSON.stringify({ status: 'success', reason: 'x'.repeat(MAX_END_LENGTH) });
    expect(decodeEnd(text, worker)).toMatchObject({ ok: false, problem: expect.stringContaining('more than the 1000000') });
    expect(decodeEnd('['.repeat(2_000_000), worker)).toMatchObject({ ok: false });
  });

  test('may nest, but not so deep that reading it would hold the scheduler up', () => {
    const nested = (depth: number): string => '{"status":"success","x":' + '['.repeat(depth) + ']'.repeat(depth) + '}';
    expect(decodeEnd(nested(4000), worker)).toMatchObject({ ok: true });
    expect(decodeEnd(nested(100_000), worker)).toMatchObject({ ok: false });
  });

  test('with a reason of nearly a megabyte is read and cut', () => {
    expect(decodeEnd(JSON.stringify({ status: 'fail', reason: 'at "x", line 1\n'.repeat(50_000) }), worker)).toMatchObject({ ok: true, status: 'fail' });
  });

  test('of the leader is short', () => {
    expect(encodeEnd({ status: 'expired' })).toBe('{"status":"expired"}');
    expect(encodeEnd({ status: 'expired', step: 1 })).toBe('{"status":"expired","step":1}');
    expect(encodeEnd({ status: 'cancelled', reason: 'by "ann"' })).toBe('{"status":"cancelled","reason":"by \\"ann\\""}');
  });

  test('a worker may say that no attempt is to follow; anything but true says nothing', () => {
    expect(decodeEnd('{"status":"fail","noRetry":true}', rules('worker'))).toMatchObject({ ok: true, noRetry: true });
    expect(decodeEnd(encodeEnd({ status: 'fail', noRetry: true }), rules('worker'))).toMatchObject({ ok: true, noRetry: true });
    for (const value of ['false', 'null', '"true"', '1']) expect(decodeEnd(`{"status":"fail","noRetry":${value}}`, rules('worker'))).not.toHaveProperty('noRetry');
  });
  test('what the leader says of the step that was sent is heeded from the leader only', () => {
    expect(decodeEnd('{"status":"cancelled","step":3}', rules('leader'))).toMatchObject({ ok: true, step: 3 });
    for (const text of ['{"status":"success","step":3}', '{"status":"fail","step":"3"}']) expect(decodeEnd(text, rules('worker'))).not.toHaveProperty('step');
    for (const step of ['4', '-1', '1.5', '"1"', 'null']) expect(decodeEnd(`{"status":"expired","step":${step}}`, rules('leader'))).not.toHaveProperty('step');
  });

  test('comes back as it was written', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => !value.includes('\0'));
    fc.assert(fc.property(fc.constantFrom('success' as const, 'fail' as const, 'expired' as const, 'cancelled' as const), text, text, text, text, (status, reason, monitorStatus, monitorPayload, clientId) => {
      const end = { status, reason, monitorStatus: cutCharacters(monitorStatus, 64), monitorPayload, clientId: cutCharacters(clientId, 64) };
      expect(decodeEnd(encodeEnd(end), rules('leader'))).toEqual({ ok: true, ...end });
    }));
  });

  test('never throws, whatever it is', () => {
    const named = fc.dictionary(fc.constantFrom('status', 'Status', 'reason', 'REASON', 'monitorStatus', 'clientId', '__proto__', 'x'), fc.oneof(fc.jsonValue(), fc.constantFrom('success', 'expired', 'success:next'))).map((value) => JSON.stringify(value));
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), named), fc.boolean(), fc.boolean(), (text, allowNext, fromLeader) => {
      const result = decodeEnd(text, { allowNext, fromLeader });
      if (!result.ok) {
        expect(result.problem).toMatch(/^[a-z].{0,200}$/s);
      } else {
        if (!allowNext) expect(result.status).not.toBe('success:next');
        if (!fromLeader) expect(['success', 'fail', 'success:next']).toContain(result.status);
      }
    }), { numRuns: 2000 });
  });
});

describe('a text from outside', () => {
  test('is cut without ever splitting a character', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(250), (text, max) => {
      expect(cutCharacters(text, max)).toBe(Array.from(text).slice(0, max).join(''));
      expect(isWellFormed(cutCharacters(text, max))).toBe(true);
    }));
  });
  test('may be ill-formed, and is storable afterwards', () => {
    const units = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7fe, max: 0xe002 }), fc.constant(0)), { maxLength: 60 }).map((codes) => String.fromCharCode(...codes));
    fc.assert(fc.property(units, fc.nat(70), (text, max) => {
      const bounded = boundedText(text, max);
      expect(isWellFormed(bounded) && !bounded.includes('\0')).toBe(true);
      expect(Array.from(bounded)).toHaveLength(Math.min(max, Array.from(text).length));
    }), { numRuns: 2000 });
  });
});
