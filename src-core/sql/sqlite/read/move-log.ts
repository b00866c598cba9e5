import type { Connection } from '../connection.ts';
import type { CheckpointResult } from './requests.ts';

/**
 * Moves the write-ahead log into the database file, as far as nobody is in the way; waits for nobody. The first commit after
 * all was moved begins the log anew and syncs its header, whatever `synchronous` says. With `finish` that commit is
 * made here, so that it does not fall to the thread of the ticks.
 */
export function moveLog(keeper: Connection, finish: boolean): CheckpointResult {
  const [{ log, checkpointed }] = keeper.pragma('wal_checkpoint(passive)') as [{ log: number; checkpointed: number }];
  if (finish && log === checkpointed) {
    keeper.transaction(() => {
      keeper.exec('insert into meta (key, value) values (\'logs\', 1) on conflict (key) do update set value = value + 1');
    }).immediate();
  }
  return { logged: log, moved: checkpointed };
}
