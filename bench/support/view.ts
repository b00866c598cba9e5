import Database from 'better-sqlite3';
import { sleep } from './statistics.ts';
import type { CaseContext } from './types.ts';

/** The scheduler's view, read beside it. */
export interface View {
  /** Runs whose end is stored, by the roll-up that is written in the same transaction as their rows. */
  ended(): number;
  untilEnded(count: number, limitMs?: number): Promise<void>;
  /** Rows by state and skips by reason, for people. Slow. */
  describe(): string;
  close(): void;
}

const ALL_JOBS = -1;
const STATES = ['delayed', 'waiting', 'active', 'completed', 'failed', 'expired', 'cancelled'];

export function openView(context: CaseContext, file: string): View {
  const database = new Database(file, { readonly: true, timeout: 5_000 });
  const ended = database.prepare('select coalesce(sum(completed + failed + expired + cancelled), 0) from end_count where job_number = ?').pluck();
  const view: View = {
    ended: () => ended.get(ALL_JOBS) as number,
    async untilEnded(count, limitMs = 30_000) {
      for (let waited = 0; view.ended() < count; waited += 20) {
        if (waited >= limitMs) throw new Error(`Not ${count} runs have ended within ${limitMs} ms.`);
        await sleep(20);
      }
    },
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
