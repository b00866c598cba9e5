import { InvalidInputError } from '../../domain/errors.ts';
import type { SchedulerApi } from '../../ports/api.ts';
import type { Clock } from '../../ports/clock.ts';
import { toAttentionItem, toCalendar, toJobVersion, toRecentRuns, toSentMessage, toUpcomingFire } from '../looking-resources.ts';
import { itemsOf, pageOf } from '../schema/resource-schemas.ts';
import { ref } from '../schema/schema.ts';
import { integer, jobId, jobIds, name, taskId } from './fields.ts';
import { present } from './present.ts';
import { defineRoute, ok } from './route.ts';
import type { Route } from './route.ts';
import { checkRange, statsAnswer, statsFields, statsRange } from './stats-range.ts';

/** What is looked at beside the lists. */
export function lookingRoutes(api: SchedulerApi, clock: Clock): readonly Route[] {
  const scope = { namespace: name(), app: name() };
  return [
    defineRoute({
      method: 'GET', path: '/jobs/recent-runs', operationId: 'recentRuns', summary: 'The newest runs of up to 100 jobs, oldest first, and what they come to', tag: 'Jobs',
      query: { ids: jobIds(100), limit: integer(1, 100, 20) },
      answers: { 200: itemsOf('RecentRuns') },
      handle: async ({ query: { ids, limit } }) => ok({ items: (await api.looking.recentRuns(ids, limit)).map(toRecentRuns) }),
    }),
    defineRoute({
      method: 'GET', path: '/jobs/{id}/versions', operationId: 'listJobVersions', summary: 'What the job was, newest first, as far back as it is kept; also of a deleted one, by its address', tag: 'Jobs',
      params: { id: jobId() },
      answers: { 200: pageOf('JobVersion') }, problems: [404],
      handle: async ({ params: { id } }) => ok({ items: (await api.jobs.versions(id)).map(toJobVersion), nextCursor: null }),
    }),
    defineRoute({
      method: 'GET', path: '/runs/{taskId}/messages', operationId: 'listSentMessages', summary: 'What was sent for the run, in order, as far as the stream still has it', tag: 'Runs',
      params: { taskId: taskId() },
      answers: { 200: itemsOf('SentMessage') }, problems: [404],
      handle: async ({ params: { taskId: id } }) => ok({ items: (await api.runs.messages(id)).map(toSentMessage) }),
    }),
    defineRoute({
      method: 'GET', path: '/fires', operationId: 'listFires', summary: 'The next fire of each enabled job, soonest first', tag: 'Schedule',
      query: { ...scope, limit: integer(1, 100, 20) },
      answers: { 200: itemsOf('UpcomingFire') },
      handle: async ({ query: { limit, ...rest } }) => ok({ items: (await api.looking.fires({ ...present(rest), limit })).map(toUpcomingFire) }),
    }),
    defineRoute({
      method: 'GET', path: '/attention', operationId: 'attention', summary: 'Jobs somebody should look at, worst first, at most 50', tag: 'Cluster',
      query: { namespace: name() },
      answers: { 200: itemsOf('AttentionItem') },
      handle: async ({ query }) => ok({ items: (await api.looking.attention(present(query))).map(toAttentionItem) }),
    }),
    defineRoute({
      method: 'GET', path: '/calendar', operationId: 'calendar', summary: 'What enabled jobs are planned to do, by address; the next 24 hours by the hour unless asked otherwise', tag: 'Schedule',
      query: { ...scope, ...statsFields() },
      answers: { 200: ref('Calendar') },
      handle: async ({ query: { from: start, to: end, bucketMs, ...rest } }) => {
        const from = start ?? clock.now();
        const query = { ...present(rest), from, to: end ?? from + DAY, bucketMs };
        checkCalendar(query);
        return ok(toCalendar(query, await api.looking.calendar(query)));
      },
    }),
    defineRoute({
      method: 'GET', path: '/stats', operationId: 'stats', summary: 'Ends of all jobs per stretch of time; the last 24 hours by the hour unless asked otherwise', tag: 'Cluster',
      query: { ...scope, ...statsFields() },
      answers: { 200: ref('Stats') },
      handle: async ({ query: { namespace, app, ...rest } }) => {
        const range = statsRange(rest, clock.now());
        return statsAnswer(range, await api.looking.stats(present({ namespace, app }), range));
      },
    }),
  ];
}

const DAY = 86_400_000;
const MOST_DAYS = 62;
const MOST_BUCKETS = 1_500;

function checkCalendar({ from, to, bucketMs }: { from: number; to: number; bucketMs: number }): void {
  checkRange(from, to);
  if (to - from > MOST_DAYS * DAY) throw new InvalidInputError([{ field: 'to', message: `must be at most ${MOST_DAYS} days after from` }]);
  if ((to - from) / bucketMs > MOST_BUCKETS) throw new InvalidInputError([{ field: 'bucketMs', message: `makes more than ${MOST_BUCKETS} stretches of this range; take a longer one` }]);
}
