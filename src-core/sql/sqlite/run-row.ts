import { getTableColumns, sql, type SQL } from 'drizzle-orm';
import type { AnySQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { RunRecord } from '../../domain/index.ts';
import { idToInteger } from '../run-id.ts';
import { CATEGORY, FLAG_RETRY_PENDING, MODEL, STATE, TRIGGER } from './codes.ts';
import { jobRef, run } from './schema.ts';

/** A value better-sqlite3 can bind. */
export type Param = number | bigint | string | null;

/** Columns in the order of `runParams`; `id` and `job_number` come last, they never change. */
const MUTABLE = Object.values(getTableColumns(run)).map((column) => column.name).filter((name) => name !== 'id' && name !== 'job_number');

export const INSERT_RUN = `insert into run (${MUTABLE.join(', ')}, job_number, id) values (${MUTABLE.map(() => '?').join(', ')}, ?, ?) on conflict (id) do nothing`;
const SET_RUN = `update run set ${MUTABLE.map((name) => `${name} = ?`).join(', ')} where job_number = ? and id = ?`;
export const UPDATE_RUN = SET_RUN;
/** Changes a row whose end was not counted yet, and no other: see isCounted. */
export const UPDATE_UNCOUNTED_RUN = `${SET_RUN} and state < ${STATE.toCode.completed}`;

/** Values of all columns. Throws RangeError for an id that is none, and for words without a code. */
export function runParams(record: RunRecord): Param[] {
  const id = idToInteger(record.id);
  return [
    code(CATEGORY.toCode[record.category], record.category),
    code(MODEL.toCode[record.model], record.model),
    code(STATE.toCode[record.state], record.state),
    code(TRIGGER.toCode[record.trigger], record.trigger),
    record.retryPending ? FLAG_RETRY_PENDING : 0,
    record.attempt, record.attempts, record.retryOn, record.priority, record.step,
    record.scheduledAt, record.dueAt, record.dispatchedAt, record.expiresAt, record.endedAt,
    record.runningCount, record.badAnswers, record.targets, record.targetsEnded, record.targetsWorst,
    record.rootId === '' ? null : record.rootId === record.id ? 0 : idToInteger(record.rootId),
    record.retryId === '' ? null : idToInteger(record.retryId),
    record.workerId || null, record.status || null, record.monitorStatus || null, record.reason || null,
    record.args || null, record.badAnswer || null, record.monitorPayload || null, record.ownOptions || null,
    record.jobNumber, id,
  ];
}

/** What to select for `readRun`, joined with job_ref. Ids as text: a column read as a JavaScript number would lose digits. */
export const runFields = {
  id: idText(run.id),
  rootId: sql<string | number | null>`case when ${run.rootId} = 0 then 0 else cast(${run.rootId} as text) end`,
  retryId: idText(run.retryId),
  namespace: jobRef.namespace,
  app: jobRef.app,
  job: jobRef.job,
  jobNumber: run.jobNumber,
  category: run.category,
  model: run.model,
  state: run.state,
  trigger: run.trigger,
  flags: run.flags,
  attempt: run.attempt,
  attempts: run.attempts,
  retryOn: run.retryOn,
  priority: run.priority,
  step: run.step,
  scheduledAt: run.scheduledAt,
  dueAt: run.dueAt,
  dispatchedAt: run.dispatchedAt,
  expiresAt: run.expiresAt,
  endedAt: run.endedAt,
  runningCount: run.runningCount,
  badAnswers: run.badAnswers,
  targets: run.targets,
  targetsEnded: run.targetsEnded,
  targetsWorst: run.targetsWorst,
  workerId: run.workerId,
  status: run.status,
  monitorStatus: run.monitorStatus,
  reason: run.reason,
  args: run.args,
  badAnswer: run.badAnswer,
  monitorPayload: run.monitorPayload,
  ownOptions: run.ownOptions,
};

/** A row of `runFields` as it comes from SQLite, before any mapping: cheap to hand from thread to thread. */
export type RawRun = readonly (string | number | null)[];

export function readRun(raw: RawRun): RunRecord {
  const [id, rootId, retryId, namespace, app, job] = raw as [string, string | 0 | null, string | null, string | null, string | null, string | null];
  const n = raw as readonly number[];
  const t = raw as readonly (string | null)[];
  return {
    id,
    jobNumber: n[6]!,
    namespace: namespace ?? '',
    app: app ?? '',
    job: job ?? '',
    category: CATEGORY.toWord(n[7]!),
    model: MODEL.toWord(n[8]!),
    state: STATE.toWord(n[9]!),
    trigger: TRIGGER.toWord(n[10]!),
    attempt: n[12]!,
    attempts: n[13]!,
    retryOn: n[14]!,
    rootId: rootId === 0 ? id : rootId ?? '',
    priority: n[15]!,
    step: n[16]!,
    scheduledAt: n[17]!,
    dueAt: n[18]!,
    dispatchedAt: n[19]!,
    expiresAt: n[20]!,
    endedAt: n[21]!,
    runningCount: n[22]!,
    args: t[31] ?? '',
    ownOptions: t[34] ?? '',
    workerId: t[27] ?? '',
    status: t[28] ?? '',
    reason: t[30] ?? '',
    monitorStatus: t[29] ?? '',
    monitorPayload: t[33] ?? '',
    badAnswers: n[23]!,
    badAnswer: t[32] ?? '',
    targets: n[24]!,
    targetsEnded: n[25]!,
    targetsWorst: n[26]!,
    retryPending: (n[11]! & FLAG_RETRY_PENDING) !== 0,
    retryId: retryId ?? '',
  };
}

export function idText(column: AnySQLiteColumn): SQL<string> {
  return sql<string>`cast(${column} as text)`;
}

function code(value: number | undefined, word: string): number {
  if (value === undefined) throw new RangeError(`"${word}" has no code in the database.`);
  return value;
}
