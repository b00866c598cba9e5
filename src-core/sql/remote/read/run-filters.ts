import { sql, type SQL } from 'drizzle-orm';
import type { RunQuery } from '../../../ports/index.ts';
import { STATE, TRIGGER } from '../../sqlite/codes.ts';
import type { IdRange } from '../../sqlite/read/id-range.ts';
import type { Dialect } from '../dialect.ts';
import type { Ask } from './ask.ts';

/** A condition that an index answers: rows with one of some values in one column. */
export interface Driver {
  readonly where: SQL;
  /** For each value the rows that have it; or, of many job numbers, the table that lists them. */
  readonly values: readonly SQL[] | { readonly jobs: readonly number[] };
  /** No more than FEW rows meet it. */
  readonly few: boolean;
  /** It gives rows in the order of their ids and no other condition is asked for. */
  readonly complete: boolean;
}

/** Up to this many rows are looked at without steps. */
const FEW = 1_000;
/** A set of more jobs than this is tested row by row: asking each job's index would take longer than the page. */
const MAX_JOBS = 2_000;
/** Values that are asked one by one in one statement. */
const MOST_VALUES = 16;

const NOT_COMPLETED = sql.raw('r.state <> 3');
const NOT_BY_SCHEDULE = sql.raw('r.trigger_code <> 0');

export interface Choice {
  readonly driver: Driver | undefined;
  /** All conditions, for testing rows. */
  readonly where: SQL | undefined;
}

/** The rarest of the query's conditions that have an index. 'nothing' = no row can match. */
export async function chooseDriver(ask: Ask, query: RunQuery, range: IdRange): Promise<Choice | 'nothing'> {
  const jobs = query.namespace || query.app || query.job ? await jobNumbers(ask, query) : undefined;
  if (jobs?.length === 0) return 'nothing';
  const isListed = jobs !== undefined && jobs.length <= MAX_JOBS;
  const where = and(conditionsOf(ask.dialect, query, isListed ? jobs : undefined));
  const candidates = candidatesOf(ask.dialect, query, isListed ? jobs : undefined);
  const counts = await ask.all(candidates.map((candidate) => sql`select count(*) from (
    select r.id from natsjob_run r where ${candidate.where} and ${inRange(range)} limit ${FEW + 1}) c`));
  let best: Driver | undefined;
  let least = Infinity;
  for (const [index, candidate] of candidates.entries()) {
    const count = Number(counts[index]?.[0]?.[0] ?? 0);
    if (count === 0) return 'nothing';
    if (count >= least) continue;
    least = count;
    const isOne = Array.isArray(candidate.values) && candidate.values.length === 1;
    best = { ...candidate, few: count <= FEW, complete: isOne && candidates.length === 1 && conditionGroups(query) === 1 };
  }
  return { driver: best, where };
}

export function inRange({ low, high }: IdRange): SQL {
  return sql`r.id >= ${low} and r.id <= ${high}`;
}

export function and(conditions: readonly (SQL | undefined)[]): SQL | undefined {
  const all = conditions.filter((condition) => condition !== undefined);
  return all.length === 0 ? undefined : sql.join(all.map((condition) => sql`(${condition})`), sql.raw(' and '));
}

export function conditionsOf(dialect: Dialect, query: RunQuery, jobs?: readonly number[]): SQL[] {
  const conditions: SQL[] = [];
  if (jobs !== undefined) conditions.push(dialect.isOneOf(sql.raw('r.job_number'), jobs));
  else {
    for (const name of ['namespace', 'app', 'job'] as const) if (query[name]) conditions.push(sql`${sql.raw(`j.${name}`)} = ${query[name]}`);
  }
  if (query.states?.length) conditions.push(dialect.isOneOf(sql.raw('r.state'), query.states.map((state) => STATE.toCode[state])));
  if (query.triggers?.length) conditions.push(dialect.isOneOf(sql.raw('r.trigger_code'), query.triggers.map((trigger) => TRIGGER.toCode[trigger])));
  if (query.workerId) conditions.push(dialect.textIs(sql.raw('r.worker_id'), query.workerId));
  if (query.monitorStatus) conditions.push(dialect.textIs(sql.raw('r.monitor_status'), query.monitorStatus));
  if (query.minDurationMs) conditions.push(sql`r.dispatched_at > 0 and r.ended_at - r.dispatched_at >= ${query.minDurationMs}`);
  if (query.reason) conditions.push(dialect.contains(sql.raw('r.reason'), query.reason));
  if (query.monitorPayload) conditions.push(dialect.contains(sql.raw('r.monitor_payload'), query.monitorPayload));
  if (query.args) conditions.push(argsCondition(dialect, query.args));
  return conditions;
}

