import { and, desc, eq, sql, type SQL } from 'drizzle-orm';
import type { RunQuery } from '../../../ports/index.ts';
import { idToInteger, isStorableId } from '../../run-id.ts';
import { idText, runFields, type RawRun } from '../run-row.ts';
import { jobRef, run } from '../schema.ts';
import { idRange, type IdRange } from './id-range.ts';
import type { ReadDb } from './read-db.ts';
import { chooseDriver, conditionsOf, type Driver } from './run-filters.ts';

export interface RawRunPage {
  readonly rows: readonly RawRun[];
  readonly nextBefore: string | undefined;
}

/** A query that has looked for about this long gives what it found, and where to go on. */
const BUDGET_MS = 15;
/** Rows of the first step of a walk; later ones are up to four times as long as the one before, as time allows. */
const FIRST_STEP = 512;

/**
 * Newest first. The rarest of the conditions that have an index drives: if few rows meet it, they are all looked at;
 * if many do, they (or all rows, when no condition has an index) are walked down from the newest in growing steps,
 * each tested for the other conditions, until the page is full, the rows or the time are used up.
 * `now` is any clock in milliseconds. Throws InvalidInputError for a cursor that is none.
 */
export function readRuns(db: ReadDb, query: RunQuery, now: () => number): RawRunPage {
  const range = idRange(query);
  if (query.rootId) return readAttempts(db, query, range);
  const choice = chooseDriver(db, query, range);
  if (choice === 'nothing') return { rows: [], nextBefore: undefined };
  const where = conditionsOf(query);
  if (where === undefined || choice?.few === true || choice?.complete === true) {
    return page(select(db, and(choice?.where, where), range, query.limit + 1), query.limit);
  }
  return walk(db, choice, where, range, query.limit, now);
}

/** Attempts of one run: a handful, found by the index over root ids; the first is its own root. */
function readAttempts(db: ReadDb, query: RunQuery, range: IdRange): RawRunPage {
  if (!isStorableId(query.rootId!)) return { rows: [], nextBefore: undefined };
  const root = idToInteger(query.rootId!);
  const ids = sql`${run.id} in (select ${root} union all select id from run where root_id = ${root} and root_id > 0)`;
  return page(select(db, and(ids, conditionsOf(query)), range, query.limit + 1), query.limit);
}

function walk(db: ReadDb, driver: Driver | undefined, where: SQL, range: IdRange, limit: number, now: () => number): RawRunPage {
  const start = now();
  const rows: RawRun[] = [];
  let { high } = range;
  let step = FIRST_STEP;
  for (let stepStart = start; ;) {
    const low = stepEnd(db, driver, { low: range.low, high }, step) ?? range.low;
    rows.push(...select(db, and(driver?.where, where), { low, high }, limit + 1 - rows.length));
    if (rows.length > limit || low === range.low) return page(rows, limit);
    const end = now();
    const left = BUDGET_MS - (end - start);
    const took = end - stepStart;
    if (took > left) return { rows, nextBefore: String(low) };
    if (took * 4 <= left) step *= 4;
    high = low - 1n;
    stepStart = end;
  }
}

/** The id `step` rows below the top of the range: of all rows, or of those of the driver's most frequent value. */
function stepEnd(db: ReadDb, driver: Driver | undefined, range: IdRange, step: number): bigint | undefined {
  const within = inRange(range);
  if (driver === undefined) {
    const end = db.select({ id: idText(run.id) }).from(run).where(within).orderBy(desc(run.id)).limit(1).offset(step).get();
    return end === undefined ? undefined : BigInt(end.id);
  }
  const share = Math.max(8, Math.floor(step / driver.values));
  const [end] = db.values<[string | null]>(sql`select cast(max((
    select id from run where ${driver.each} and ${within} order by id desc limit 1 offset ${share}
  )) as text) from ${driver.list}`);
  return end?.[0] == null ? undefined : BigInt(end[0]);
}

function select(db: ReadDb, where: SQL | undefined, range: IdRange, limit: number): RawRun[] {
  // The plus keeps SQLite from starting at job_ref and visiting every job's index.
  return db.select(runFields).from(run).leftJoin(jobRef, eq(jobRef.number, sql`+${run.jobNumber}`))
    .where(and(where, inRange(range))).orderBy(desc(run.id)).limit(limit).values() as RawRun[];
}

function inRange(range: IdRange): SQL {
  return sql`${run.id} >= ${range.low} and ${run.id} <= ${range.high}`;
}

function page(rows: RawRun[], limit: number): RawRunPage {
  if (rows.length <= limit) return { rows, nextBefore: undefined };
  const items = rows.slice(0, limit);
  return { rows: items, nextBefore: items.at(-1)![0] as string };
}
