/** Columns of a table of runs that can be chosen; state and id are always there. */
export const RUN_COLUMNS = [
  'job', 'app', 'trigger', 'scheduled', 'started', 'ended', 'lag', 'duration', 'attempt', 'worker', 'status', 'reason',
  'monitorStatus', 'monitorPayload', 'args', 'expires', 'priority', 'category', 'model', 'jobId',
] as const;

export type RunColumn = (typeof RUN_COLUMNS)[number];

export const FIRST_RUN_COLUMNS: readonly RunColumn[] = ['job', 'trigger', 'scheduled', 'lag', 'duration', 'attempt', 'worker', 'reason'];

/** Where the job is known already. */
export const JOB_RUN_COLUMNS: readonly RunColumn[] = ['trigger', 'scheduled', 'lag', 'duration', 'attempt', 'worker', 'reason', 'monitorStatus'];

/** Numbers stand at the right. */
export const NUMERIC: ReadonlySet<RunColumn> = new Set(['lag', 'duration', 'attempt', 'priority']);
