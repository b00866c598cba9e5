import { expect, test } from 'vitest';
import { isUnanswerable } from '../../../src-core/decide/unanswerable.ts';
import { emptyRecord } from '../../../src-core/decide/book-entry.ts';
import type { RunRecord } from '../../../src-core/domain/run.ts';

const NOW = 1_000_000;
const GONE = { runs: 500_000, results: 600_000 };

test.each<[string, Partial<RunRecord>, boolean]>([
  ['active, sent before, its time is up', { state: 'active', dispatchedAt: 599_999, expiresAt: NOW }, true],
  ['active, sent before, and still has time', { state: 'active', dispatchedAt: 599_999, expiresAt: NOW + 1 }, false],
  ['active, sent after: its answer would be in the log', { state: 'active', dispatchedAt: 600_000, expiresAt: NOW }, false],
  ['delayed, due before', { state: 'delayed', scheduledAt: 100, dueAt: 499_999 }, true],
  ['delayed, due after: its dispatch would be in the log', { state: 'delayed', scheduledAt: 100, dueAt: 500_000 }, false],
  ['waiting since before', { state: 'waiting', scheduledAt: 499_999 }, true],
  ['waiting since after', { state: 'waiting', scheduledAt: 500_000 }, false],
  ['ended', { state: 'failed', dispatchedAt: 1, expiresAt: 2, endedAt: 3 }, false],
])('a run that is %s', (_what, part, expected) => {
  const run = { ...emptyRecord('1', { jobNumber: 1, namespace: 'app', app: 'biz', job: 'j' }), ...part };
  expect(isUnanswerable(run, GONE, NOW)).toBe(expected);
  expect(isUnanswerable(run, { runs: 0, results: 0 }, NOW)).toBe(false);
});
