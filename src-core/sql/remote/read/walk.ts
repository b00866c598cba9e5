import { sql, type SQL } from 'drizzle-orm';
import type { RunQuery } from '../../../ports/index.ts';
import { idToInteger, isStorableId } from '../../run-id.ts';
import { idRange, type IdRange } from '../../sqlite/read/id-range.ts';
import type { Ask } from './ask.ts';
import { and, chooseDriver, conditionsOf, inRange, type Driver } from './run-filters.ts';

/** Rows of the first step of a walk; later ones are up to four times as long as the one before, as time allows. */
const FIRST_STEP = 1_024;
const LONGEST_STEP = 65_536;

/**
 * As SQLite's walk (sql/sqlite/read/walk.ts): conditions on `r` and `j` that the runs of each part of the walk meet, newest part
 * first. The rarest condition with an index drives; planners are not left to guess what is rare, and no statement looks at more
 * than a step of rows. Returns the id below which to go on, undefined when all was looked at.
 */
export async function* walkRuns(ask: Ask, query: RunQuery, budgetMs: number): AsyncGenerator<SQL, string | undefined> {
  const range = idRange(query);
  if (query.rootId) {
    if (!isStorableId(query.rootId)) return undefined;
    const root = idToInteger(query.rootId);
    yield and([sql`r.id = ${root} or (r.root_id = ${root} and r.root_id > 0)`, ...conditionsOf(ask.dialect, query), inRange(range)])!;
    return undefined;
  }
  const choice = await chooseDriver(ask, query, range);
  if (choice === 'nothing') return undefined;
  const { driver, where } = choice;
  if (where === undefined || driver?.few === true || driver?.complete === true) {
    yield and([driver?.where, where, inRange(range)])!;
    return undefined;
  }
  if (driver === undefined || !('jobs' in driver.values)) return yield* steps(ask, driver, where, range, budgetMs);
  // The newest runs of many jobs are mostly among the newest of all, and one look at those is shorter than one at each job's index.
  const start = performance.now();
  const low = await stepEnd(ask, undefined, range, FIRST_STEP) ?? range.low;
  yield and([where, inRange({ low, high: range.high })])!;
  if (low === range.low) return undefined;
  return yield* steps(ask, driver, where, { low: range.low, high: low - 1n }, budgetMs - (performance.now() - start));
}

async function* steps(ask: Ask, driver: Driver | undefined, where: SQL, range: IdRange, budgetMs: number): AsyncGenerator<SQL, string | undefined> {
  const start = performance.now();
  let { high } = range;
  let step = FIRST_STEP;
  for (let stepStart = start; ;) {
    const low = await stepEnd(ask, driver, { low: range.low, high }, step) ?? range.low;
    yield and([driver?.where, where, inRange({ low, high })])!;
    if (low === range.low) return undefined;
    const end = performance.now();
    const left = budgetMs - (end - start);
    const took = end - stepStart;
    if (took > left) return String(low);
    if (took * 4 <= left) step = Math.min(LONGEST_STEP, step * 4);
    high = low - 1n;
    stepStart = end;
  }
}

/** The id `step` rows below the top of the range: of all rows, or of those of the driver's most frequent value. */
async function stepEnd(ask: Ask, driver: Driver | undefined, range: IdRange, step: number): Promise<bigint | undefined> {
  const exact = (column: string): SQL => ask.dialect.exact(sql.raw(column));
  if (driver === undefined) return toId(await ask.value(sql`select ${exact('r.id')} from natsjob_run r where ${inRange(range)} order by r.id desc limit 1 offset ${step}`));
  const jobs = 'jobs' in driver.values ? driver.values.jobs : undefined;
  const conditions = jobs === undefined ? driver.values as readonly SQL[] : [sql.raw('r.job_number = v.job_number')];
  const share = Math.max(8, Math.floor(step / (jobs?.length ?? conditions.length)));
  const ends = conditions.map((condition) => sql`select (
    select r.id from natsjob_run r where ${condition} and ${inRange(range)} order by r.id desc limit 1 offset ${share}) as id${
    jobs === undefined ? ask.dialect.fromNothing : sql` from natsjob_job_ref v where ${ask.dialect.isOneOf(sql.raw('v.job_number'), jobs)}`}`);
  return toId(await ask.value(sql`select ${exact('max(e.id)')} from (${sql.join(ends, sql.raw(' union all '))}) e`));
}

function toId(value: string | number | null | undefined): bigint | undefined {
  return value === null || value === undefined ? undefined : BigInt(value);
}
