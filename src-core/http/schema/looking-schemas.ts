import { RUN_STATES } from '../../domain/run.ts';
import type { AttentionItem, CalendarJob, CalendarResource, CountResource, JobVersionResource, RecentRun, RecentRunsResource, RunBulkResource, ScheduleWords, SentMessageResource, UpcomingFire } from '../contract.ts';
import { COUNT, FLAG, listOf, NUMBER, objectOf, oneOf, orNull, ref, TEXT, TIME } from './schema.ts';
import type { Schema } from './schema.ts';

const TASK_ID: Schema = { type: 'string', pattern: '^[0-9]{1,19}$' };
const LABEL = { words: orNull(ref('ScheduleWords')), jobId: TEXT, namespace: TEXT, app: TEXT, job: TEXT, expression: TEXT, timezone: { ...TEXT, description: 'The one in force' } };

/** Of contract/looking.ts. */
export const LOOKING_SCHEMAS = {
  ScheduleWords: objectOf<ScheduleWords>({ en: TEXT, 'zh-CN': TEXT }),
  RecentRuns: objectOf<RecentRunsResource>({
    jobId: TEXT,
    runs: listOf(objectOf<RecentRun>({ taskId: TASK_ID, state: oneOf(RUN_STATES), scheduledAt: orNull(TIME), latenessMs: orNull(NUMBER), durationMs: orNull(NUMBER), reason: TEXT })),
    ended: COUNT,
    completed: COUNT,
    durationMsAvg: orNull(NUMBER),
    durationMsP95: orNull(NUMBER),
  }),
  UpcomingFire: objectOf<UpcomingFire>({ ...LABEL, at: TIME }),
  AttentionItem: objectOf<AttentionItem>({
    kind: oneOf(['scheduler-paused', 'failing', 'late', 'no-worker', 'skipped']),
    jobId: TEXT,
    namespace: TEXT,
    app: TEXT,
    job: TEXT,
    count: { ...COUNT, description: 'Ends in a row, milliseconds late, or fires skipped; 0 for scheduler-paused' },
    reason: TEXT,
    lastAt: TIME,
  }),
  Calendar: objectOf<CalendarResource>({
    from: TIME,
    to: TIME,
    bucketMs: COUNT,
    jobs: listOf(objectOf<CalendarJob>({
      ...LABEL,
      count: { ...COUNT, description: 'Fires in the whole stretch' },
      fires: { ...orNull(listOf(TIME)), description: 'Null when there are more than 60' },
      perBucket: listOf(COUNT),
    })),
    truncated: { ...FLAG, description: 'There are more jobs or fires than were looked at' },
  }),
  JobVersion: objectOf<JobVersionResource>({ version: COUNT, at: TIME, deleted: FLAG, definition: { ...orNull(ref('JobDefinition')), description: 'As POST and PUT take it; null of a deletion' } }),
  SentMessage: objectOf<SentMessageResource>({ sequence: COUNT, subject: TEXT, headers: { type: 'object', additionalProperties: TEXT }, text: TEXT, at: TIME }),
  RunBulkResult: objectOf<RunBulkResource>({
    matched: COUNT,
    done: COUNT,
    failures: listOf(objectOf<{ id: string; message: string }>({ id: TEXT, message: TEXT })),
    started: { ...listOf(TASK_ID), description: 'Runs started by rerun' },
  }),
  Count: objectOf<CountResource>({ count: COUNT, more: { ...FLAG, description: 'There are more than were counted' } }),
} satisfies Readonly<Record<string, Schema>>;
