import { describe, expect, test } from 'vitest';
import type { JobApiParts } from '../../../src-core/engine/api/api-parts.ts';
import { jobVersions } from '../../../src-core/engine/api/job-versions.ts';
import { runMessages } from '../../../src-core/engine/api/run-messages.ts';
import { reportedResult, runReports } from '../../../src-core/engine/api/run-reports.ts';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import type { RunRecord } from '../../../src-core/domain/run.ts';
import type { ReadOptions } from '../../../src-core/ports/bus.ts';
import { encodeReport } from '../../../src-core/wire/index.ts';

const TASK_ID = '815735123214336001';
const RUN = { id: TASK_ID, namespace: 'app', app: 'biz', job: 'work', category: 'standalone', scheduledAt: 1_000, dispatchedAt: 1_000, endedAt: 0 } as RunRecord;

/** A NATS that shows the texts in the time there is, and no more. */
function slow(texts: readonly string[]): JobApiParts {
  const read = async ({ onMessage }: ReadOptions): Promise<boolean> => {
    for (const [at, text] of texts.entries()) onMessage({ sequence: at + 1, subject: '', storedAt: 0, text, tooLong: false, header: () => '', headers: {} });
    return false;
  };
  return { context: { bus: { read }, clock: { now: () => 2_000 }, store: { run: async () => undefined } }, book: { get: () => undefined }, jobs: { find: () => undefined } } as unknown as JobApiParts;
}

describe('when NATS shows a part only in the time there is', () => {
  const lines = [1, 2].map((at) => encodeReport({ kind: 'log', at, level: 'info', text: `line ${at}` }) ?? '');

  test('a page of reports says where to go on', async () => {
    const { items, next } = await runReports(slow(lines), TASK_ID, { limit: 200 });
    expect([items.length, next]).toEqual([2, 2]);
  });

  test('no reports at all are not "none"', async () => {
    await expect(runReports(slow([]), TASK_ID, { limit: 200, after: 5 })).rejects.toThrow(UnavailableError);
  });

  test('versions of a job without the newest are not told as all', async () => {
    await expect(jobVersions(slow([]), 'app.biz.work')).rejects.toThrow(UnavailableError);
  });

  test('no messages of a run are not told as "kept no longer"', async () => {
    await expect(runMessages(slow([]), RUN)).rejects.toThrow(UnavailableError);
  });

  test('the last result that came is not told as the last one', async () => {
    expect(await reportedResult(slow([encodeReport({ kind: 'result', at: 1, value: 'of an attempt before' }) ?? '']), RUN)).toBeUndefined();
  });
});
