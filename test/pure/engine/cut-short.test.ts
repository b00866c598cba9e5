import { describe, expect, test } from 'vitest';
import type { JobApiParts } from '../../../src-core/engine/api/api-parts.ts';
import { jobVersions } from '../../../src-core/engine/api/job-versions.ts';
import { runReports } from '../../../src-core/engine/api/run-reports.ts';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import type { ReadOptions } from '../../../src-core/ports/bus.ts';
import { encodeReport } from '../../../src-core/wire/index.ts';

const TASK_ID = '815735123214336001';

/** A NATS that shows the texts in the time there is, and no more. */
function slow(texts: readonly string[]): JobApiParts {
  const read = async ({ onMessage }: ReadOptions): Promise<boolean> => {
    for (const [at, text] of texts.entries()) onMessage({ sequence: at + 1, subject: '', storedAt: 0, text, tooLong: false, header: () => '', headers: {} });
    return false;
  };
  return { context: { bus: { read }, store: { run: async () => undefined } }, book: { get: () => undefined }, jobs: { find: () => undefined } } as unknown as JobApiParts;
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
});
