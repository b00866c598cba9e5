import type { SchedulerApi } from '../../ports/api.ts';
import { toPause } from '../resources.ts';
import { PAUSE_REQUEST } from '../schema/request-schemas.ts';
import { ref } from '../schema/schema.ts';
import { parseTime } from '../times.ts';
import { defineRoute, NO_CONTENT, ok } from './route.ts';
import type { Route } from './route.ts';

/** The pause of the whole scheduler. */
export function pauseRoutes(api: SchedulerApi): readonly Route[] {
  const tag = 'Schedule';
  return [
    defineRoute({
      method: 'GET', path: '/scheduler/pause', operationId: 'getPause', summary: 'Whether the whole scheduler is paused', tag,
      answers: { 200: ref('PauseState') },
      handle: async () => ok({ pause: toPause(await api.pause()) }),
    }),
    defineRoute({
      method: 'PUT', path: '/scheduler/pause', operationId: 'pauseScheduler', summary: 'Send nothing any more, until a moment or until resumed', tag,
      body: { schema: PAUSE_REQUEST, checkedBy: 'http', optional: true },
      answers: { 200: ref('PauseState') },
      // The schema has made sure that it is a time.
      handle: async ({ body: { until } }) => ok({ pause: toPause(await api.pauseScheduling(until === undefined ? undefined : parseTime(until))) }),
    }),
    defineRoute({
      method: 'DELETE', path: '/scheduler/pause', operationId: 'resumeScheduler', summary: 'Go on', tag,
      answers: { 204: null },
      handle: async () => {
        await api.resumeScheduling();
        return NO_CONTENT;
      },
    }),
  ];
}
