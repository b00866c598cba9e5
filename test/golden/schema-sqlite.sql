CREATE TABLE app (
  namespace text not null,
  name text not null,
  version integer not null,
  definition text not null,
  primary key (namespace, name)
);

CREATE TABLE checkpoint (
  stream text primary key,
  created text not null,
  sequence integer not null
);

CREATE TABLE end_count (
  minute integer not null,
  job_number integer not null,
  completed integer not null,
  failed integer not null,
  expired integer not null,
  cancelled integer not null,
  duration_ms_sum integer not null,
  duration_ms_max integer not null,
  lateness_ms_sum integer not null,
  lateness_ms_max integer not null,
  primary key (minute, job_number)
) without rowid;

CREATE TABLE end_pending (
  id integer primary key,
  rows blob not null
);

CREATE TABLE job (
  namespace text not null,
  app text not null,
  name text not null,
  number integer not null,
  version integer not null,
  definition text not null,
  primary key (namespace, app, name)
);

CREATE TABLE job_ref (
  number integer primary key,
  namespace text not null,
  app text not null,
  job text not null
);

CREATE TABLE meta (key text primary key, value integer not null);

CREATE TABLE namespace (
  name text primary key,
  version integer not null,
  definition text not null
);

CREATE TABLE run (
  id integer primary key,
  job_number integer not null,
  category integer not null,
  model integer not null,
  state integer not null,
  trigger integer not null,
  flags integer not null,
  attempt integer not null,
  attempts integer not null,
  retry_on integer not null,
  priority integer not null,
  step integer not null,
  scheduled_at integer not null,
  due_at integer not null,
  dispatched_at integer not null,
  expires_at integer not null,
  ended_at integer not null,
  running_count integer not null,
  bad_answers integer not null,
  targets integer not null,
  targets_ended integer not null,
  targets_worst integer not null,
  root_id integer,
  retry_id integer,
  worker_id text,
  status text,
  monitor_status text,
  reason text,
  args text,
  bad_answer text,
  monitor_payload text
, own_options text);

CREATE TABLE skip_count (
  hour integer not null,
  job_number integer not null,
  reason integer not null,
  count integer not null,
  last_at integer not null,
  primary key (hour, job_number, reason)
) without rowid;

CREATE TABLE sub_run (
  run_id integer not null,
  kind integer not null,
  number integer not null,
  worker_id text,
  scene_id text,
  scene_name text,
  status text,
  reason text,
  monitor_status text,
  monitor_payload text,
  started_at integer not null,
  ended_at integer not null,
  created_at integer not null,
  primary key (run_id, kind, number)
) without rowid;

CREATE TABLE worker (
  namespace text not null,
  app text not null,
  id text not null,
  ip text not null,
  comment text not null,
  weight integer not null,
  group_name text not null,
  machine_cpu_usage text not null,
  machine_memory_usage text not null,
  process_cpu_usage text not null,
  process_memory_rss text not null,
  first_seen_at integer not null,
  last_seen_at integer not null,
  primary key (namespace, app, id)
) without rowid;

CREATE INDEX job_number on job (number);

CREATE INDEX job_ref_name on job_ref (namespace, app, job);

CREATE INDEX run_flags on run (flags, id) where flags <> 0;

CREATE INDEX run_job on run (job_number, id);

CREATE INDEX run_monitor on run (monitor_status, id) where monitor_status is not null;

CREATE INDEX run_root on run (root_id, id) where root_id > 0;

CREATE INDEX run_state on run (state, id) where state <> 3;

CREATE INDEX run_trigger on run (trigger, id) where trigger <> 0;

CREATE INDEX run_worker on run (worker_id, id) where worker_id is not null;
