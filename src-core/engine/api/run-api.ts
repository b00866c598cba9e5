import { ConflictError, NotFoundError, UnavailableError } from '../../domain/errors.ts';
import type { RunRecord, RunState, SubRunRecord } from '../../domain/run.ts';
import { isFinal } from '../../domain/run.ts';
import type { RunApi, RunEvent } from '../../ports/index.ts';
import type { JobApiParts } from './api-parts.ts';
import { bulkRuns } from './run-bulk.ts';
import { getRun } from './find-run.ts';
import { attemptsOf } from './run-attempts.ts';
import { runMessages } from './run-messages.ts';
import { runReports } from './run-reports.ts';

export interface RunApiParts extends JobApiParts {
  /** Resolves with the run once it has ended, or undefined when the time runs out first. */
  readonly untilEnded: (taskId: string, limitMs: number) => Promise<RunRecord | undefined>;
}

const CANCEL_PATIENCE_MS = 10_000;
const MOST_COUNTED = 10_000;
const SUB_RUNS_IN_EVENTS = 200;

/** `seen` answers once the database is read, `parts` once the log is: reads do not need NATS. */
export function runApi(seen: () => RunApiParts, parts: () => RunApiParts): RunApi {
  return {
    async list(filter, { limit, before }) {
      const page = await seen().context.store.runs({ ...filter, limit, ...(before === undefined ? {} : { before }) });
      return { items: page.items, next: page.nextBefore };
    },
    async count(filter) {
      return seen().context.store.countRuns({ ...filter, limit: MOST_COUNTED });
    },
    get(taskId) {
      return getRun(seen(), taskId);
    },
    async subRuns(taskId, filter, { limit, before }) {
      const { store } = seen().context;
      const page = await store.subRuns(taskId, { ...filter, limit, ...(before === undefined ? {} : { before }) });
      // Runs of lite and plus have no row; what workers report of them is here all the same.
      if (page.items.length === 0 && (await store.subRuns(taskId, { limit: 1 })).items.length === 0) await getRun(seen(), taskId);
      return { items: page.items, next: page.nextBefore };
    },
    async events(taskId) {
      const run = await getRun(seen(), taskId);
      const { items } = await seen().context.store.subRuns(taskId, { limit: SUB_RUNS_IN_EVENTS });
      return eventsOf(run, items);
    },
    async messages(taskId) {
      return runMessages(parts(), await getRun(parts(), taskId));
    },
    attempts: (taskId) => attemptsOf(seen(), taskId),
    reports: (taskId, page) => runReports(parts(), taskId, page),
    async cancel(taskId, reason) {
      return parts().byLeader.cancel(taskId, reason);
    },
    async bulk(request) {
      const act = request.action === 'cancel' ? async (id: string) => ({ taskId: (await parts().byLeader.cancel(id)).id }) : (id: string) => rerun(parts(), id, {});
      return bulkRuns(parts(), request, act);
    },
    async rerun(taskId, request) {
      return rerun(parts(), taskId, request);
    },
  };
}

/** On the leader. */
export async function cancel(parts: RunApiParts, taskId: string, reason = 'cancelled by hand'): Promise<RunRecord> {
  const run = await getRun(parts, taskId);
  if (isFinal(run.state)) throw new ConflictError(`The run has ended already: it is ${run.state}.`);
  const entry = parts.book.get(taskId);
  if (entry === undefined) throw new ConflictError('The run is ending; look again.');
  const ended = parts.untilEnded(taskId, CANCEL_PATIENCE_MS);
  if (!entry.cancelling) parts.leadership().cancel(entry, reason, () => {});
  const last = await ended;
  if (last === undefined) throw new UnavailableError('NATS did not confirm the cancellation in time; it is still being tried.');
  return last;
}

async function rerun(parts: RunApiParts, taskId: string, request: { args?: unknown }): Promise<{ taskId: string; state: RunState }> {
  const run = await getRun(parts, taskId);
  const job = parts.jobs.byNumber(run.jobNumber);
  if (job === undefined) throw new NotFoundError('job', `${run.namespace}.${run.app}.${run.job}`);
  return parts.byLeader.run(job, { args: request.args ?? run.args, trigger: 'manual' });
}

function eventsOf(run: RunRecord, subRuns: readonly SubRunRecord[]): RunEvent[] {
  const events: RunEvent[] = [{ at: run.scheduledAt, kind: 'scheduled', detail: `${run.trigger}, attempt ${run.attempt} of ${run.attempts}` }];
  // A run that nothing has sent yet, or that follows another, is in the log because it was accepted.
  if (run.dispatchedAt === 0 || run.trigger === 'retry' || run.dueAt !== run.scheduledAt) events.push({ at: run.dueAt, kind: 'accepted', detail: 'due' });
  if (run.dispatchedAt > 0) events.push({ at: run.dispatchedAt, kind: 'dispatched', detail: run.workerId === '' ? '' : `worker ${run.workerId}` });
  if (run.step >= 2) events.push({ at: run.dispatchedAt, kind: 'next-step', detail: run.step === 3 ? 'second step sent' : 'second step due' });
  for (const sub of subRuns) {
    const label = `${sub.kind} ${sub.number}${sub.workerId === '' ? '' : ` by ${sub.workerId}`}: ${sub.status}${sub.reason === '' ? '' : ` (${sub.reason})`}`;
    events.push({ at: sub.endedAt || sub.startedAt || sub.createdAt, kind: 'sub-run', detail: label });
  }
  if (run.badAnswers > 0) events.push({ at: run.endedAt || run.dispatchedAt, kind: 'bad-answer', detail: `${run.badAnswers} answers could not be understood; the last: ${run.badAnswer}` });
  if (run.endedAt > 0) events.push({ at: run.endedAt, kind: 'ended', detail: `${run.state}${run.reason === '' ? '' : `: ${run.reason}`}` });
  if (run.retryId !== '') events.push({ at: run.endedAt, kind: 'retry', detail: `goes on as ${run.retryId}` });
  return events.sort((a, b) => a.at - b.at);
}
