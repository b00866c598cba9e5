import type { Messages } from '../../i18n/index.svelte.ts';
import { ColumnChoice } from '../../state/columns.svelte.ts';

export const COLUMNS = [
  'schedule', 'next', 'last', 'recent', 'success', 'duration', 'mode', 'subjectMode', 'concurrency', 'timeout', 'workers', 'condition', 'args', 'priority', 'description', 'tags', 'owner', 'created', 'updated', 'id',
] as const;
export type Column = (typeof COLUMNS)[number];

const FIRST: readonly Column[] = ['schedule', 'next', 'last', 'recent', 'success', 'duration', 'mode', 'concurrency', 'workers', 'tags'];

export function jobColumns(): ColumnChoice<Column> {
  return new ColumnChoice('jobs', COLUMNS, FIRST);
}

export function columnLabels(t: Messages): Readonly<Record<Column, string>> {
  const { jobs, common } = t;
  return {
    schedule: jobs.schedule, next: jobs.nextRun, last: jobs.lastRun, recent: jobs.recent, success: jobs.success, duration: jobs.avgP95, mode: jobs.mode, subjectMode: jobs.subjectMode,
    concurrency: jobs.concurrency, timeout: jobs.timeout, workers: jobs.workers, condition: jobs.condition, args: t.parts.args, priority: t.parts.priority, description: common.description, tags: jobs.tags,
    owner: jobs.owner, created: common.created, updated: common.updated, id: common.id,
  };
}
