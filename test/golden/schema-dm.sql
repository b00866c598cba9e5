-- 1
create table if not exists natsjob_meta (
  name varchar(512) primary key,
  val bigint not null,
  batch bigint not null
);
create table if not exists natsjob_run (
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
  worker_id varchar(1024),
  status varchar(1024),
  monitor_status varchar(1024),
  reason clob,
  args clob,
  bad_answer clob,
  monitor_payload clob
);
create or replace index natsjob_run_job on natsjob_run (job_number, id);
create or replace index natsjob_run_state on natsjob_run (state, id);
create or replace index natsjob_run_flags on natsjob_run (flags, id);
create or replace index natsjob_run_trigger on natsjob_run (trigger_code, id);
create or replace index natsjob_run_worker on natsjob_run (worker_id, id);
create or replace index natsjob_run_monitor on natsjob_run (monitor_status, id);
create or replace index natsjob_run_root on natsjob_run (root_id, id);
create table if not exists natsjob_job_ref (
  job_number integer primary key,
  namespace varchar(512) not null,
  app varchar(512) not null,
  job varchar(512) not null
);
create or replace index natsjob_job_ref_name on natsjob_job_ref (namespace, app, job);
create table if not exists natsjob_sub_run (
  run_id bigint not null,
  kind smallint not null,
  part_number bigint not null,
  worker_id varchar(1024),
  scene_id varchar(1024),
  scene_name varchar(1024),
  status varchar(1024),
  reason clob,
  monitor_status varchar(1024),
  monitor_payload clob,
  started_at bigint not null,
  ended_at bigint not null,
  created_at bigint not null,
  primary key (run_id, kind, part_number)
);
create table if not exists natsjob_skip_count (
  hour_at bigint not null,
  job_number integer not null,
  reason smallint not null,
  skips bigint not null,
  last_at bigint not null,
  primary key (hour_at, job_number, reason)
);
create table if not exists natsjob_end_count (
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
);
create table if not exists natsjob_worker (
  namespace varchar(512) not null,
  app varchar(512) not null,
  id varchar(512) not null,
  ip varchar(1024),
  remark varchar(1024),
  weight bigint not null,
  group_name varchar(1024),
  machine_cpu_usage varchar(1024),
  machine_memory_usage varchar(1024),
  process_cpu_usage varchar(1024),
  process_memory_rss varchar(1024),
  first_seen_at bigint not null,
  last_seen_at bigint not null,
  primary key (namespace, app, id)
);
create table if not exists natsjob_namespace (
  name varchar(512) primary key,
  version_no bigint not null,
  definition clob not null
);
create table if not exists natsjob_app (
  namespace varchar(512) not null,
  name varchar(512) not null,
  version_no bigint not null,
  definition clob not null,
  primary key (namespace, name)
);
create table if not exists natsjob_job (
  namespace varchar(512) not null,
  app varchar(512) not null,
  name varchar(512) not null,
  job_number integer not null,
  version_no bigint not null,
  definition clob not null,
  primary key (namespace, app, name)
);
create or replace index natsjob_job_number on natsjob_job (job_number);
create table if not exists natsjob_checkpoint (
  stream varchar(512) primary key,
  created varchar(512) not null,
  sequence_no bigint not null
);
insert into natsjob_meta (name, val, batch) select 'schema', 0, 0 from dual where not exists (select 1 from natsjob_meta where name = 'schema');
insert into natsjob_meta (name, val, batch) select 'term', 0, 0 from dual where not exists (select 1 from natsjob_meta where name = 'term');
insert into natsjob_meta (name, val, batch) select 'probe', 0, 0 from dual where not exists (select 1 from natsjob_meta where name = 'probe');
-- 2
-- 3
declare
  found int;
begin
  select count(*) into found from all_tab_columns where owner = SF_GET_SCHEMA_NAME_BY_ID(CURRENT_SCHID()) and table_name = 'NATSJOB_RUN' and column_name = 'OWN_OPTIONS';
  if found = 0 then
    execute immediate 'alter table natsjob_run add own_options varchar(1024)';
  end if;
end;
