import { and, desc, eq, sql, type SQL } from 'drizzle-orm';
import type { RunQuery } from '../../../ports/index.ts';
import { idToInteger, isStorableId } from '../../run-id.ts';
import { idText } from '../run-row.ts';
import { jobRef, run } from '../schema.ts';
import { idRange, type IdRange } from './id-range.ts';
import type { ReadDb } from './read-db.ts';
import { chooseDriver, conditionsOf, type Driver } from './run-filters.ts';

/** A condition on run, joined with job_ref (JOB_OF_RUN), that the runs of this part of the walk meet. */
export type Stretch = SQL;

/** The plus keeps SQLite from starting at job_ref and visiting every job's index. */
export const JOB_OF_RUN = eq(jobRef.number, sql`+${run.jobNumber}`);

/** Rows of the first step of a walk; later ones are up to four times as long as the one before, as time allows. */
const FIRST_STEP = 512;

/**
 * Where to look for what the query asks, newest first; who has enough stops asking. The rarest of the conditions that have
 * an index drives: if few rows meet it, they are one stretch; if many do, they (or all rows, when no condition has an index)
 * are walked down from the newest in growing steps, each to be tested for the other conditions, until the rows or the time
 * are used up. Returns the id below which to go on, undefined when all was looked at.
 * `now` is any clock in milliseconds. Throws InvalidInputError for a cursor that is none.
 */
export function* walkRuns(db: ReadDb, query: RunQuery, now: () => number, budgetMs: number): Generator<Stretch, string | undefined> {
  const range = idRange(query);
  if (query.rootId) {
    const attempts = attemptsOf(query.rootId);
    if (attempts !== undefined) yield within(range, and(attempts, conditionsOf(query)));
    return undefined;
  }
  const choice = chooseDriver(db, query, range);
  if (choice === 'nothing') return undefined;
  const where = conditionsOf(query);
  if (where === undefined || choice?.few === true || choice?.complete === true) {
    yield within(range, and(choice?.where, where));
    return undefined;
  }
  return yield* steps(db, choice, where, range, now, budgetMs);
}

function* steps(db: ReadDb, driver: Driver | undefined, where: SQL, range: IdRange, now: () => number, budgetMs: number): Generator<Stretch, string | undefined> {
  const start = now();
  let { high } = range;
  let step = FIRST_STEP;
  for (let stepStart = start; ;) {
    const low = stepEnd(db, driver, { low: range.low, high }, step) ?? range.low;
    yield within({ low, high }, and(driver?.where, where));
    if (low === range.low) return undefined;
    const end = now();
    const left = budgetMs - (end - start);
    const took = end - stepStart;
    if (took > left) return String(low);
    if (took * 4 <= left) step *= 4;
    high = low - 1n;
    stepStart = end;
  }
}

/** Attempts of one run: a handful, found by the index over root ids; the first is its own root. */
function attemptsOf(rootId: string): SQL | undefined {
  if (!isStorableId(rootId)) return undefined;
  const root = idToInteger(rootId);
  return sql`${run.id} in (select ${root} union all select id from run where root_id = ${root} and root_id > 0)`;
}

/** The id `step` rows below the top of the range: of all rows, or of those of the driver's most frequent value. */
function stepEnd(db: ReadDb, driver: Driver | undefined, range: IdRange, step: number): bigint | undefined {
  if (driver === undefined) {
    const end = db.select({ id: idText(run.id) }).from(run).where(inRange(range)).orderBy(desc(run.id)).limit(1).offset(step).get();
    return end === undefined ? undefined : BigInt(end.id);
  }
  const share = Math.max(8, Math.floor(step / driver.values));
  const [end] = db.values<[string | null]>(sql`select cast(max((
    select id from run where ${driver.each} and ${inRange(range)} order by id desc limit 1 offset ${share}
  )) as text) from ${driver.list}`);
  return end?.[0] == null ? undefined : BigInt(end[0]);
}

function within(range: IdRange, where: SQL | undefined): SQL {
  return and(where, inRange(range))!;
}

function inRange(range: IdRange): SQL {
  return sql`${run.id} >= ${range.low} and ${run.id} <= ${range.high}`;
}
