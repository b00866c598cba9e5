/** Never edited once released: a change is a new migration. */
export const FIRST: readonly string[] = [
  `create table if not exists natsjob_meta (
  name text collate "C" primary key,
  val bigint not null,
  batch bigint not null
)`,
  `create table if not exists natsjob_run (
  id bigint primary key,
  job_number integer not null,
  category smallint not null,
  model smallint not null,
  state smallint not null,
  trigger_code smallint not null,
  flags smallint not null,
  attempt integer not null,
  attempts integer not null,
  retry_on integer not null,
  priority integer not null,
  step integer not null,
  scheduled_at bigint not null,
  due_at bigint not null,
  dispatched_at bigint not null,
  expires_at bigint not null,
  ended_at bigint not null,
  running_count integer not null,
  bad_answers integer not null,
  targets integer not null,
  targets_ended integer not null,
  targets_worst integer not null,
  root_id bigint,
  retry_id bigint,
  worker_id text,
  status text,
  monitor_status text,
  reason text,
  args text,
  bad_answer text,
  monitor_payload text
)`,
  ...index('natsjob_run_job', 'natsjob_run (job_number, id)'),
  ...index('natsjob_run_state', 'natsjob_run (state, id) where state <> 3'),
  ...index('natsjob_run_flags', 'natsjob_run (flags, id) where flags <> 0'),
  ...index('natsjob_run_trigger', 'natsjob_run (trigger_code, id) where trigger_code <> 0'),
  // The first hundred characters: an entry of an index has a bounded length.
  ...index('natsjob_run_worker', 'natsjob_run (left(worker_id, 100), id) where worker_id is not null'),
  ...index('natsjob_run_monitor', 'natsjob_run (left(monitor_status, 100), id) where monitor_status is not null'),
  ...index('natsjob_run_root', 'natsjob_run (root_id, id) where root_id > 0'),
  `create table if not exists natsjob_job_ref (
  job_number integer primary key,
  namespace text collate "C" not null,
  app text collate "C" not null,
  job text collate "C" not null
)`,
  ...index('natsjob_job_ref_name', 'natsjob_job_ref (namespace, app, job)'),
  `create table if not exists natsjob_sub_run (
  run_id bigint not null,
  kind smallint not null,
  part_number bigint not null,
  worker_id text,
  scene_id text,
  scene_name text,
  status text,
  reason text,
  monitor_status text,
  monitor_payload text,
  started_at bigint not null,
  ended_at bigint not null,
  created_at bigint not null,
  primary key (run_id, kind, part_number)
)`,
  `create table if not exists natsjob_skip_count (
  hour_at bigint not null,
  job_number integer not null,
  reason smallint not null,
  skips bigint not null,
  last_at bigint not null,
  primary key (hour_at, job_number, reason)
) with (fillfactor = 70)`,
  `create table if not exists natsjob_end_count (
  minute_no integer not null,
  job_number integer not null,
  completed bigint not null,
  failed bigint not null,
  expired bigint not null,
  cancelled bigint not null,
  duration_ms_sum bigint not null,
  duration_ms_max bigint not null,
  lateness_ms_sum bigint not null,
  lateness_ms_max bigint not null,
  primary key (minute_no, job_number)
) with (fillfactor = 70)`,
  `create table if not exists natsjob_worker (
  namespace text collate "C" not null,
  app text collate "C" not null,
  id text collate "C" not null,
  ip text not null,
  remark text not null,
  weight bigint not null,
  group_name text not null,
  machine_cpu_usage text not null,
  machine_memory_usage text not null,
  process_cpu_usage text not null,
  process_memory_rss text not null,
  first_seen_at bigint not null,
  last_seen_at bigint not null,
  primary key (namespace, app, id)
)`,
  `create table if not exists natsjob_namespace (
  name text collate "C" primary key,
  version_no bigint not null,
  definition text not null
)`,
  `create table if not exists natsjob_app (
  namespace text collate "C" not null,
  name text collate "C" not null,
  version_no bigint not null,
  definition text not null,
  primary key (namespace, name)
)`,
  `create table if not exists natsjob_job (
  namespace text collate "C" not null,
  app text collate "C" not null,
  name text collate "C" not null,
  job_number integer not null,
  version_no bigint not null,
  definition text not null,
  primary key (namespace, app, name)
)`,
  ...index('natsjob_job_number', 'natsjob_job (job_number)'),
  `create table if not exists natsjob_checkpoint (
  stream text collate "C" primary key,
  created text not null,
  sequence_no bigint not null
)`,
  'insert into natsjob_meta (name, val, batch) values (\'schema\', 0, 0), (\'term\', 0, 0), (\'probe\', 0, 0) on conflict (name) do nothing',
];

function index(name: string, what: string): string[] {
  return [`create index if not exists ${name} on ${what}`];
}
