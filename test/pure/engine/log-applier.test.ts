import { beforeEach, expect, test } from 'vitest';
import { RunBook } from '../../../src-core/decide/index.ts';
import type { LogApplierParts } from '../../../src-core/engine/log-applier.ts';
import { LogApplier } from '../../../src-core/engine/log-applier.ts';
import { dispatch, end, listening, T0, taskId } from '../../support/run-log.ts';

let now: number;
let isKnown: boolean;
let odd: string[];
let book: RunBook;
let applier: LogApplier;

beforeEach(() => {
  now = T0 + 10_000;
  isKnown = true;
  odd = [];
  book = new RunBook(listening());
  applier = new LogApplier({
    context: { clock: { now: () => now }, config: { retentionMs: 86_400_000 } }, book, offsetMinutesAt: () => 0,
    isKnown: () => isKnown, flowMonitored: () => {}, odd: (kind: string) => void odd.push(kind),
  } as unknown as LogApplierParts);
});

/** The number of sub-runs that come of it. */
function reportsKept(id: string): number {
  const text = JSON.stringify({ taskId: id, namespace: 'app', appName: 'biz', jobName: 'report', clientId: 'w', sceneId: 's', status: 'half' });
  applier.applyRuns({ sequence: 7, subject: 'natsjob.job.sub-result-flow', storedAt: now, text, tooLong: false, header: () => '' });
  return book.takeUnsaved(10).subRuns.length;
}

/** Its end is in the view, and the book has forgotten it. */
function close(id: string): void {
  dispatch({ id })(book);
  end({ id }, 'success', 1)(book);
  book.saved(book.takeUnsaved(10).entries);
}

test('a report of a run that has ended is kept although its job is gone', () => {
  close(taskId(1));
  isKnown = false;
  expect(reportsKept(taskId(1))).toBe(1);
  expect(odd).toEqual([]);
});

test('a report of a run that a clock ahead of ours named is kept once the log has shown the run, whether it has ended or not', () => {
  const id = taskId(200_000);
  expect(reportsKept(id)).toBe(0);
  dispatch({ id })(book);
  expect(reportsKept(id)).toBe(1);
  close(id);
  expect(reportsKept(id)).toBe(1);
});

test('a report of what cannot be a run of ours is not kept', () => {
  isKnown = false;
  expect(reportsKept(taskId(1))).toBe(0);
  isKnown = true;
  expect([reportsKept(taskId(-90_000_000)), reportsKept(taskId(1))]).toEqual([0, 1]);
  expect(odd).toEqual(['flow-unknown-run', 'flow-unknown-run']);
});
