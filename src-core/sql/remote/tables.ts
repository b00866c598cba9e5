/** `small`, `int`, `big`: whole numbers of 16, 32, 64 bits; `name`: short text; `text`: any text. */
export type ColumnType = 'small' | 'int' | 'big' | 'name' | 'text';

/** What happens to a column of a row that is there already. */
export type MergeRule = 'replace' | 'add' | 'max';

export interface Table {
  readonly name: string;
  /** In the order of the rows' values. */
  readonly columns: readonly (readonly [name: string, type: ColumnType])[];
  readonly key: readonly string[];
  /** Columns with another rule than `replace`. */
  readonly merge?: Readonly<Record<string, MergeRule>>;
}

/**
 * Tables of a database server, as bulk statements need to know them; the migrations of each product make them. All begin with
 * `natsjob_`, as others keep tables in the same database, and no column has a name that any of the products reserves.
 */
export const RUN: Table = {
  name: 'natsjob_run',
  columns: [
    ['category', 'small'], ['model', 'small'], ['state', 'small'], ['trigger_code', 'small'], ['flags', 'small'],
    ['attempt', 'int'], ['attempts', 'int'], ['retry_on', 'int'], ['priority', 'int'], ['step', 'int'],
    ['scheduled_at', 'big'], ['due_at', 'big'], ['dispatched_at', 'big'], ['expires_at', 'big'], ['ended_at', 'big'],
    ['running_count', 'int'], ['bad_answers', 'int'], ['targets', 'int'], ['targets_ended', 'int'], ['targets_worst', 'int'],
    ['root_id', 'big'], ['retry_id', 'big'], ['worker_id', 'text'], ['status', 'text'], ['monitor_status', 'text'], ['reason', 'text'],
    ['args', 'text'], ['bad_answer', 'text'], ['monitor_payload', 'text'], ['own_options', 'text'], ['job_number', 'int'], ['id', 'big'],
  ],
  key: ['id'],
};

export const JOB_REF: Table = {
  name: 'natsjob_job_ref',
  columns: [['job_number', 'int'], ['namespace', 'name'], ['app', 'name'], ['job', 'name']],
  key: ['job_number'],
};

export const SUB_RUN: Table = {
  name: 'natsjob_sub_run',
  columns: [
    ['run_id', 'big'], ['kind', 'small'], ['part_number', 'big'], ['worker_id', 'text'], ['scene_id', 'text'], ['scene_name', 'text'], ['status', 'text'],
    ['reason', 'text'], ['monitor_status', 'text'], ['monitor_payload', 'text'], ['started_at', 'big'], ['ended_at', 'big'], ['created_at', 'big'],
  ],
  key: ['run_id', 'kind', 'part_number'],
};

export const SKIP_COUNT: Table = {
  name: 'natsjob_skip_count',
  columns: [['hour_at', 'big'], ['job_number', 'int'], ['reason', 'small'], ['skips', 'big'], ['last_at', 'big']],
  key: ['hour_at', 'job_number', 'reason'],
  merge: { skips: 'add', last_at: 'max' },
};

export const END_COUNT: Table = {
  name: 'natsjob_end_count',
  columns: [
    ['minute_no', 'int'], ['job_number', 'int'], ['completed', 'big'], ['failed', 'big'], ['expired', 'big'], ['cancelled', 'big'],
    ['duration_ms_sum', 'big'], ['duration_ms_max', 'big'], ['lateness_ms_sum', 'big'], ['lateness_ms_max', 'big'],
  ],
  key: ['minute_no', 'job_number'],
  merge: {
    completed: 'add', failed: 'add', expired: 'add', cancelled: 'add', duration_ms_sum: 'add', duration_ms_max: 'max', lateness_ms_sum: 'add', lateness_ms_max: 'max',
  },
};

export const WORKER: Table = {
  name: 'natsjob_worker',
  columns: [
    ['namespace', 'name'], ['app', 'name'], ['id', 'name'], ['ip', 'text'], ['remark', 'text'], ['weight', 'big'], ['group_name', 'text'], ['machine_cpu_usage', 'text'],
    ['machine_memory_usage', 'text'], ['process_cpu_usage', 'text'], ['process_memory_rss', 'text'], ['first_seen_at', 'big'], ['last_seen_at', 'big'],
  ],
  key: ['namespace', 'app', 'id'],
};

export const NAMESPACE: Table = { name: 'natsjob_namespace', columns: [['name', 'name'], ['version_no', 'big'], ['definition', 'text']], key: ['name'] };

export const APP: Table = {
  name: 'natsjob_app', columns: [['namespace', 'name'], ['name', 'name'], ['version_no', 'big'], ['definition', 'text']], key: ['namespace', 'name'],
};

export const JOB: Table = {
  name: 'natsjob_job',
  columns: [['namespace', 'name'], ['app', 'name'], ['name', 'name'], ['job_number', 'int'], ['version_no', 'big'], ['definition', 'text']],
  key: ['namespace', 'app', 'name'],
};

export const CHECKPOINT: Table = { name: 'natsjob_checkpoint', columns: [['stream', 'name'], ['created', 'name'], ['sequence_no', 'big']], key: ['stream'] };

/** `value` of `schema`: last migration; of `term`: highest term that wrote, with a number of its own for each batch in `batch`; of `probe`: last probe. */
export const META: Table = { name: 'natsjob_meta', columns: [['name', 'name'], ['val', 'big'], ['batch', 'big']], key: ['name'] };

export const TABLES: readonly Table[] = [RUN, JOB_REF, SUB_RUN, SKIP_COUNT, END_COUNT, WORKER, NAMESPACE, APP, JOB, CHECKPOINT, META];

/** Columns that are no part of the key, with what to do to them. */
export function mergeRules(table: Table): readonly (readonly [column: string, rule: MergeRule])[] {
  return table.columns.filter(([name]) => !table.key.includes(name)).map(([name]) => [name, table.merge?.[name] ?? 'replace'] as const);
}
