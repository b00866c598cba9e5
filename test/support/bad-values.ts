import { expect } from 'vitest';
import type { ApiAnswer } from './program-api.ts';

/** A field, dots between levels, and values that it must not take. */
export interface Wrong {
  readonly field: string;
  readonly values: readonly unknown[];
}

/** Half of a surrogate pair: text to JavaScript, but not to Unicode. */
export const LONE = 'a\ud800b';

/** What no namespace, app or job may be called. */
export const WRONG_NAMES: readonly unknown[] = [
  '*', '>', 'a.*', 'a.b', '', ' ', 'a b', '../x', 'a/b', 'a\r\nb', '\0', LONE, 'ü', '<b>', "'; DROP TABLE jobs; --", 'x'.repeat(65), '$JS', '%2e', 1, true, [], {}, ['a'],
];

const NOT_TEXT = [1, true, [], {}];
const NOT_WHOLE = ['5', 1.5, true, [], {}, 1e300, -1];
const NOT_TIMES = ['', 'now', 1, '2026-01-01', '2026-01-01T00:00:00', '2026-02-30T00:00:00Z', '2026-01-01T25:00:00Z', '2026-01-01T00:00:00+99:00', '1970-01-01T00:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-14:00', {}];
const NOT_WORDS = ['', 'x', 1, [], '\0', "' OR 1=1"];

/** Of the body of a job; each value alone makes it wrong. */
export const WRONG_OF_JOB: readonly Wrong[] = [
  { field: 'description', values: [...NOT_TEXT, 'x'.repeat(1025), '\0', LONE] },
  { field: 'owner', values: [...NOT_TEXT, 'x'.repeat(65), '\0', LONE] },
  { field: 'schedule', values: ['@daily', 1, [], true] },
  {
    field: 'schedule.expression',
    values: [...NOT_TEXT, 'x'.repeat(257), '\0', LONE, '* * *', '61 * * * * *', '0 0 30 2 *', '@every 0s', '@every -1s', '@every 1', '@hourli', '@at 2020-01-01T00:00:00Z', 'TZ=Mars/Phobos * * * * *', '<b>', "'; DROP TABLE jobs"],
  },
  { field: 'schedule.timezone', values: [...NOT_TEXT, 'x'.repeat(65), 'Mars/Phobos', '../../etc/passwd', '\0', LONE] },
  { field: 'schedule.startAt', values: NOT_TIMES },
  { field: 'schedule.endAt', values: NOT_TIMES },
  { field: 'schedule.dst', values: NOT_WORDS },
  { field: 'schedule.jitterMs', values: [...NOT_WHOLE, 86_400_001] },
  { field: 'schedule.cron', values: ['* * * * *'] },
  { field: 'category', values: NOT_WORDS },
  { field: 'model', values: NOT_WORDS },
  { field: 'condition', values: ['x', 1, [], 'clientFirst'] },
  { field: 'args', values: ['x'.repeat(65_537), 'ü'.repeat(32_769), ['x'.repeat(65_536)], 'a\0b', LONE] },
  { field: 'maxRunning', values: [...NOT_WHOLE, 10_001] },
  { field: 'overlap', values: NOT_WORDS },
  { field: 'queueLimit', values: [...NOT_WHOLE, 0, 1_000_001] },
  { field: 'timeoutMs', values: [...NOT_WHOLE, 0, 99, 86_400_001, '1s'] },
  { field: 'retry', values: ['x', 3, [], true] },
  { field: 'retry.attempts', values: [...NOT_WHOLE, 0, 101] },
  { field: 'retry.backoff', values: NOT_WORDS },
  { field: 'retry.delayMs', values: [...NOT_WHOLE, 86_400_001] },
  { field: 'retry.maxDelayMs', values: [...NOT_WHOLE, 7 * 86_400_000 + 1] },
  { field: 'retry.on', values: ['fail', [1], ['success'], ['fail', 'expired', 'fail'], {}] },
  { field: 'retry.times', values: [3] },
  { field: 'misfire', values: ['skip', 1, []] },
  { field: 'misfire.policy', values: NOT_WORDS },
  { field: 'misfire.windowMs', values: [...NOT_WHOLE, 7 * 86_400_000 + 1] },
  { field: 'misfire.max', values: [...NOT_WHOLE, 0, 1001] },
  { field: 'rate', values: ['1/s', 5, []] },
  { field: 'rate.max', values: [...NOT_WHOLE, 0, 10_001, undefined] },
  { field: 'rate.perMs', values: [...NOT_WHOLE, 99, 86_400_001, undefined] },
  { field: 'priority', values: ['urgent', '5', 'constructor', true, [], 0, 21, -1, 1.5] },
  { field: 'state', values: NOT_WORDS },
  { field: 'tags', values: ['x', 1, {}, [1], [''], [' '], ['a\nb'], ['\0'], [LONE], ['x'.repeat(65)], Array.from({ length: 21 }, (_, index) => `t${index}`)] },
  { field: 'colour', values: ['red'] },
  { field: 'constructor', values: [{}] },
];

/** The object with the value at the path; `rate` gets its other half, so that only one is wrong. */
export function putAt(base: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const [first = '', second] = path.split('.');
  if (second === undefined) return { ...base, [first]: value };
  return { ...base, [first]: { ...(first === 'rate' ? { max: 1, perMs: 1000 } : {}), [second]: value } };
}

/** That the answer is a problem document; with a field, that it names the field and says more than that it is wrong. */
export function expectProblem({ status, body, headers }: ApiAnswer, expected: number, field?: string, value?: unknown): void {
  const about = `${field ?? ''} ${JSON.stringify(value)?.slice(0, 100)}: ${JSON.stringify(body).slice(0, 500)}`;
  expect(status, about).toBe(expected);
  expect(headers.get('content-type'), about).toBe('application/problem+json');
  expect(body, about).toMatchObject({ status: expected, type: expect.stringMatching(/^urn:natsjob:problem:/), title: expect.any(String), detail: expect.any(String), errors: expect.any(Array) });
  if (field === undefined) return;
  const found = body.errors.find((error: { field: string }) => error.field === field || error.field.startsWith(`${field}[`));
  expect(found, about).toBeDefined();
  expect(found.message.length, about).toBeGreaterThan(8);
}