/** What any args that domain/args-match.ts takes meet; `path:value` is then read from the JSON here. */
function argsCondition(dialect: Dialect, text: string): SQL {
  const whole = dialect.contains(sql.raw('r.args'), text);
  if (!text.includes(':')) return whole;
  const last = /^([^:]+):/.exec(text)?.[1]?.split('.').at(-1) ?? '';
  return last === '' || /^\d+$/.test(last) ? sql.raw('r.args is not null') : sql`${whole} or ${dialect.contains(sql.raw('r.args'), last)}`;
}

function conditionGroups(query: RunQuery): number {
  return [
    query.namespace || query.app || query.job, query.states?.length, query.triggers?.length,
    query.workerId, query.monitorStatus, query.reason, query.minDurationMs, query.monitorPayload, query.args,
  ].filter(Boolean).length;
}

type Candidate = Pick<Driver, 'where' | 'values'>;

/** What partial indexes cover is said literally: only so the server sees that they apply. */
function candidatesOf(dialect: Dialect, query: RunQuery, jobs: readonly number[] | undefined): Candidate[] {
  const candidates: Candidate[] = [];
  if (query.monitorStatus) candidates.push(single(sql`${dialect.textIs(sql.raw('r.monitor_status'), query.monitorStatus)} and r.monitor_status is not null`));
  const column = sql.raw('r.job_number');
  if (jobs !== undefined && jobs.length <= MOST_VALUES) candidates.push({ where: dialect.isOneOf(column, jobs), values: jobs.map((job) => sql`${column} = ${job}`) });
  if (query.workerId) candidates.push(single(sql`${dialect.textIs(sql.raw('r.worker_id'), query.workerId)} and r.worker_id is not null`));
  // The usual values are in no index: a walk down the ids meets them at once.
  if (query.states?.length && !query.states.includes('completed')) candidates.push(coded(dialect, 'r.state', query.states.map((state) => STATE.toCode[state]), NOT_COMPLETED));
  if (query.triggers?.length && !query.triggers.includes('schedule')) {
    candidates.push(coded(dialect, 'r.trigger_code', query.triggers.map((trigger) => TRIGGER.toCode[trigger]), NOT_BY_SCHEDULE));
  }
  // Last: of several that many rows meet the first drives, and this one has an index range for each of its jobs.
  if (jobs !== undefined && jobs.length > MOST_VALUES) candidates.push({ where: dialect.isOneOf(column, jobs), values: { jobs } });
  return candidates;
}

function single(where: SQL): Candidate {
  return { where, values: [where] };
}

function coded(dialect: Dialect, name: string, codes: readonly number[], covered: SQL): Candidate {
  const column = sql.raw(name);
  return { where: sql`${dialect.isOneOf(column, codes)} and ${covered}`, values: codes.map((code) => sql`${column} = ${code} and ${covered}`) };
}

async function jobNumbers(ask: Ask, query: RunQuery): Promise<number[]> {
  const names = and((['namespace', 'app', 'job'] as const).map((name) => (query[name] ? sql`${sql.raw(name)} = ${query[name]}` : undefined)));
  return (await ask.rows(sql`select job_number from natsjob_job_ref where ${names} limit ${MAX_JOBS + 1}`)).map(([number]) => Number(number));
}
