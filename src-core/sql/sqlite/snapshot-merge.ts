import Database from 'better-sqlite3';
import { FLAG_RETRY_PENDING, STATE } from './codes.ts';
import type { Connection } from './connection.ts';
import { decodeEnds } from './pending-ends.ts';

/**
 * Adds to the snapshot, which nobody has open, what only this node's own view has: ended runs with their pieces, and the counters of
 * the time before the snapshot's begin. A node that was alone for a while may give a view with a hole, and what others know of that time must
 * not go with their old file. Runs that are open only here are left out: nobody will ever end them. Both files have the same schema.
 * Returns how many runs that were; all or nothing.
 */
export function keepOwn(snapshot: string, own: string, nativeBinding: string | undefined): number {
  const database = new Database(snapshot, { fileMustExist: true, ...(nativeBinding === undefined ? {} : { nativeBinding }) });
  try {
    database.prepare('attach ? as own').run(own);
    return database.transaction(() => copyMissing(database)).immediate();
  } finally {
    database.close();
  }
}

const SUMS = ['completed', 'failed', 'expired', 'cancelled', 'duration_ms_sum', 'lateness_ms_sum'];
const PEAKS = ['duration_ms_max', 'lateness_ms_max'];
const ADD_ENDS = `on conflict (minute, job_number) do update set ${[...SUMS.map((name) => `${name} = ${name} + excluded.${name}`), ...PEAKS.map((name) => `${name} = max(${name}, excluded.${name})`)].join(', ')}`;

function copyMissing(database: Connection): number {
  const begin = firstMinute(database);
  database.exec(`create temp table kept as select id from own.run as o where o.state >= ${STATE.toCode.completed} and not exists (select 1 from main.run as r where r.id = o.id)`);
  const columns = (database.prepare('select name from pragma_table_info(\'run\')').pluck().all() as string[]).join(', ');
  const kept = database.prepare(`insert into main.run (${columns}) select ${columns.replace(/\bflags\b/, `flags & ~${FLAG_RETRY_PENDING}`)} from own.run where id in (select id from temp.kept)`).run().changes;
  database.exec(`
    insert or ignore into main.sub_run select * from own.sub_run where run_id in (select id from temp.kept);
    insert or ignore into main.skip_count select * from own.skip_count where hour < ${begin} * 60000 - 3600000;
    insert or ignore into main.end_count select * from own.end_count where minute < ${begin};
    insert into main.end_count (minute, job_number, ${[...SUMS, ...PEAKS].join(', ')})
      select minute, job, sum(state = ${STATE.toCode.completed}), sum(state = ${STATE.toCode.failed}), sum(state = ${STATE.toCode.expired}), sum(state = ${STATE.toCode.cancelled}), sum(duration), sum(lateness), max(duration), max(lateness)
      from (
        select ended_at / 60000 as minute, number.value as job, state, iif(dispatched_at = 0, 0, max(0, ended_at - dispatched_at)) as duration,
          iif(dispatched_at = 0, 0, max(0, dispatched_at - iif(due_at = 0, scheduled_at, due_at))) as lateness
        from own.run as r cross join json_each(json_array(r.job_number, -1)) as number
        where r.id in (select id from temp.kept) and ended_at / 60000 >= ${begin}
      ) where true group by 1, 2 ${ADD_ENDS};
    insert or ignore into main.job_ref select * from own.job_ref
      where number in (select job_number from own.run where id in (select id from temp.kept) union select job_number from main.skip_count);
  `);
  addPacked(database, begin);
  return kept;
}

/** From this minute on the snapshot's own counters tell of everything it has. */
function firstMinute(database: Connection): number {
  const entered = database.prepare('select min(minute) from main.end_count').pluck().get() as number | null;
  let first = entered ?? Number.MAX_SAFE_INTEGER;
  for (const rows of database.prepare('select rows from main.end_pending').pluck().iterate() as Iterable<Buffer>) for (const { minute } of decodeEnds(rows)) first = Math.min(first, minute);
  return first;
}

/** What this node had not entered into its counters yet. */
function addPacked(database: Connection, begin: number): void {
  const add = database.prepare(`insert into main.end_count (minute, job_number, ${[...SUMS, ...PEAKS].join(', ')}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${ADD_ENDS}`);
  for (const rows of database.prepare('select rows from own.end_pending').pluck().all() as Buffer[]) {
    for (const row of decodeEnds(rows)) {
      if (row.minute < begin) add.run(row.minute, row.jobNumber, row.completed, row.failed, row.expired, row.cancelled, row.durationMsSum, row.latenessMsSum, row.durationMsMax, row.latenessMsMax);
    }
  }
}
