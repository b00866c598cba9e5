import type { MessagePort } from 'node:worker_threads';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { InvalidInputError } from '../../../domain/index.ts';
import { openKeeper, openReader, type ConnectionOptions } from '../connection.ts';
import { explain } from '../errors.ts';
import { readBriefs, readRecentRuns } from './briefs.ts';
import { addTextFunctions } from './contains.ts';
import { countRuns } from './count.ts';
import { readEndTotals } from './end-totals.ts';
import { readLastRuns } from './last-runs.ts';
import { readLateJobs } from './late-jobs.ts';
import { moveLog } from './move-log.ts';
import { READY, type AnswerMessage, type RequestKind, type RequestMessage, type Requests } from './requests.ts';
import { readRuns } from './runs.ts';
import { readSkips } from './skips.ts';
import { readSubRuns } from './sub-runs.ts';
import { readWorkerEnds } from './worker-ends.ts';

/** Says that it is ready, then answers requests one after the other until told to close (null), and leaves the port. */
export function answerReads(options: ConnectionOptions, port: MessagePort): void {
  const connection = openReader(options);
  const keeper = openKeeper(options);
  addTextFunctions(connection);
  const db = drizzle(connection);
  const now = (): number => performance.now();
  const handlers: { [Kind in RequestKind]: (ask: Requests[Kind]['ask']) => Requests[Kind]['answer'] } = {
    runs: (query) => readRuns(db, query, now),
    countRuns: (query) => countRuns(db, query, now),
    briefs: (query) => readBriefs(db, query, now),
    recentRuns: ({ jobNumbers, limit }) => readRecentRuns(db, jobNumbers, limit),
    subRuns: ({ runId, query }) => readSubRuns(db, runId, query, now),
    lateJobs: (query) => readLateJobs(db, query),
    lastRuns: (jobNumbers) => readLastRuns(db, jobNumbers),
    skips: (query) => readSkips(db, query),
    endTotals: (query) => readEndTotals(db, query),
    workerEnds: (query) => readWorkerEnds(db, query),
    checkpoint: ({ finish }) => moveLog(keeper, finish),
  };
  port.on('message', (message: RequestMessage | null) => {
    if (message === null) {
      connection.close();
      keeper.close();
      port.close();
      return;
    }
    port.postMessage(answer(handlers, message, options.file));
  });
  port.postMessage({ number: READY } satisfies AnswerMessage);
}

function answer(handlers: object, { number, kind, ask }: RequestMessage, file: string): AnswerMessage {
  try {
    const handle = (handlers as Record<RequestKind, (ask: unknown) => unknown>)[kind];
    return { number, answer: handle(ask) };
  } catch (thrown) {
    const error = explain(thrown, file) as Error;
    if (error instanceof InvalidInputError) {
      const [first] = error.errors;
      return { number, failure: { name: error.name, message: first?.message ?? error.message, field: first?.field ?? '' } };
    }
    return { number, failure: { name: error.name, message: error.message } };
  }
}
