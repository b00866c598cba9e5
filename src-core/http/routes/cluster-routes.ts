import type { SchedulerApi } from '../../ports/api.ts';
import { toOverview, toPreview, toServer } from '../resources.ts';
import { PREVIEW_REQUEST } from '../schema/request-schemas.ts';
import { pageOf } from '../schema/resource-schemas.ts';
import { ref } from '../schema/schema.ts';
import { parseTime } from '../times.ts';
import { name, serverId } from './fields.ts';
import { present } from './present.ts';
import { defineRoute, NO_CONTENT, ok } from './route.ts';
import type { Route } from './route.ts';

/** What is not about one definition or one run. */
export function clusterRoutes(api: SchedulerApi): readonly Route[] {
  return [
    defineRoute({
      method: 'POST', path: '/schedule/preview', operationId: 'previewSchedule', summary: 'The next fires of an expression', tag: 'Schedule',
      body: { schema: PREVIEW_REQUEST, checkedBy: 'http' },
      answers: { 200: ref('Preview') },
      handle: async ({ body }) => {
        const { expression, timezone = '', dst = 'once', count = 10 } = body;
        return ok(toPreview(expression, await api.schedule.preview({ expression, timezone, dst, count, from: readTime(body.from), anchor: readTime(body.anchor) })));
      },
    }),
    defineRoute({
      method: 'GET', path: '/servers', operationId: 'listServers', summary: 'Schedulers of this cluster', tag: 'Cluster',
      answers: { 200: pageOf('Server') },
      handle: async () => ok({ items: (await api.servers()).map(toServer), nextCursor: null }),
    }),
    defineRoute({
      method: 'POST', path: '/servers/{id}/step-down', operationId: 'stepDown', summary: 'Make the leader give up its lease', tag: 'Cluster',
      params: { id: serverId() },
      answers: { 204: null }, problems: [404, 409, 502],
      handle: async ({ params: { id } }) => {
        await api.stepDown(id);
        return NO_CONTENT;
      },
    }),
    defineRoute({
      method: 'GET', path: '/overview', operationId: 'overview', summary: 'Counters, from roll-ups', tag: 'Cluster',
      query: { namespace: name() },
      answers: { 200: ref('Overview') },
      handle: async ({ query }) => ok(toOverview(await api.overview(present(query)))),
    }),
  ];
}

/** The schema has made sure that it is one. */
function readTime(value: string | undefined): number | undefined {
  return value === undefined ? undefined : parseTime(value);
}
