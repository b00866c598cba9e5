import type { AttentionItem, Calendar, CalendarQuery, JobVersion, RecentRuns, RunBrief, SentMessage, UpcomingFire } from '../ports/index.ts';
import type { AttentionItem as AttentionItemResource, CalendarResource, JobVersionResource, RecentRun, RecentRunsResource, SentMessageResource, UpcomingFire as UpcomingFireResource } from './contract.ts';
import { between, toJobBody } from './resources.ts';
import { scheduleWords } from './schedule-words.ts';
import { formatOptionalTime, formatTime } from './times.ts';

/* Domain value → resource, for what is looked at beside the lists. */

export function toRecentRuns({ jobId, runs, ended, completed, durationMsAvg, durationMsP95 }: RecentRuns): RecentRunsResource {
  return { jobId, runs: runs.map(toRecentRun), ended, completed, durationMsAvg, durationMsP95 };
}

export function toUpcomingFire({ jobId, namespace, app, job, expression, timezone, at }: UpcomingFire): UpcomingFireResource {
  return { jobId, namespace, app, job, expression, timezone, words: scheduleWords(expression), at: formatTime(at) };
}

export function toCalendar({ from, to, bucketMs }: CalendarQuery, { jobs, truncated }: Calendar): CalendarResource {
  const items = jobs.map(({ jobId, namespace, app, job, expression, timezone, count, fires, perBucket }) => ({
    jobId, namespace, app, job, expression, timezone, words: scheduleWords(expression), count, fires: fires?.map(formatTime) ?? null, perBucket,
  }));
  return { from: formatTime(from), to: formatTime(to), bucketMs, jobs: items, truncated };
}

export function toAttentionItem({ kind, jobId, namespace, app, job, count, reason, lastAt }: AttentionItem): AttentionItemResource {
  return { kind, jobId, namespace, app, job, count, reason, lastAt: formatTime(lastAt) };
}

export function toJobVersion({ version, at, definition }: JobVersion): JobVersionResource {
  return { version, at: formatTime(at), deleted: definition === undefined, definition: definition === undefined ? null : toJobBody(definition) };
}

export function toSentMessage({ sequence, subject, headers, text, storedAt }: SentMessage): SentMessageResource {
  return { sequence, subject, headers, text, at: formatTime(storedAt) };
}

function toRecentRun(run: RunBrief): RecentRun {
  return {
    taskId: run.id, state: run.state, scheduledAt: formatOptionalTime(run.scheduledAt), latenessMs: between(run.scheduledAt, run.dispatchedAt),
    durationMs: between(run.dispatchedAt, run.endedAt), reason: run.reason,
  };
}
