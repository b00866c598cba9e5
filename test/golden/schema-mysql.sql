CREATE TABLE `natsjob_app` (
  `namespace` varchar(255) NOT NULL,
  `name` varchar(255) NOT NULL,
  `version_no` bigint(20) NOT NULL,
  `definition` mediumtext NOT NULL,
  PRIMARY KEY (`namespace`,`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_checkpoint` (
  `stream` varchar(255) NOT NULL,
  `created` varchar(255) NOT NULL,
  `sequence_no` bigint(20) NOT NULL,
  PRIMARY KEY (`stream`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_end_count` (
  `minute_no` int(11) NOT NULL,
  `job_number` int(11) NOT NULL,
  `completed` bigint(20) NOT NULL,
  `failed` bigint(20) NOT NULL,
  `expired` bigint(20) NOT NULL,
  `cancelled` bigint(20) NOT NULL,
  `duration_ms_sum` bigint(20) NOT NULL,
  `duration_ms_max` bigint(20) NOT NULL,
  `lateness_ms_sum` bigint(20) NOT NULL,
  `lateness_ms_max` bigint(20) NOT NULL,
  PRIMARY KEY (`minute_no`,`job_number`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_job` (
  `namespace` varchar(255) NOT NULL,
  `app` varchar(255) NOT NULL,
  `name` varchar(255) NOT NULL,
  `job_number` int(11) NOT NULL,
  `version_no` bigint(20) NOT NULL,
  `definition` mediumtext NOT NULL,
  PRIMARY KEY (`namespace`,`app`,`name`),
  KEY `natsjob_job_number` (`job_number`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_job_ref` (
  `job_number` int(11) NOT NULL,
  `namespace` varchar(255) NOT NULL,
  `app` varchar(255) NOT NULL,
  `job` varchar(255) NOT NULL,
  PRIMARY KEY (`job_number`),
  KEY `natsjob_job_ref_name` (`namespace`,`app`,`job`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_meta` (
  `name` varchar(255) NOT NULL,
  `val` bigint(20) NOT NULL,
  `batch` bigint(20) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_namespace` (
  `name` varchar(255) NOT NULL,
  `version_no` bigint(20) NOT NULL,
  `definition` mediumtext NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_run` (
  `id` bigint(20) NOT NULL,
  `job_number` int(11) NOT NULL,
  `category` smallint(6) NOT NULL,
  `model` smallint(6) NOT NULL,
  `state` smallint(6) NOT NULL,
  `trigger_code` smallint(6) NOT NULL,
  `flags` smallint(6) NOT NULL,
  `attempt` int(11) NOT NULL,
  `attempts` int(11) NOT NULL,
  `retry_on` int(11) NOT NULL,
  `priority` int(11) NOT NULL,
  `step` int(11) NOT NULL,
  `scheduled_at` bigint(20) NOT NULL,
  `due_at` bigint(20) NOT NULL,
  `dispatched_at` bigint(20) NOT NULL,
  `expires_at` bigint(20) NOT NULL,
  `ended_at` bigint(20) NOT NULL,
  `running_count` int(11) NOT NULL,
  `bad_answers` int(11) NOT NULL,
  `targets` int(11) NOT NULL,
  `targets_ended` int(11) NOT NULL,
  `targets_worst` int(11) NOT NULL,
  `root_id` bigint(20) DEFAULT NULL,
  `retry_id` bigint(20) DEFAULT NULL,
  `worker_id` mediumtext DEFAULT NULL,
  `status` mediumtext DEFAULT NULL,
  `monitor_status` mediumtext DEFAULT NULL,
  `reason` mediumtext DEFAULT NULL,
  `args` mediumtext DEFAULT NULL,
  `bad_answer` mediumtext DEFAULT NULL,
  `monitor_payload` mediumtext DEFAULT NULL,
  `own_options` text DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `natsjob_run_job` (`job_number`,`id`),
  KEY `natsjob_run_state` (`state`,`id`),
  KEY `natsjob_run_flags` (`flags`,`id`),
  KEY `natsjob_run_trigger` (`trigger_code`,`id`),
  KEY `natsjob_run_worker` (`worker_id`(100),`id`),
  KEY `natsjob_run_monitor` (`monitor_status`(100),`id`),
  KEY `natsjob_run_root` (`root_id`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_skip_count` (
  `hour_at` bigint(20) NOT NULL,
  `job_number` int(11) NOT NULL,
  `reason` smallint(6) NOT NULL,
  `skips` bigint(20) NOT NULL,
  `last_at` bigint(20) NOT NULL,
  PRIMARY KEY (`hour_at`,`job_number`,`reason`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_sub_run` (
  `run_id` bigint(20) NOT NULL,
  `kind` smallint(6) NOT NULL,
  `part_number` bigint(20) NOT NULL,
  `worker_id` mediumtext DEFAULT NULL,
  `scene_id` mediumtext DEFAULT NULL,
  `scene_name` mediumtext DEFAULT NULL,
  `status` mediumtext DEFAULT NULL,
  `reason` mediumtext DEFAULT NULL,
  `monitor_status` mediumtext DEFAULT NULL,
  `monitor_payload` mediumtext DEFAULT NULL,
  `started_at` bigint(20) NOT NULL,
  `ended_at` bigint(20) NOT NULL,
  `created_at` bigint(20) NOT NULL,
  PRIMARY KEY (`run_id`,`kind`,`part_number`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
CREATE TABLE `natsjob_worker` (
  `namespace` varchar(255) NOT NULL,
  `app` varchar(255) NOT NULL,
  `id` varchar(255) NOT NULL,
  `ip` text NOT NULL,
  `remark` text NOT NULL,
  `weight` bigint(20) NOT NULL,
  `group_name` text NOT NULL,
  `machine_cpu_usage` text NOT NULL,
  `machine_memory_usage` text NOT NULL,
  `process_cpu_usage` text NOT NULL,
  `process_memory_rss` text NOT NULL,
  `first_seen_at` bigint(20) NOT NULL,
  `last_seen_at` bigint(20) NOT NULL,
  PRIMARY KEY (`namespace`,`app`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
