import { and, sql, type SQL } from 'drizzle-orm';
import type { RunQuery } from '../../../ports/index.ts';
import { STATE, TRIGGER } from '../codes.ts';
import { jobRef, run } from '../schema.ts';
import { argsMatch, contains } from './contains.ts';
import type { ReadDb } from './read-db.ts';
import type { IdRange } from './id-range.ts';

/** A condition that an index answers: rows with one of some values in one column. */
export interface Driver {
  readonly where: SQL;
  /** The same for one value, `v.value` of `list`. */
  readonly each: SQL;
  /** A table of the values under the name v. */
  readonly list: SQL;
  readonly values: number;
  /** No more than FEW rows meet it. */
  readonly few: boolean;
  /** It gives rows in the order of their ids and no other condition is asked for. */
  readonly complete: boolean;
}

/** Up to this many rows are looked at without steps. */
const FEW = 1_000;
/** A set of more jobs than this is tested row by row: asking each job's index would take longer than the page. */
const MAX_JOBS = 2_000;

/** The rarest of the query's conditions that have an index. 'nothing' = no row can match; undefined = none has an index. */
export function chooseDriver(db: ReadDb, query: RunQuery, range: IdRange): Driver | 'nothing' | undefined {
  const candidates = candidatesOf(db, query);
  if (candidates === 'nothing') return 'nothing';
  let best: { candidate: Candidate; count: number } | undefined;
  for (const candidate of candidates) {
    const [[count] = [0]] = db.values<[number]>(sql`select count(*) from (
      select 1 from run where ${candidate.where} and id >= ${range.low} and id <= ${range.high} limit ${FEW + 1})`);
    if (count === 0) return 'nothing';
    if (best === undefined || count < best.count) best = { candidate, count };
  }
  if (best === undefined) return undefined;
  const { candidate, count } = best;
  return { ...candidate, few: count <= FEW, complete: candidate.values === 1 && candidates.length === 1 && conditionGroups(query) === 1 };
}

/**
 * All conditions of the query, for testing rows. The pluses keep SQLite from choosing an index by itself: without
 * statistics it takes any that fits, however many rows share the value.
 */
export function conditionsOf(query: RunQuery): SQL | undefined {
  const conditions: SQL[] = [];
  if (query.namespace) conditions.push(sql`+${jobRef.namespace} = ${query.namespace}`);
  if (query.app) conditions.push(sql`+${jobRef.app} = ${query.app}`);
  if (query.job) conditions.push(sql`+${jobRef.job} = ${query.job}`);
  if (query.states?.length) conditions.push(sql`+${run.state} in ${query.states.map((state) => STATE.toCode[state])}`);
  if (query.triggers?.length) conditions.push(sql`+${run.trigger} in ${query.triggers.map((trigger) => TRIGGER.toCode[trigger])}`);
  if (query.workerId) conditions.push(sql`+${run.workerId} = ${query.workerId}`);
  if (query.monitorStatus) conditions.push(sql`+${run.monitorStatus} = ${query.monitorStatus}`);
  if (query.minDurationMs) conditions.push(sql`${run.dispatchedAt} > 0 and ${run.endedAt} - ${run.dispatchedAt} >= ${query.minDurationMs}`);
  if (query.reason) conditions.push(contains(run.reason, query.reason));
  if (query.monitorPayload) conditions.push(contains(run.monitorPayload, query.monitorPayload));
  if (query.args) conditions.push(argsMatch(run.args, query.args));
  return and(...conditions);
}

function conditionGroups(query: RunQuery): number {
  return [
    query.namespace || query.app || query.job, query.states?.length, query.triggers?.length,
    query.workerId, query.monitorStatus, query.reason, query.minDurationMs, query.monitorPayload, query.args,
  ].filter(Boolean).length;
}

type Candidate = Pick<Driver, 'where' | 'each' | 'list' | 'values'>;

function candidatesOf(db: ReadDb, query: RunQuery): Candidate[] | 'nothing' {
  const candidates: Candidate[] = [];
  if (query.monitorStatus) candidates.push(candidate(sql`monitor_status`, [query.monitorStatus], sql`monitor_status is not null`));
  if (query.namespace || query.app || query.job) {
    const numbers = jobNumbers(db, query);
    if (numbers.length === 0) return 'nothing';
    if (numbers.length <= MAX_JOBS) candidates.push(candidate(sql`job_number`, numbers));
  }
  if (query.workerId) candidates.push(candidate(sql`worker_id`, [query.workerId], sql`worker_id is not null`));
  // The usual values are in no index: a walk down the ids meets them at once.
  if (query.states?.length && !query.states.includes('completed')) {
    candidates.push(candidate(sql`state`, query.states.map((state) => STATE.toCode[state]), sql`state <> 3`));
  }
  if (query.triggers?.length && !query.triggers.includes('schedule')) {
    candidates.push(candidate(sql`trigger`, query.triggers.map((trigger) => TRIGGER.toCode[trigger]), sql`trigger <> 0`));
  }
  return candidates;
}

/** `covered`, literally as in the partial index, is what makes SQLite see that the index applies. */
function candidate(column: SQL, values: readonly (string | number)[], covered?: SQL): Candidate {
  const list = JSON.stringify(values);
  return {
    where: and(values.length === 1 ? sql`${column} = ${values[0]}` : sql`${column} in (select value from json_each(${list}))`, covered)!,
    each: and(sql`${column} = v.value`, covered)!,
    list: sql`json_each(${list}) as v`,
    values: values.length,
  };
}

function jobNumbers(db: ReadDb, query: RunQuery): number[] {
  const names = and(
    query.namespace ? sql`${jobRef.namespace} = ${query.namespace}` : undefined,
    query.app ? sql`${jobRef.app} = ${query.app}` : undefined,
    query.job ? sql`${jobRef.job} = ${query.job}` : undefined,
  );
  return db.select({ number: jobRef.number }).from(jobRef).where(names).limit(MAX_JOBS + 1).all().map((row) => row.number);
}
