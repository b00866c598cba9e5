-- a batch
rollback;
rollback;
select val from natsjob_meta where name = 'copying';
rollback;
select val, batch from natsjob_meta where name = 'term' for update;
select stream, created, sequence_no from natsjob_checkpoint;
select id, state from natsjob_run where id in (794354205589504001);
delete from natsjob_job where namespace = ? and app = ? and name = ?;
merge into natsjob_job t using (select cast(? as varchar(512)) as namespace, cast(? as varchar(512)) as app, cast(? as varchar(512)) as name, cast(? as int) as job_number, cast(? as bigint) as version_no, cast(? as clob) as definition from dual) s on (t.namespace = s.namespace and t.app = s.app and t.name = s.name) when matched then update set t.job_number = s.job_number, t.version_no = s.version_no, t.definition = s.definition when not matched then insert (namespace, app, name, job_number, version_no, definition) values (s.namespace, s.app, s.name, s.job_number, s.version_no, s.definition); -- rows: 1
merge into natsjob_job_ref t using (select cast(? as int) as job_number, cast(? as varchar(512)) as namespace, cast(? as varchar(512)) as app, cast(? as varchar(512)) as job from dual) s on (t.job_number = s.job_number) when matched then update set t.namespace = s.namespace, t.app = s.app, t.job = s.job when not matched then insert (job_number, namespace, app, job) values (s.job_number, s.namespace, s.app, s.job); -- rows: 1
merge into natsjob_run t using (select cast(? as int) as category, cast(? as int) as model, cast(? as int) as state, cast(? as int) as trigger_code, cast(? as int) as flags, cast(? as int) as attempt, cast(? as int) as attempts, cast(? as int) as retry_on, cast(? as int) as priority, cast(? as int) as step, cast(? as bigint) as scheduled_at, cast(? as bigint) as due_at, cast(? as bigint) as dispatched_at, cast(? as bigint) as expires_at, cast(? as bigint) as ended_at, cast(? as int) as running_count, cast(? as int) as bad_answers, cast(? as int) as targets, cast(? as int) as targets_ended, cast(? as int) as targets_worst, cast(? as bigint) as root_id, cast(? as bigint) as retry_id, cast(? as varchar(1024)) as worker_id, cast(? as varchar(1024)) as status, cast(? as varchar(1024)) as monitor_status, cast(? as clob) as reason, cast(? as clob) as args, cast(? as clob) as bad_answer, cast(? as clob) as monitor_payload, cast(? as varchar(1024)) as own_options, cast(? as int) as job_number, cast(? as bigint) as id from dual) s on (t.id = s.id) when not matched then insert (category, model, state, trigger_code, flags, attempt, attempts, retry_on, priority, step, scheduled_at, due_at, dispatched_at, expires_at, ended_at, running_count, bad_answers, targets, targets_ended, targets_worst, root_id, retry_id, worker_id, status, monitor_status, reason, args, bad_answer, monitor_payload, own_options, job_number, id) values (s.category, s.model, s.state, s.trigger_code, s.flags, s.attempt, s.attempts, s.retry_on, s.priority, s.step, s.scheduled_at, s.due_at, s.dispatched_at, s.expires_at, s.ended_at, s.running_count, s.bad_answers, s.targets, s.targets_ended, s.targets_worst, s.root_id, s.retry_id, s.worker_id, s.status, s.monitor_status, s.reason, s.args, s.bad_answer, s.monitor_payload, s.own_options, s.job_number, s.id); -- rows: 1
merge into natsjob_sub_run t using (select cast(? as bigint) as run_id, cast(? as int) as kind, cast(? as bigint) as part_number, cast(? as varchar(1024)) as worker_id, cast(? as varchar(1024)) as scene_id, cast(? as varchar(1024)) as scene_name, cast(? as varchar(1024)) as status, cast(? as clob) as reason, cast(? as varchar(1024)) as monitor_status, cast(? as clob) as monitor_payload, cast(? as bigint) as started_at, cast(? as bigint) as ended_at, cast(? as bigint) as created_at from dual) s on (t.run_id = s.run_id and t.kind = s.kind and t.part_number = s.part_number) when matched then update set t.worker_id = s.worker_id, t.scene_id = s.scene_id, t.scene_name = s.scene_name, t.status = s.status, t.reason = s.reason, t.monitor_status = s.monitor_status, t.monitor_payload = s.monitor_payload, t.started_at = s.started_at, t.ended_at = s.ended_at, t.created_at = s.created_at when not matched then insert (run_id, kind, part_number, worker_id, scene_id, scene_name, status, reason, monitor_status, monitor_payload, started_at, ended_at, created_at) values (s.run_id, s.kind, s.part_number, s.worker_id, s.scene_id, s.scene_name, s.status, s.reason, s.monitor_status, s.monitor_payload, s.started_at, s.ended_at, s.created_at); -- rows: 1
merge into natsjob_skip_count t using (select cast(? as bigint) as hour_at, cast(? as int) as job_number, cast(? as int) as reason, cast(? as bigint) as skips, cast(? as bigint) as last_at from dual) s on (t.hour_at = s.hour_at and t.job_number = s.job_number and t.reason = s.reason) when matched then update set t.skips = t.skips + s.skips, t.last_at = greatest(t.last_at, s.last_at) when not matched then insert (hour_at, job_number, reason, skips, last_at) values (s.hour_at, s.job_number, s.reason, s.skips, s.last_at); -- rows: 1
merge into natsjob_worker t using (select cast(? as varchar(512)) as namespace, cast(? as varchar(512)) as app, cast(? as varchar(512)) as id, cast(? as varchar(1024)) as ip, cast(? as varchar(1024)) as remark, cast(? as bigint) as weight, cast(? as varchar(1024)) as group_name, cast(? as varchar(1024)) as machine_cpu_usage, cast(? as varchar(1024)) as machine_memory_usage, cast(? as varchar(1024)) as process_cpu_usage, cast(? as varchar(1024)) as process_memory_rss, cast(? as bigint) as first_seen_at, cast(? as bigint) as last_seen_at from dual) s on (t.namespace = s.namespace and t.app = s.app and t.id = s.id) when matched then update set t.ip = s.ip, t.remark = s.remark, t.weight = s.weight, t.group_name = s.group_name, t.machine_cpu_usage = s.machine_cpu_usage, t.machine_memory_usage = s.machine_memory_usage, t.process_cpu_usage = s.process_cpu_usage, t.process_memory_rss = s.process_memory_rss, t.first_seen_at = s.first_seen_at, t.last_seen_at = s.last_seen_at when not matched then insert (namespace, app, id, ip, remark, weight, group_name, machine_cpu_usage, machine_memory_usage, process_cpu_usage, process_memory_rss, first_seen_at, last_seen_at) values (s.namespace, s.app, s.id, s.ip, s.remark, s.weight, s.group_name, s.machine_cpu_usage, s.machine_memory_usage, s.process_cpu_usage, s.process_memory_rss, s.first_seen_at, s.last_seen_at); -- rows: 1
merge into natsjob_end_count t using (select cast(? as int) as minute_no, cast(? as int) as job_number, cast(? as bigint) as completed, cast(? as bigint) as failed, cast(? as bigint) as expired, cast(? as bigint) as cancelled, cast(? as bigint) as duration_ms_sum, cast(? as bigint) as duration_ms_max, cast(? as bigint) as lateness_ms_sum, cast(? as bigint) as lateness_ms_max from dual) s on (t.minute_no = s.minute_no and t.job_number = s.job_number) when matched then update set t.completed = t.completed + s.completed, t.failed = t.failed + s.failed, t.expired = t.expired + s.expired, t.cancelled = t.cancelled + s.cancelled, t.duration_ms_sum = t.duration_ms_sum + s.duration_ms_sum, t.duration_ms_max = greatest(t.duration_ms_max, s.duration_ms_max), t.lateness_ms_sum = t.lateness_ms_sum + s.lateness_ms_sum, t.lateness_ms_max = greatest(t.lateness_ms_max, s.lateness_ms_max) when not matched then insert (minute_no, job_number, completed, failed, expired, cancelled, duration_ms_sum, duration_ms_max, lateness_ms_sum, lateness_ms_max) values (s.minute_no, s.job_number, s.completed, s.failed, s.expired, s.cancelled, s.duration_ms_sum, s.duration_ms_max, s.lateness_ms_sum, s.lateness_ms_max); -- rows: 2
merge into natsjob_checkpoint t using (select cast(? as varchar(512)) as stream, cast(? as varchar(512)) as created, cast(? as bigint) as sequence_no from dual) s on (t.stream = s.stream) when matched then update set t.created = s.created, t.sequence_no = s.sequence_no when not matched then insert (stream, created, sequence_no) values (s.stream, s.created, s.sequence_no); -- rows: 1
update natsjob_meta set val = 1, batch = … where name = 'term';
commit;

