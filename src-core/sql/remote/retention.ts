import { sql, type SQL } from 'drizzle-orm';
import { idToInteger, isStorableId } from '../run-id.ts';
import { FLAG_RETRY_PENDING } from '../sqlite/codes.ts';
import type { Connections } from './connections.ts';
import type { Dialect } from './dialect.ts';
import type { JobNames } from './job-names.ts';
import { Ask } from './read/ask.ts';

/** Counters deleted in one transaction. */
const COUNTER_SLICE = 1_000;

/** Deletes in slices, each a transaction of its own between two batches. */
export class RemoteRetention {
  readonly #dialect: Dialect;
  readonly #connections: Connections;
  readonly #jobNames: JobNames;

  constructor(dialect: Dialect, connections: Connections, jobNames: JobNames) {
    this.#dialect = dialect;
    this.#connections = connections;
    this.#jobNames = jobNames;
  }

  /** Ended runs below the id, oldest first, then sub-runs whose run never came. Returns how many runs went. */
  async deleteRuns(before: string, limit: number): Promise<number> {
    if (!isStorableId(before)) return 0;
    const below = idToInteger(before);
    return this.#connections.write(async (connection) => {
      const ask = new Ask(this.#dialect, connection);
      const { isOneOf, exact, begin, commit } = this.#dialect;
      await connection.run(begin);
      const old = await ask.rows(sql`select ${exact(sql.raw('r.id'))}, r.job_number from natsjob_run r
        where r.id < ${below} and r.state >= 3 and r.flags <> ${FLAG_RETRY_PENDING} order by r.id limit ${limit}`);
      const deletes: SQL[] = [];
      if (old.length > 0) {
        const ids = old.map(([id]) => BigInt(id as string | number));
        deletes.push(sql`delete from natsjob_sub_run where ${isOneOf(sql.raw('run_id'), ids)}`, sql`delete from natsjob_run where ${isOneOf(sql.raw('id'), ids)}`);
      }
      if (old.length < limit) deletes.push(...await this.#orphans(ask, below, limit));
      deletes.push(...this.#unusedNames(old.map(([, jobNumber]) => Number(jobNumber))));
      await ask.all(deletes);
      await connection.run([commit]);
      return old.length;
    });
  }

  /** One slice; true = there may be more. */
  async deleteCounters(at: number): Promise<boolean> {
    return this.#connections.write(async (connection) => {
      const ask = new Ask(this.#dialect, connection);
      await connection.run(this.#dialect.begin);
      // An hour is old once it has ended.
      const [skips = [], ends = []] = await ask.all([
        sql`select hour_at, job_number, reason from natsjob_skip_count where hour_at < ${at - 3_599_999} order by hour_at, job_number, reason limit ${COUNTER_SLICE}`,
        sql`select minute_no, job_number from natsjob_end_count where minute_no < ${Math.floor(at / 60_000)} order by minute_no, job_number limit ${COUNTER_SLICE}`,
      ]);
      const deletes: SQL[] = [sql`delete from natsjob_worker where last_seen_at < ${at}`];
      // Everything up to the last key of the slice: one range for each table.
      const [hour, job, reason] = (skips.at(-1) ?? []).map(Number);
      if (hour !== undefined) deletes.push(sql`delete from natsjob_skip_count where hour_at < ${hour} or (hour_at = ${hour} and (job_number < ${job} or (job_number = ${job} and reason <= ${reason})))`);
      const [minute, ended] = (ends.at(-1) ?? []).map(Number);
      if (minute !== undefined) deletes.push(sql`delete from natsjob_end_count where minute_no < ${minute} or (minute_no = ${minute} and job_number <= ${ended})`);
      for (const rows of [skips, ends]) deletes.push(...this.#unusedNames(rows.map(([, jobNumber]) => Number(jobNumber))));
      await ask.all(deletes);
      await connection.run([this.#dialect.commit]);
      return skips.length === COUNTER_SLICE || ends.length === COUNTER_SLICE;
    });
  }

  async #orphans(ask: Ask, below: bigint, limit: number): Promise<SQL[]> {
    const { isOneOf, exact } = this.#dialect;
    const rows = await ask.rows(sql`select distinct ${exact(sql.raw('s.run_id'))} from natsjob_sub_run s
      where s.run_id < ${below} and not exists (select 1 from natsjob_run r where r.id = s.run_id) limit ${limit}`);
    return rows.length === 0 ? [] : [sql`delete from natsjob_sub_run where ${isOneOf(sql.raw('run_id'), rows.map(([id]) => BigInt(id as string | number)))}`];
  }

  /** Names of numbers that no run and no job has now. Skip counters of such a number are no longer shown. */
  #unusedNames(jobNumbers: readonly number[]): SQL[] {
    const numbers = [...new Set(jobNumbers)];
    if (numbers.length === 0) return [];
    // Those still used are written again by the next batch that needs them.
    this.#jobNames.drop(numbers);
    return [sql`delete from natsjob_job_ref where ${this.#dialect.isOneOf(sql.raw('natsjob_job_ref.job_number'), numbers)}
      and not exists (select 1 from natsjob_run r where r.job_number = natsjob_job_ref.job_number)
      and not exists (select 1 from natsjob_job j where j.job_number = natsjob_job_ref.job_number)`];
  }
}
