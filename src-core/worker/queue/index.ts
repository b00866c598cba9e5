/** Queues of jobs. */
export { JobFailedError, JobWaitError, NotAQueueError, QueueClosedError } from './errors.ts';
export { JobQueue } from './job-queue.ts';
export type { JobQueueOptions } from './job-queue.ts';
export { JobPriority } from './options.ts';
export type { AddOptions, Backoff, BulkJob } from './options.ts';
export type { JobHandler, ProcessOptions, TakenJob } from './processing.ts';
export type { CleanableState, QueueHealth, QueueMetrics, QueueStatus } from './queue-control.ts';
export type { CompletedEvent, DuplicateEvent, FailedEvent, ProgressEvent, QueueEvents, StalledEvent } from './queue-events.ts';
export type { ExecutionLog, QueueJob, QueueJobState } from './queue-job.ts';
export type { QueueDefinition } from './queue-settings.ts';
export { definitionOfScheduled, scheduledOf } from './scheduled.ts';
export type { ScheduledDefinition, ScheduledJob } from './scheduled.ts';