-- checkpoints
select stream, created, sequence_no from natsjob_checkpoint order by stream;

-- resetCheckpoints
update natsjob_meta set val = 0 where name = 'term';
delete from natsjob_checkpoint;
commit;

-- openRuns
select cast(r.id as varchar(20)), cast(r.root_id as varchar(20)), cast(r.retry_id as varchar(20)), j.namespace, j.app, j.job, r.job_number, r.category, r.model, r.state, r.trigger_code, r.flags, r.attempt, r.attempts, r.retry_on, r.priority, r.step, r.scheduled_at, r.due_at, r.dispatched_at, r.expires_at, r.ended_at, r.running_count, r.bad_answers, r.targets, r.targets_ended, r.targets_worst, r.worker_id, r.status, r.monitor_status, r.reason, r.args, r.bad_answer, r.monitor_payload, r.own_options from natsjob_run r left join natsjob_job_ref j on j.job_number = r.job_number where r.state <> 3 and r.state < 3;
select cast(r.id as varchar(20)), cast(r.root_id as varchar(20)), cast(r.retry_id as varchar(20)), j.namespace, j.app, j.job, r.job_number, r.category, r.model, r.state, r.trigger_code, r.flags, r.attempt, r.attempts, r.retry_on, r.priority, r.step, r.scheduled_at, r.due_at, r.dispatched_at, r.expires_at, r.ended_at, r.running_count, r.bad_answers, r.targets, r.targets_ended, r.targets_worst, r.worker_id, r.status, r.monitor_status, r.reason, r.args, r.bad_answer, r.monitor_payload, r.own_options from natsjob_run r left join natsjob_job_ref j on j.job_number = r.job_number where r.flags <> 0 and r.state >= 3;

