import { NotFoundError, UnavailableError } from '../../domain/errors.ts';
import type { RunRecord } from '../../domain/run.ts';
import type { RunReport } from '../../ports/index.ts';
import { decodeReport, isRunId, REPORTS_STREAM, reportSubject } from '../../wire/index.ts';
import type { JobApiParts } from './api-parts.ts';
import { findRun } from './find-run.ts';

const LIMIT_MS = 8_000;
/** Beside what else is told of a run, which does not wait for it. */
const RESULT_LIMIT_MS = 2_000;
/** Of text in one page: results are long. */
const MOST_LENGTH = 1_048_576;

/** The last result that was reported of the run; undefined when it is not kept any more, or NATS is away: the answer says what it can. */
export async function reportedResult({ context: { bus } }: JobApiParts, { id, namespace, app, job }: RunRecord): Promise<{ readonly value: unknown } | undefined> {
  let result: { readonly value: unknown } | undefined;
  try {
    const isWhole = await bus.read({
      stream: REPORTS_STREAM, subjects: [reportSubject(namespace, app, job, id)], limitMs: RESULT_LIMIT_MS,
      onMessage: ({ text }) => {
        const report = decodeReport(text);
        if (report?.kind === 'result') result = { value: report.value };
        return true;
      },
    });
    // What came may not be the last one.
    return isWhole ? result : undefined;
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return undefined;
  }
}

/** Rejects with NotFoundError when there is neither such a run nor a report of one: of lite and plus there is only the second. */
export async function runReports(parts: JobApiParts, taskId: string, { limit, after = 0 }: { limit: number; after?: number }): Promise<{ items: readonly RunReport[]; next: number | undefined }> {
  const run = await findRun(parts, taskId);
  if (run === undefined && !isRunId(taskId)) throw new NotFoundError('run', taskId);
  const items: RunReport[] = [];
  let next: number | undefined;
  let length = 0;
  const isWhole = await parts.context.bus.read({
    stream: REPORTS_STREAM, subjects: [run === undefined ? reportSubject('*', '*', '*', taskId) : reportSubject(run.namespace, run.app, run.job, taskId)],
    from: after + 1, limitMs: LIMIT_MS,
    onMessage: ({ sequence, text }) => {
      if (items.length === limit || (items.length > 0 && length + text.length > MOST_LENGTH)) {
        next = items.at(-1)?.sequence;
        return false;
      }
      // Anybody may publish there.
      const report = decodeReport(text);
      if (report === undefined) return true;
      length += text.length;
      items.push({ ...report, sequence });
      return true;
    },
  });
  if (!isWhole) {
    if (items.length === 0) throw new UnavailableError(`NATS took longer than ${LIMIT_MS} ms to show what was reported of run ${taskId}.`);
    next = items.at(-1)?.sequence;
  }
  if (run === undefined && items.length === 0 && after === 0) throw new NotFoundError('run', taskId);
  return { items, next };
}
