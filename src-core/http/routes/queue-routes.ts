import type { SchedulerApi } from '../../ports/api.ts';
import { toQueueMetrics, toQueueStatus } from '../resources.ts';
import { CLEAN_REQUEST } from '../schema/request-schemas.ts';
import { ref } from '../schema/schema.ts';
import { jobId } from './fields.ts';
import { defineRoute, ok } from './route.ts';
import type { Route } from './route.ts';

/** A job seen as a queue of runs. */
export function queueRoutes(api: SchedulerApi): readonly Route[] {
  const tag = 'Jobs';
  const params = { id: jobId() };
  return [
    defineRoute({
      method: 'GET', path: '/jobs/{id}/queue', operationId: 'queueStatus', summary: 'How many runs wait, are delayed, active, and ended in the time that runs are kept', tag, params,
      answers: { 200: ref('QueueStatus') }, problems: [404],
      handle: async ({ params: { id } }) => ok(toQueueStatus(await api.jobs.queue(id))),
    }),
    defineRoute({
      method: 'GET', path: '/jobs/{id}/queue/metrics', operationId: 'queueMetrics', summary: 'What became of the runs that ended in the time that runs are kept', tag, params,
      answers: { 200: ref('QueueMetrics') }, problems: [404],
      handle: async ({ params: { id } }) => ok(toQueueMetrics(await api.jobs.queueMetrics(id))),
    }),
    defineRoute({
      method: 'POST', path: '/jobs/{id}/queue/clean', operationId: 'cleanQueue', summary: 'Remove runs of one state; those that wait are cancelled first', tag, params,
      body: { schema: CLEAN_REQUEST, checkedBy: 'http' },
      answers: { 200: ref('Cleaned') }, problems: [404, 502],
      handle: async ({ params: { id }, body: { state, olderThanMs = 0, limit = 1_000 } }) => ok({ removed: await api.jobs.clean(id, { state, olderThanMs, limit }) }),
    }),
  ];
}