-- highestRunId
select cast(r.id as varchar(20)) from natsjob_run r order by r.id desc limit 1;

-- definitions
select definition, version_no from natsjob_namespace order by name;
select definition, version_no from natsjob_app order by namespace, name;
select definition, version_no, namespace, app, name from natsjob_job order by namespace, app, name limit 1000;

-- workers
select namespace, app, id, ip, remark, weight, group_name, machine_cpu_usage, machine_memory_usage, process_cpu_usage, process_memory_rss, first_seen_at, last_seen_at from natsjob_worker order by namespace, app, id;

-- run
select cast(r.id as varchar(20)), cast(r.root_id as varchar(20)), cast(r.retry_id as varchar(20)), j.namespace, j.app, j.job, r.job_number, r.category, r.model, r.state, r.trigger_code, r.flags, r.attempt, r.attempts, r.retry_on, r.priority, r.step, r.scheduled_at, r.due_at, r.dispatched_at, r.expires_at, r.ended_at, r.running_count, r.bad_answers, r.targets, r.targets_ended, r.targets_worst, r.worker_id, r.status, r.monitor_status, r.reason, r.args, r.bad_answer, r.monitor_payload, r.own_options from natsjob_run r left join natsjob_job_ref j on j.job_number = r.job_number where r.id = 794354205589504001;

