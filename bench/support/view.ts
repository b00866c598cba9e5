import Database from 'better-sqlite3';
import type { DatabaseServer } from '../../test/support/database-server.ts';
import { sleep } from './statistics.ts';
import type { CaseContext } from './types.ts';

/** The scheduler's view, read beside it. */
export interface View {
  /** Runs whose end is stored, by the roll-up that is written in the same transaction as their rows. */
  ended(): number | Promise<number>;
  untilEnded(count: number, limitMs?: number): Promise<void>;
  /** Rows by state and skips by reason, for people. Slow. */
  describe(): string | Promise<string>;
  close(): void;
}

const ALL_JOBS = -1;
const STATES = ['delayed', 'waiting', 'active', 'completed', 'failed', 'expired', 'cancelled'];

/** The view in a database server, asked as its owner. */
export function openServerView(server: DatabaseServer, database: string): View {
  const ask = (statement: string): string => server.admin(statement, database).trim();
  const view: View = {
    untilEnded: (count, limitMs) => untilEnded(view, count, limitMs),
    ended: () => Number(ask(`select coalesce(sum(completed + failed + expired + cancelled), 0) from natsjob_end_count where job_number = ${ALL_JOBS}`)),
    describe: () => ask('select state, count(*) from natsjob_run group by state').split('\n').map((line) => line.split(/[|\t]/)).map(([state, count]) => `${count} ${STATES[Number(state)]}`).join(', '),
    close: () => {},
  };
  return view;
}

async function untilEnded(view: View, count: number, limitMs = 30_000): Promise<void> {
  for (let waited = 0; await ended(view) < count; waited += 20) {
    if (waited >= limitMs) throw new Error(`Not ${count} runs have ended within ${limitMs} ms.`);
    await sleep(20);
  }
}

/** None while there are no tables. */
async function ended(view: View): Promise<number> {
  try {
    return await view.ended();
  } catch {
    return 0;
  }
}

export function openView(context: CaseContext, file: string): View {
  const database = new Database(file, { readonly: true, timeout: 5_000 });
  const ended = database.prepare('select coalesce(sum(completed + failed + expired + cancelled), 0) from end_count where job_number = ?').pluck();
  const view: View = {
    untilEnded: (count, limitMs) => untilEnded(view, count, limitMs),
    ended: () => ended.get(ALL_JOBS) as number,
    describe() {
      const states = database.prepare('select state, count(*) from run group by state').raw().all() as [number, number][];
      const skips = database.prepare('select reason, sum(count) from skip_count group by reason').raw().all() as [number, number][];
      return [...states.map(([state, count]) => `${count} ${STATES[state]}`), ...skips.map(([reason, count]) => `${count} skipped (reason ${reason})`)].join(', ');
    },
    close: () => database.close(),
  };
  context.defer(() => view.close());
  return view;
}
