import type { SchedulerApi } from '../../ports/api.ts';
import { isClientId } from '../../wire/index.ts';
import { toWorker } from '../resources.ts';
import { WORKER_PATCH } from '../schema/request-schemas.ts';
import { pageOf } from '../schema/resource-schemas.ts';
import { ref } from '../schema/schema.ts';
import { BadField, name } from './fields.ts';
import type { Field } from './fields.ts';
import { present } from './present.ts';
import { defineRoute, ok } from './route.ts';
import type { Route } from './route.ts';

export function workerRoutes(api: SchedulerApi): readonly Route[] {
  const tag = 'Cluster';
  return [
    defineRoute({
      method: 'GET', path: '/workers', operationId: 'listWorkers', summary: 'Workers known by their heartbeats', tag,
      query: { namespace: name(), app: name() },
      answers: { 200: pageOf('Worker') },
      handle: async ({ query }) => ok({ items: (await api.workers(present(query))).map(toWorker), nextCursor: null }),
    }),
    defineRoute({
      method: 'PATCH', path: '/workers/{namespace}/{app}/{id}', operationId: 'updateWorker', summary: 'Take a worker out of the routing, or put it back', tag,
      params: { namespace: name(), app: name(), id: workerId() },
      body: { schema: WORKER_PATCH, checkedBy: 'http' },
      answers: { 200: ref('Worker') }, problems: [404, 409],
      handle: async ({ params, body }) => ok(toWorker(await api.drainWorker(params, body.drained))),
    }),
  ];
}

function workerId(): Field<string> {
  return {
    schema: { type: 'string', minLength: 1, maxLength: 128 },
    read: (value) => {
      if (!isClientId(value)) throw new BadField('must be the id of a worker: 1 to 128 characters without white space, dots, * and >');
      return value;
    },
  };
}
