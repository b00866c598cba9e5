import type { Connection } from './connection.ts';

interface Names {
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
}

/** Writes which names a job number stands for, once: what was written is remembered. */
export class JobRefs {
  private readonly known = new Map<number, Names>();
  private readonly put;
  private readonly remove;

  constructor(connection: Connection) {
    this.put = connection.prepare('insert into job_ref (number, namespace, app, job) values (?, ?, ?, ?) on conflict (number) do update set namespace = excluded.namespace, app = excluded.app, job = excluded.job');
    this.remove = connection.prepare(`delete from job_ref where number = ?
      and not exists (select 1 from run where job_number = job_ref.number)
      and not exists (select 1 from job where job.number = job_ref.number)`);
  }

  /** Within a transaction of the caller's; call `forget` should that fail. */
  ensure(jobNumber: number, names: Names): void {
    const known = this.known.get(jobNumber);
    if (known !== undefined && known.job === names.job && known.app === names.app && known.namespace === names.namespace) return;
    this.put.run(jobNumber, names.namespace, names.app, names.job);
    this.known.set(jobNumber, { namespace: names.namespace, app: names.app, job: names.job });
  }

  /** Removes those of the numbers that no run and no job has now. Skip counters of such a number are no longer shown. */
  dropUnused(jobNumbers: Iterable<number>): void {
    for (const number of jobNumbers) {
      if (this.remove.run(number).changes > 0) this.known.delete(number);
    }
  }

  forget(): void {
    this.known.clear();
  }

  get size(): number {
    return this.known.size;
  }
}
