import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DispatchJob, DispatchRun } from '../../../src-core/wire/index.ts';
import { argsLiteral, CATEGORIES, CONDITIONS, decodeDispatch, dispatchTemplate, encodeDispatch, MODELS } from '../../../src-core/wire/index.ts';

interface GoldenRow {
  name: string;
  job: DispatchJob;
  args: string;
  run: Omit<DispatchRun, 'argsJson'>;
  text: string;
}

const golden = JSON.parse(readFileSync(new URL('../../golden/wire-dispatch.json', import.meta.url), 'utf8')) as GoldenRow[];

describe('the dispatched message, byte for byte', () => {
  test.each(golden)('$name', ({ job, args, run, text }) => {
    expect(encodeDispatch(dispatchTemplate(job), { ...run, argsJson: argsLiteral(args) })).toBe(text);
  });

  test('has the fields of the manual in its order, and only one that is not text', () => {
    const manual = readFileSync(new URL('../../golden/wire-manual-dispatch.json', import.meta.url), 'utf8');
    expect((golden[0] as GoldenRow).text).toBe(JSON.stringify(JSON.parse(manual)));
  });
});

describe('reading a dispatch back', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
  const id = fc.bigInt({ min: 10n ** 14n, max: 2n ** 63n - 1n }).map(String);

  test('gives what was written, whatever the arguments hold', () => {
    fc.assert(fc.property(
      fc.record({ namespace: name, app: name, job: name, category: fc.constantFrom(...CATEGORIES), model: fc.constantFrom(...MODELS), condition: fc.constantFrom('' as const, ...CONDITIONS) }),
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json()),
      fc.record({ taskId: id, endKey: name, createdAt: fc.constant('2026-01-02 03:04:05.678'), expiresAt: fc.constant('2026-01-02 03:05:05.678'), runningCount: fc.nat(), attempt: fc.integer({ min: 1, max: 100 }), priority: fc.integer({ min: 0, max: 9 }), rootTaskId: id }),
      (job, args, run) => {
        const answered = job.model !== 'lite' && job.model !== 'plus';
        expect(decodeDispatch(encodeDispatch(dispatchTemplate(job), { ...run, argsJson: argsLiteral(args) }))).toEqual({
          ...job, args, taskId: run.taskId, createdAt: run.createdAt, runningCount: run.runningCount, attempt: run.attempt, priority: run.priority, nextPayload: '',
          expiresAt: answered ? run.expiresAt : '', endKey: answered ? run.endKey : '', endBucket: answered ? 'natsjob-job-results' : '',
          ...(run.attempt > 1 ? { rootTaskId: run.rootTaskId } : {}),
        });
      },
    ));
  });

  test('takes a message of a worker that leaves fields out, adds some, or sends nulls', () => {
    expect(decodeDispatch('{"taskId":"1","nextPayload":"{}","jobArgs":null,"mine":[1]}')).toMatchObject({ taskId: '1', nextPayload: '{}', args: '', runningCount: 0, attempt: 1, priority: 5 });
  });

  test.each(['', 'x', '[]', '{}', '{"taskId":1}', '{"taskId":""}', '{"taskId":"1","jobArgs":{}}', '{"taskId":"1","jobRunningCount":"0"}', '{"taskId":"1","jobRunningCount":-1}'])('refuses %s', (text) => {
    expect(decodeDispatch(text)).toBeUndefined();
  });
});
