import { COPY_TABLES } from './copy-tables.ts';
import { CopyDiffersError, SourceChangedError, TargetNotEmptyError } from './errors.ts';
import type { CopySource, CopyTarget } from './side.ts';

export interface CopiedTable {
  readonly table: string;
  readonly from: number;
  readonly to: number;
}

export interface CopyOptions {
  readonly source: CopySource;
  readonly target: CopyTarget;
  /** Deletes what is at the target. */
  readonly force: boolean;
  /** Called after each slice. */
  readonly progress: (table: string, done: number, all: number) => void;
}

/**
 * Copies every row, the roll-ups, the checkpoints and the term. Both sides are the caller's to close. Rejects with TargetNotEmptyError,
 * SourceChangedError, CopyDiffersError, or what the sides reject with; then the target is unfinished, and copying again is fine.
 */
export async function copyView({ source, target, force, progress }: CopyOptions): Promise<readonly CopiedTable[]> {
  if (!force && (await target.isTaken())) throw new TargetNotEmptyError(target.name);
  const mark = await source.mark();
  await target.begin();
  for (const table of COPY_TABLES) {
    const all = await source.count(table);
    let done = 0;
    for await (const rows of source.rows(table)) {
      await target.put(table, rows);
      done += rows.length;
      progress(table.name, done, all);
    }
  }
  const copied: CopiedTable[] = [];
  for (const table of COPY_TABLES) copied.push({ table: table.name, from: await source.count(table), to: await target.count(table) });
  const term = await source.term();
  if ((await source.mark()) !== mark) throw new SourceChangedError(source.name);
  const differing = copied.filter(({ from, to }) => from !== to);
  if (differing.length > 0) throw new CopyDiffersError(`The copy is not complete: ${differing.map(({ table, from, to }) => `${table} has ${to} rows of ${from}`).join(', ')}.`);
  await target.finish(term);
  return copied;
}
