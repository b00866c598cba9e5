import type { SchedulerApi } from '../../ports/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostApi } from '../../ports/host.ts';
import type { Session } from '../auth/session.ts';
import { buildOpenApi } from '../openapi.ts';
import { ProblemError } from '../errors.ts';
import { clusterRoutes } from './cluster-routes.ts';
import { appRoutes, namespaceRoutes } from './definition-routes.ts';
import { hostRoutes } from './host-routes.ts';
import { jobActionRoutes } from './job-action-routes.ts';
import { jobRoutes } from './job-routes.ts';
import { lookingRoutes } from './looking-routes.ts';
import { natsRoutes } from './nats-routes.ts';
import { operationRoutes } from './operation-routes.ts';
import { defineRoute, ok } from './route.ts';
import type { Route } from './route.ts';
import { pauseRoutes } from './pause-routes.ts';
import { queueRoutes } from './queue-routes.ts';
import { runBulkRoutes } from './run-bulk-routes.ts';
import { runRoutes } from './run-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { skipRoutes } from './skip-routes.ts';
import { workerRoutes } from './worker-routes.ts';

export interface RouteContext {
  readonly api: SchedulerApi;
  readonly host: HostApi;
  readonly clock: Clock;
  readonly session: Session;
  readonly version: string;
  scrape(): Promise<string>;
}

/** The table: everything that is served except pages and the WebSocket itself. */
export function allRoutes({ api, host, clock, session, version, scrape }: RouteContext): readonly Route[] {
  const routes: Route[] = [
    ...sessionRoutes(session, version),
    ...namespaceRoutes(api),
    ...appRoutes(api),
    ...jobRoutes(api),
    ...jobActionRoutes(api, clock),
    ...queueRoutes(api),
    ...skipRoutes(api),
    ...runRoutes(api),
    ...runBulkRoutes(api),
    ...workerRoutes(api),
    ...clusterRoutes(api),
    ...pauseRoutes(api),
    ...lookingRoutes(api, clock),
    ...hostRoutes(host),
    ...natsRoutes(host),
    liveRoute(),
    ...operationRoutes(api, scrape),
  ];
  let document: unknown;
  routes.push(
    defineRoute({
      method: 'GET', path: '/openapi.json', operationId: 'openapi', summary: 'This document', tag: 'Operation', access: 'open',
      answers: { 200: { type: 'object' } },
      handle: async () => ok((document ??= buildOpenApi(routes, version))),
    }),
  );
  return routes;
}

/** What a request sees that should have become a WebSocket; the WebSocket is live/live-server.ts. */
function liveRoute(): Route {
  return defineRoute({
    method: 'GET', path: '/live', operationId: 'live', summary: 'WebSocket of live changes; frames as LiveFrame of contract.ts', tag: 'Live', access: 'open',
    answers: { 101: null }, problems: [403, 426, 503],
    handle: async () => {
      throw new ProblemError(426, 'websocket-required', 'This is a WebSocket', 'Connect with a WebSocket client. Behind nginx, the location needs proxy_http_version 1.1 and the headers Upgrade $http_upgrade and Connection "upgrade".', {
        headers: { upgrade: 'websocket', connection: 'upgrade' },
      });
    },
  });
}
