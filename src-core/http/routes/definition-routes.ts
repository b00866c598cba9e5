import type { SchedulerApi } from '../../ports/api.ts';
import { API_BASE } from '../contract.ts';
import { encodeCursor } from '../cursor.ts';
import type { ListName } from '../cursor.ts';
import { toApp, toNamespace } from '../resources.ts';
import { NAMED_PATCH, NAMED_REQUEST } from '../schema/definition-schemas.ts';
import { pageOf } from '../schema/resource-schemas.ts';
import { ref } from '../schema/schema.ts';
import { name, pageFields } from './fields.ts';
import { created, defineRoute, NO_CONTENT, ok } from './route.ts';
import type { Route } from './route.ts';

export function namespaceRoutes(api: SchedulerApi): readonly Route[] {
  const tag = 'Namespaces';
  const params = { ns: name() };
  return [
    defineRoute({
      method: 'GET', path: '/namespaces', operationId: 'listNamespaces', summary: 'Namespaces by name', tag,
      query: pageFields('namespaces'),
      answers: { 200: pageOf('Namespace') },
      handle: async ({ query }) => {
        const page = await api.namespaces.list(toPage(query));
        return ok({ items: page.items.map(toNamespace), nextCursor: nextCursor('namespaces', page.next) });
      },
    }),
    defineRoute({
      method: 'POST', path: '/namespaces', operationId: 'createNamespace', summary: 'Create a namespace', tag,
      body: { schema: NAMED_REQUEST, checkedBy: 'scheduler' },
      answers: { 201: ref('Namespace') }, problems: [409],
      handle: async ({ body }) => {
        const view = await api.namespaces.create(body);
        return created(toNamespace(view), `${API_BASE}/namespaces/${view.name}`, view.version);
      },
    }),
    defineRoute({
      method: 'GET', path: '/namespaces/{ns}', operationId: 'getNamespace', summary: 'One namespace', tag, params,
      answers: { 200: ref('Namespace') }, problems: [404],
      handle: async ({ params: { ns } }) => {
        const view = await api.namespaces.get(ns);
        return ok(toNamespace(view), view.version);
      },
    }),
    defineRoute({
      method: 'PATCH', path: '/namespaces/{ns}', operationId: 'updateNamespace', summary: 'Change what is given', tag, params, ifMatch: true,
      body: { schema: NAMED_PATCH, checkedBy: 'scheduler' },
      answers: { 200: ref('Namespace') }, problems: [404, 409],
      handle: async ({ params: { ns }, body, version }) => {
        const view = await api.namespaces.update(ns, body, version);
        return ok(toNamespace(view), view.version);
      },
    }),
    defineRoute({
      method: 'DELETE', path: '/namespaces/{ns}', operationId: 'deleteNamespace', summary: 'Delete an empty namespace; "app" stays', tag, params, ifMatch: true,
      answers: { 204: null }, problems: [404, 409],
      handle: async ({ params: { ns }, version }) => {
        await api.namespaces.remove(ns, version);
        return NO_CONTENT;
      },
    }),
  ];
}

export function appRoutes(api: SchedulerApi): readonly Route[] {
  const tag = 'Apps';
  const list = { ns: name() };
  const params = { ns: name(), app: name() };
  return [
    defineRoute({
      method: 'GET', path: '/namespaces/{ns}/apps', operationId: 'listApps', summary: 'Apps of a namespace by name', tag, params: list,
      query: pageFields('apps'),
      answers: { 200: pageOf('App') }, problems: [404],
      handle: async ({ params: { ns }, query }) => {
        const page = await api.apps.list(ns, toPage(query));
        return ok({ items: page.items.map(toApp), nextCursor: nextCursor('apps', page.next) });
      },
    }),
    defineRoute({
      method: 'POST', path: '/namespaces/{ns}/apps', operationId: 'createApp', summary: 'Create an app', tag, params: list,
      body: { schema: NAMED_REQUEST, checkedBy: 'scheduler' },
      answers: { 201: ref('App') }, problems: [404, 409],
      handle: async ({ params: { ns }, body }) => {
        const view = await api.apps.create(ns, body);
        return created(toApp(view), `${API_BASE}/namespaces/${view.namespace}/apps/${view.name}`, view.version);
      },
    }),
    defineRoute({
      method: 'GET', path: '/namespaces/{ns}/apps/{app}', operationId: 'getApp', summary: 'One app', tag, params,
      answers: { 200: ref('App') }, problems: [404],
      handle: async ({ params: { ns, app } }) => {
        const view = await api.apps.get(ns, app);
        return ok(toApp(view), view.version);
      },
    }),
    defineRoute({
      method: 'PATCH', path: '/namespaces/{ns}/apps/{app}', operationId: 'updateApp', summary: 'Change what is given', tag, params, ifMatch: true,
      body: { schema: NAMED_PATCH, checkedBy: 'scheduler' },
      answers: { 200: ref('App') }, problems: [404, 409],
      handle: async ({ params: { ns, app }, body, version }) => {
        const view = await api.apps.update(ns, app, body, version);
        return ok(toApp(view), view.version);
      },
    }),
    defineRoute({
      method: 'DELETE', path: '/namespaces/{ns}/apps/{app}', operationId: 'deleteApp', summary: 'Delete an app without jobs', tag, params, ifMatch: true,
      answers: { 204: null }, problems: [404, 409],
      handle: async ({ params: { ns, app }, version }) => {
        await api.apps.remove(ns, app, version);
        return NO_CONTENT;
      },
    }),
  ];
}

export function toPage(query: { limit: number; cursor: string | undefined }): { limit: number; after?: string } {
  return query.cursor === undefined ? { limit: query.limit } : { limit: query.limit, after: query.cursor };
}

export function nextCursor(list: ListName, next: string | undefined): string | null {
  return next === undefined ? null : encodeCursor(list, next);
}
