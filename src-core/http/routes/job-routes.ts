import { CATEGORIES, JOB_STATES, MODELS } from '../../domain/job.ts';
import type { JobView, SchedulerApi } from '../../ports/api.ts';
import { API_BASE } from '../contract.ts';
import { toJob } from '../resources.ts';
import { JOB_PATCH, JOB_REQUEST } from '../schema/definition-schemas.ts';
import { pageOf } from '../schema/resource-schemas.ts';
import { ref } from '../schema/schema.ts';
import { nextCursor, toPage } from './definition-routes.ts';
import { choice, jobId, name, pageFields, text } from './fields.ts';
import { present } from './present.ts';
import { created, defineRoute, NO_CONTENT, ok } from './route.ts';
import type { Answer, Route } from './route.ts';

/** The definitions; what is done with them is in job-action-routes.ts. */
export function jobRoutes(api: SchedulerApi): readonly Route[] {
  const tag = 'Jobs';
  const params = { id: jobId() };
  const filter = {
    namespace: name(),
    app: name(),
    q: text(200, 'Part of name or description, any case'),
    state: choice(JOB_STATES),
    category: choice(CATEGORIES),
    model: choice(MODELS),
    tag: text(64),
  };
  return [
    defineRoute({
      method: 'GET', path: '/jobs', operationId: 'listJobs', summary: 'Jobs by namespace, app and name', tag,
      query: { ...filter, ...pageFields('jobs') },
      answers: { 200: pageOf('Job') },
      handle: async ({ query }) => {
        const { limit: _limit, cursor: _cursor, ...wanted } = query;
        const page = await api.jobs.list(present(wanted), toPage(query));
        return ok({ items: page.items.map(toJob), nextCursor: nextCursor('jobs', page.next) });
      },
    }),
    defineRoute({
      method: 'GET', path: '/jobs/count', operationId: 'countJobs', summary: 'How many jobs the list has', tag,
      query: filter,
      answers: { 200: ref('Count') },
      handle: async ({ query }) => ok(await api.jobs.count(present(query))),
    }),
    defineRoute({
      method: 'POST', path: '/jobs', operationId: 'createJob', summary: 'Create a job', tag,
      body: { schema: JOB_REQUEST, checkedBy: 'scheduler' },
      answers: { 201: ref('Job') }, problems: [404, 409],
      handle: async ({ body }) => {
        const view = await api.jobs.create(body);
        return created(toJob(view), `${API_BASE}/jobs/${view.id}`, view.version);
      },
    }),
    defineRoute({
      method: 'GET', path: '/jobs/{id}', operationId: 'getJob', summary: 'One job', tag, params,
      answers: { 200: ref('Job') }, problems: [404],
      handle: async ({ params: { id } }) => answer(await api.jobs.get(id)),
    }),
    defineRoute({
      method: 'PUT', path: '/jobs/{id}', operationId: 'replaceJob', summary: 'Replace a job; what is absent takes its default', tag, params, ifMatch: true,
      body: { schema: JOB_REQUEST, checkedBy: 'scheduler' },
      answers: { 200: ref('Job') }, problems: [404, 409],
      handle: async ({ params: { id }, body, version }) => answer(await api.jobs.replace(id, body, version)),
    }),
    defineRoute({
      method: 'PATCH', path: '/jobs/{id}', operationId: 'updateJob', summary: 'Change what is given', tag, params, ifMatch: true,
      body: { schema: JOB_PATCH, checkedBy: 'scheduler' },
      answers: { 200: ref('Job') }, problems: [404, 409],
      handle: async ({ params: { id }, body, version }) => answer(await api.jobs.update(id, body, version)),
    }),
    defineRoute({
      method: 'DELETE', path: '/jobs/{id}', operationId: 'deleteJob', summary: 'Delete a job; its runs stay until retention', tag, params, ifMatch: true,
      answers: { 204: null }, problems: [404, 409],
      handle: async ({ params: { id }, version }) => {
        await api.jobs.remove(id, version);
        return NO_CONTENT;
      },
    }),
  ];
}

function answer(view: JobView): Answer {
  return ok(toJob(view), view.version);
}
