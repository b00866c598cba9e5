CREATE TABLE public.natsjob_app (
    namespace text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    version_no bigint NOT NULL,
    definition text NOT NULL
);
CREATE TABLE public.natsjob_checkpoint (
    stream text NOT NULL COLLATE pg_catalog."C",
    created text NOT NULL,
    sequence_no bigint NOT NULL
);
CREATE TABLE public.natsjob_end_count (
    minute_no integer NOT NULL,
    job_number integer NOT NULL,
    completed bigint NOT NULL,
    failed bigint NOT NULL,
    expired bigint NOT NULL,
    cancelled bigint NOT NULL,
    duration_ms_sum bigint NOT NULL,
    duration_ms_max bigint NOT NULL,
    lateness_ms_sum bigint NOT NULL,
    lateness_ms_max bigint NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE public.natsjob_job (
    namespace text NOT NULL COLLATE pg_catalog."C",
    app text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    job_number integer NOT NULL,
    version_no bigint NOT NULL,
    definition text NOT NULL
);
CREATE TABLE public.natsjob_job_ref (
    job_number integer NOT NULL,
    namespace text NOT NULL COLLATE pg_catalog."C",
    app text NOT NULL COLLATE pg_catalog."C",
    job text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.natsjob_meta (
    name text NOT NULL COLLATE pg_catalog."C",
    val bigint NOT NULL,
    batch bigint NOT NULL
);
CREATE TABLE public.natsjob_namespace (
    name text NOT NULL COLLATE pg_catalog."C",
    version_no bigint NOT NULL,
    definition text NOT NULL
);
CREATE TABLE public.natsjob_run (
    id bigint NOT NULL,
    job_number integer NOT NULL,
    category smallint NOT NULL,
    model smallint NOT NULL,
    state smallint NOT NULL,
    trigger_code smallint NOT NULL,
    flags smallint NOT NULL,
    attempt integer NOT NULL,
    attempts integer NOT NULL,
    retry_on integer NOT NULL,
    priority integer NOT NULL,
    step integer NOT NULL,
    scheduled_at bigint NOT NULL,
    due_at bigint NOT NULL,
    dispatched_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    running_count integer NOT NULL,
    bad_answers integer NOT NULL,
    targets integer NOT NULL,
    targets_ended integer NOT NULL,
    targets_worst integer NOT NULL,
    root_id bigint,
    retry_id bigint,
    worker_id text,
    status text,
    monitor_status text,
    reason text,
    args text,
    bad_answer text,
    monitor_payload text,
    own_options text
);
CREATE TABLE public.natsjob_skip_count (
    hour_at bigint NOT NULL,
    job_number integer NOT NULL,
    reason smallint NOT NULL,
    skips bigint NOT NULL,
    last_at bigint NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE public.natsjob_sub_run (
    run_id bigint NOT NULL,
    kind smallint NOT NULL,
    part_number bigint NOT NULL,
    worker_id text,
    scene_id text,
    scene_name text,
    status text,
    reason text,
    monitor_status text,
    monitor_payload text,
    started_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE public.natsjob_worker (
    namespace text NOT NULL COLLATE pg_catalog."C",
    app text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    ip text NOT NULL,
    remark text NOT NULL,
    weight bigint NOT NULL,
    group_name text NOT NULL,
    machine_cpu_usage text NOT NULL,
    machine_memory_usage text NOT NULL,
    process_cpu_usage text NOT NULL,
    process_memory_rss text NOT NULL,
    first_seen_at bigint NOT NULL,
    last_seen_at bigint NOT NULL
);
ALTER TABLE ONLY public.natsjob_app
    ADD CONSTRAINT natsjob_app_pkey PRIMARY KEY (namespace, name);
ALTER TABLE ONLY public.natsjob_checkpoint
    ADD CONSTRAINT natsjob_checkpoint_pkey PRIMARY KEY (stream);
ALTER TABLE ONLY public.natsjob_end_count
    ADD CONSTRAINT natsjob_end_count_pkey PRIMARY KEY (minute_no, job_number);
ALTER TABLE ONLY public.natsjob_job
    ADD CONSTRAINT natsjob_job_pkey PRIMARY KEY (namespace, app, name);
ALTER TABLE ONLY public.natsjob_job_ref
    ADD CONSTRAINT natsjob_job_ref_pkey PRIMARY KEY (job_number);
ALTER TABLE ONLY public.natsjob_meta
    ADD CONSTRAINT natsjob_meta_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.natsjob_namespace
    ADD CONSTRAINT natsjob_namespace_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.natsjob_run
    ADD CONSTRAINT natsjob_run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.natsjob_skip_count
    ADD CONSTRAINT natsjob_skip_count_pkey PRIMARY KEY (hour_at, job_number, reason);
ALTER TABLE ONLY public.natsjob_sub_run
    ADD CONSTRAINT natsjob_sub_run_pkey PRIMARY KEY (run_id, kind, part_number);
ALTER TABLE ONLY public.natsjob_worker
    ADD CONSTRAINT natsjob_worker_pkey PRIMARY KEY (namespace, app, id);
CREATE INDEX natsjob_job_number ON public.natsjob_job USING btree (job_number);
CREATE INDEX natsjob_job_ref_name ON public.natsjob_job_ref USING btree (namespace, app, job);
CREATE INDEX natsjob_run_flags ON public.natsjob_run USING btree (flags, id) WHERE (flags <> 0);
CREATE INDEX natsjob_run_job ON public.natsjob_run USING btree (job_number, id);
CREATE INDEX natsjob_run_monitor ON public.natsjob_run USING btree ("left"(monitor_status, 100), id) WHERE (monitor_status IS NOT NULL);
CREATE INDEX natsjob_run_root ON public.natsjob_run USING btree (root_id, id) WHERE (root_id > 0);
CREATE INDEX natsjob_run_state ON public.natsjob_run USING btree (state, id) WHERE (state <> 3);
CREATE INDEX natsjob_run_trigger ON public.natsjob_run USING btree (trigger_code, id) WHERE (trigger_code <> 0);
CREATE INDEX natsjob_run_worker ON public.natsjob_run USING btree ("left"(worker_id, 100), id) WHERE (worker_id IS NOT NULL);