-- runs
select cast(r.id as varchar(20)), cast(r.root_id as varchar(20)), cast(r.retry_id as varchar(20)), j.namespace, j.app, j.job, r.job_number, r.category, r.model, r.state, r.trigger_code, r.flags, r.attempt, r.attempts, r.retry_on, r.priority, r.step, r.scheduled_at, r.due_at, r.dispatched_at, r.expires_at, r.ended_at, r.running_count, r.bad_answers, r.targets, r.targets_ended, r.targets_worst, r.worker_id, r.status, r.monitor_status, r.reason, r.args, r.bad_answer, r.monitor_payload, r.own_options from natsjob_run r left join natsjob_job_ref j on j.job_number = r.job_number where (r.id >= 0 and r.id <= 9223372036854775807) order by r.id desc limit 51;

-- runs by names that nobody has
select job_number from natsjob_job_ref where (namespace = ?) and (app = ?) and (job = ?) limit 2001;

-- runs by text
select cast(r.id as varchar(20)) from natsjob_run r where r.id >= 794354201395200000 and r.id <= 794354201399394303 order by r.id desc limit 1 offset 1024;
select cast(r.id as varchar(20)), r.args from natsjob_run r left join natsjob_job_ref j on j.job_number = r.job_number where ((r.dispatched_at > 0 and r.ended_at - r.dispatched_at >= 5) and (instr(lower(r.reason), lower(?)) > 0) and (instr(lower(r.args), lower(?)) > 0 or instr(lower(r.args), lower(?)) > 0)) and (r.id >= 794354201395200000 and r.id <= 794354201399394303) order by r.id desc limit 500;

-- runs by what is indexed
select count(*) from ( select r.id from natsjob_run r where r.monitor_status = ? and r.monitor_status is not null and r.id >= 0 and r.id <= 9223372036854775807 limit 1001) c;
select count(*) from ( select r.id from natsjob_run r where r.worker_id = ? and r.worker_id is not null and r.id >= 0 and r.id <= 9223372036854775807 limit 1001) c;
select count(*) from ( select r.id from natsjob_run r where r.state in (4, 5) and r.state <> 3 and r.id >= 0 and r.id <= 9223372036854775807 limit 1001) c;
select count(*) from ( select r.id from natsjob_run r where r.trigger_code in (1) and r.trigger_code <> 0 and r.id >= 0 and r.id <= 9223372036854775807 limit 1001) c;

-- runs of one chain
select cast(r.id as varchar(20)), cast(r.root_id as varchar(20)), cast(r.retry_id as varchar(20)), j.namespace, j.app, j.job, r.job_number, r.category, r.model, r.state, r.trigger_code, r.flags, r.attempt, r.attempts, r.retry_on, r.priority, r.step, r.scheduled_at, r.due_at, r.dispatched_at, r.expires_at, r.ended_at, r.running_count, r.bad_answers, r.targets, r.targets_ended, r.targets_worst, r.worker_id, r.status, r.monitor_status, r.reason, r.args, r.bad_answer, r.monitor_payload, r.own_options from natsjob_run r left join natsjob_job_ref j on j.job_number = r.job_number where (r.id = 794354205589504001 or (r.root_id = 794354205589504001 and r.root_id > 0)) and (r.id >= 0 and r.id <= 9223372036854775807) order by r.id desc limit 51;

-- countRuns
select count(*) from (select r.id from natsjob_run r left join natsjob_job_ref j on j.job_number = r.job_number where (r.id >= 0 and r.id <= 9223372036854775807) limit 10001) c;

-- briefs
select cast(r.id as varchar(20)), r.job_number, r.state, r.scheduled_at, r.due_at, r.dispatched_at, r.ended_at, r.reason from natsjob_run r left join natsjob_job_ref j on j.job_number = r.job_number where (r.id >= 0 and r.id <= 9223372036854775807) order by r.id desc limit 51;

