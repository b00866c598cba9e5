import { sql, type SQL } from 'drizzle-orm';
import type { RunRecord, SubRunRecord } from '../../../domain/index.ts';
import type { RunBrief } from '../../../ports/index.ts';
import { STATE, SUB_RUN_KIND } from '../../sqlite/codes.ts';
import { readRun, type RawRun } from '../../sqlite/run-row.ts';
import type { Cell, Dialect } from '../dialect.ts';

/** What a list of runs is read from: `r` is the run, `j` the names of its job. */
export const RUNS = sql.raw('natsjob_run r left join natsjob_job_ref j on j.job_number = r.job_number');

const OTHERS = sql.raw(['j.namespace', 'j.app', 'j.job', ...[
  'job_number', 'category', 'model', 'state', 'trigger_code', 'flags', 'attempt', 'attempts', 'retry_on', 'priority', 'step', 'scheduled_at', 'due_at', 'dispatched_at',
  'expires_at', 'ended_at', 'running_count', 'bad_answers', 'targets', 'targets_ended', 'targets_worst', 'worker_id', 'status', 'monitor_status', 'reason', 'args',
  'bad_answer', 'monitor_payload', 'own_options',
].map((name) => `r.${name}`)].join(', '));

/** Columns in the order of SQLite's `runFields`, so that rows of all products are read the same way. */
export function runFields(dialect: Dialect): SQL {
  return sql`${dialect.exact(sql.raw('r.id'))}, ${dialect.exact(sql.raw('r.root_id'))}, ${dialect.exact(sql.raw('r.retry_id'))}, ${OTHERS}`;
}

export function toRun([id, rootId, retryId, ...others]: readonly Cell[]): RunRecord {
  const root = rootId === null || rootId === undefined ? null : Number(rootId) === 0 ? 0 : String(rootId);
  return readRun([String(id), root, retryId === null || retryId === undefined ? null : String(retryId), ...others] as RawRun);
}

const BRIEF = sql.raw('r.job_number, r.state, r.scheduled_at, r.due_at, r.dispatched_at, r.ended_at, r.reason');

export function briefFields(dialect: Dialect): SQL {
  return sql`${dialect.exact(sql.raw('r.id'))}, ${BRIEF}`;
}

export function toBrief([id, jobNumber, state, scheduledAt, dueAt, dispatchedAt, endedAt, reason]: readonly Cell[]): RunBrief {
  return {
    id: String(id), jobNumber: Number(jobNumber), state: STATE.toWord(Number(state)), scheduledAt: Number(scheduledAt), dueAt: Number(dueAt),
    dispatchedAt: Number(dispatchedAt), endedAt: Number(endedAt), reason: String(reason ?? ''),
  };
}

export const SUB_RUN_FIELDS = sql.raw('kind, part_number, worker_id, scene_id, scene_name, status, reason, monitor_status, monitor_payload, started_at, ended_at, created_at');

export function toSubRun(runId: string, row: readonly Cell[]): SubRunRecord {
  const text = (index: number): string => String(row[index] ?? '');
  return {
    runId, kind: SUB_RUN_KIND.toWord(Number(row[0])), number: Number(row[1]), workerId: text(2), sceneId: text(3), sceneName: text(4), status: text(5),
    reason: text(6), monitorStatus: text(7), monitorPayload: text(8), startedAt: Number(row[9]), endedAt: Number(row[10]), createdAt: Number(row[11]),
  };
}
