import { sql } from 'drizzle-orm';
import type { WorkerEnds, WorkerEndsQuery } from '../../../ports/index.ts';
import { runIdFloor } from '../../../wire/index.ts';
import { STATE } from '../codes.ts';
import type { ReadDb } from './read-db.ts';

/** For each worker one walk down the index by worker, bounded before anything else is asked of its rows. */
export function readWorkerEnds(db: ReadDb, { workers, from, limit }: WorkerEndsQuery): WorkerEnds[] {
  const low = runIdFloor(from);
  return workers.map(({ namespace, app, id }) => {
    const [[ended, failed] = [0, 0]] = db.values<[number, number]>(sql`
      select count(*), coalesce(sum(r.state in (${STATE.toCode.failed}, ${STATE.toCode.expired})), 0)
      from (select state, job_number from run where worker_id = ${id} and worker_id is not null and id >= ${low} order by id desc limit ${limit}) as r
      cross join job_ref as j on j.number = r.job_number
      where r.state >= ${STATE.toCode.completed} and j.namespace = ${namespace} and j.app = ${app}`);
    return { ended, failed };
  });
}