-- recentRuns
(select cast(r.id as varchar(20)), r.job_number, r.state, r.scheduled_at, r.due_at, r.dispatched_at, r.ended_at, r.reason from natsjob_run r where r.job_number = 1 order by r.id desc limit 5) union all (select cast(r.id as varchar(20)), r.job_number, r.state, r.scheduled_at, r.due_at, r.dispatched_at, r.ended_at, r.reason from natsjob_run r where r.job_number = 2 order by r.id desc limit 5);

-- lastRuns
select cast((select x.id from natsjob_run x where x.job_number = v.job_number order by x.id desc limit 1) as varchar(20)) from natsjob_job_ref v where v.job_number in (1, 2);

-- subRuns
select kind, part_number, worker_id, scene_id, scene_name, status, reason, monitor_status, monitor_payload, started_at, ended_at, created_at from natsjob_sub_run s where (s.run_id = 794354205589504001) and (s.kind < 9 or (s.kind = 9 and s.part_number < 0)) and (s.status = ?) and (instr(lower(s.reason), lower(?)) > 0) order by s.kind desc, s.part_number desc limit 21;

-- skips
select s.job_number, j.namespace, j.app, j.job, s.reason, s.hour_at, s.skips, s.last_at from natsjob_skip_count s join natsjob_job_ref j on j.job_number = s.job_number where (s.hour_at < 1767225600000 or (s.hour_at = 1767225600000 and (s.job_number < 1 or (s.job_number = 1 and s.reason < 0)))) and (s.job_number in (1)) and (j.namespace = ?) and (s.reason in (0)) and (s.hour_at >= 1767225600000) and (s.hour_at < 1767225600001) order by s.hour_at desc, s.job_number desc, s.reason desc limit 21;

-- endTotals
select b.bucket_no, sum(b.completed), sum(b.failed), sum(b.expired), sum(b.cancelled), sum(b.duration_ms_sum), max(b.duration_ms_max), sum(b.lateness_ms_sum), max(b.lateness_ms_max) from (select e.minute_no - mod(e.minute_no, 1) as bucket_no, e.* from natsjob_end_count e where e.minute_no >= 29453760 and e.minute_no < 29453761 and e.job_number in (1)) b group by b.bucket_no order by b.bucket_no;

-- workerEnds
select count(*), coalesce(sum(case when n.state in (4, 5) then 1 else 0 end), 0) from (select r.state, r.job_number from natsjob_run r where r.worker_id = ? and r.worker_id is not null and r.id >= 794354201395200000 order by r.id desc limit 100) n join natsjob_job_ref j on j.job_number = n.job_number where n.state >= 3 and j.namespace = ? and j.app = ?;

-- lateJobs
select t.job_number, t.runs, t.late, t.newest from ( select e.job_number, sum(e.completed + e.failed + e.expired + e.cancelled) as runs, sum(e.lateness_ms_sum) as late, max(e.minute_no) as newest from natsjob_end_count e where e.minute_no >= 29453760 and e.job_number >= 0 group by e.job_number) t where t.late >= 1000 * t.runs order by 1.0 * t.late / t.runs desc, t.job_number limit 5;

-- hasRunsOf
select r.state from natsjob_run r where r.job_number = 1 limit 1;

-- deleteRunsBefore
select cast(r.id as varchar(20)), r.job_number from natsjob_run r where r.id < 794354205589504001 and r.state >= 3 and r.flags <> 1 order by r.id limit 500;
select distinct cast(s.run_id as varchar(20)) from natsjob_sub_run s where s.run_id < 794354205589504001 and not exists (select 1 from natsjob_run r where r.id = s.run_id) limit 500;
commit;

-- deleteCountersBefore
select hour_at, job_number, reason from natsjob_skip_count where hour_at < 1767222000001 order by hour_at, job_number, reason limit 1000;
select minute_no, job_number from natsjob_end_count where minute_no < 29453760 order by minute_no, job_number limit 1000;
delete from natsjob_worker where last_seen_at < 1767225600000;
commit;

-- size
select coalesce(sum(bytes), 0) from user_segments where segment_name like 'NATSJOB%';

-- facts
select cast(r.id as varchar(20)) from natsjob_run r order by r.id limit 1;
