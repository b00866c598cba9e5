import { NotFoundError } from '../../domain/errors.ts';
import type { RunRecord } from '../../domain/run.ts';
import type { JobApiParts } from './api-parts.ts';

/** The book knows open runs before the view does. */
export async function findRun({ book, context }: JobApiParts, taskId: string): Promise<RunRecord | undefined> {
  const entry = book.get(taskId);
  return entry?.logged ? { ...entry.record } : context.store.run(taskId);
}

export async function getRun(parts: JobApiParts, taskId: string): Promise<RunRecord> {
  const run = await findRun(parts, taskId);
  if (run === undefined) throw new NotFoundError('run', taskId);
  return run;
}
