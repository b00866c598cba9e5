import type { SchedulerApi } from '../../ports/api.ts';
import { ProblemError } from '../errors.ts';
import { ref } from '../schema/schema.ts';
import { defineRoute } from './route.ts';
import type { Route } from './route.ts';

/** For those who watch the process. `scrape` resolves to the text of the metrics page. */
export function operationRoutes(api: SchedulerApi, scrape: () => Promise<string>): readonly Route[] {
  const tag = 'Operation';
  return [
    defineRoute({
      method: 'GET', path: '/healthz', atRoot: true, operationId: 'healthz', summary: 'The process answers; depends on nothing', tag, access: 'open',
      answers: { 200: 'text/plain' },
      handle: async () => ({ status: 200, body: 'ok\n', contentType: 'text/plain; charset=utf-8' }),
    }),
    defineRoute({
      method: 'GET', path: '/readyz', atRoot: true, operationId: 'readyz', summary: '503 while fires are not decided or the view is not written; why is told to this machine or with a token', tag, access: 'optional',
      answers: { 200: ref('Ready'), 503: ref('Ready') },
      handle: async ({ caller, local }) => {
        const { ready, role, problems } = api.health();
        const detail = local || caller !== undefined ? { role, problems } : {};
        return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not-ready', ...detail } };
      },
    }),
    defineRoute({
      method: 'GET', path: '/metrics', atRoot: true, operationId: 'metrics', summary: 'Prometheus text; from this machine, or with a token', tag, access: 'optional',
      answers: { 200: 'text/plain' }, problems: [401],
      handle: async ({ caller, local }) => {
        if (!local && caller === undefined) {
          throw new ProblemError(401, 'login-required', 'Not logged in', 'From another machine the metrics need Authorization: Bearer <token>.', { headers: { 'www-authenticate': 'Bearer realm="natsjob"' } });
        }
        return { status: 200, body: await scrape(), contentType: 'text/plain; version=0.0.4; charset=utf-8' };
      },
    }),
  ];
}
