import { InvalidInputError, NodeFaultError, StaleVersionError } from '../../domain/errors.ts';
import { JOB_STATES } from '../../domain/job.ts';
import type { JobState } from '../../domain/job.ts';
import { isValidName, NAME_RULE } from '../../domain/names.ts';
import type { SchedulerApi } from '../../ports/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AnyNodeMethod } from '../../wire/index.ts';
import { toJob } from '../resources.ts';
import { jobActionRoutes } from '../routes/job-action-routes.ts';
import { jobRoutes } from '../routes/job-routes.ts';
import { queueRoutes } from '../routes/queue-routes.ts';
import type { Route } from '../routes/route.ts';
import { runRoutes } from '../routes/run-routes.ts';
import { declareJob } from './declare-job.ts';
import { asInput, throughRoute } from './through-route.ts';
import type { Input } from './through-route.ts';

export type CallTable = ReadonlyMap<AnyNodeMethod, (input: unknown) => Promise<unknown>>;

/** What any node does for workers: the same as the route of HTTP, in the same shapes, with the path's parts and the query as fields of one object. */
export function callTable(api: SchedulerApi, clock: Clock): CallTable {
  const routes = new Map([...jobRoutes(api), ...jobActionRoutes(api, clock), ...queueRoutes(api), ...runRoutes(api)].map((route) => [route.operationId, route]));
  const ofRun = (operation: string, how: 'query' | 'body') => (input: unknown): Promise<unknown> => {
    const { taskId = '', ...rest } = asInput(input);
    return throughRoute(routeOf(routes, operation), { params: { taskId }, [how]: rest });
  };
  const ofJob = (operation: string, how: 'query' | 'body') => (input: unknown): Promise<unknown> => {
    const { id, rest } = addressed(asInput(input));
    return throughRoute(routeOf(routes, operation), { params: { id }, [how]: rest });
  };
  return new Map<AnyNodeMethod, (input: unknown) => Promise<unknown>>([
    ['job.declare', async (input) => declareJob(api, asInput(input))],
    ['job.get', ofJob('getJob', 'query')],
    ['job.list', async (input) => throughRoute(routeOf(routes, 'listJobs'), { query: asInput(input) })],
    ['job.setState', async (input) => setState(api, asInput(input))],
    ['run.run', async (input) => {
      const { trigger = 'api', ...request } = asInput(input);
      return ofJob('runJob', 'body')({ ...request, trigger });
    }],
    ['run.get', ofRun('getRun', 'query')],
    ['run.list', async (input) => throughRoute(routeOf(routes, 'listRuns'), { query: asInput(input) })],
    ['run.attempts', ofRun('listAttempts', 'query')],
    ['run.reports', ofRun('listReports', 'query')],
    ['queue.status', ofJob('queueStatus', 'query')],
    ['queue.metrics', ofJob('queueMetrics', 'query')],
    ['queue.clean', ofJob('cleanQueue', 'body')],
    ['run.cancel', ofRun('cancelRun', 'body')],
    ['run.rerun', ofRun('rerunRun', 'body')],
  ]);
}

function routeOf(routes: ReadonlyMap<string, Route>, operation: string): Route {
  const route = routes.get(operation);
  if (route === undefined) throw new NodeFaultError(`There is no operation ${operation}.`);
  return route;
}

function addressed({ namespace, app, name, ...rest }: Input): { id: string; rest: Input } {
  const errors = Object.entries({ namespace, app, name }).filter(([, value]) => typeof value !== 'string' || !isValidName(value)).map(([field]) => ({ field, message: `must be ${NAME_RULE}` }));
  if (errors.length > 0) throw new InvalidInputError(errors);
  return { id: `${namespace as string}.${app as string}.${name as string}`, rest };
}

/** Whoever says the state means this one, whatever was changed meanwhile. */
async function setState(api: SchedulerApi, input: Input): Promise<unknown> {
  const { id, rest: { state, ...rest } } = addressed(input);
  const errors = Object.keys(rest).map((field) => ({ field: field.slice(0, 64), message: 'is not known here' }));
  if (!JOB_STATES.includes(state as JobState)) errors.push({ field: 'state', message: `must be one of ${JOB_STATES.join(', ')}` });
  if (errors.length > 0) throw new InvalidInputError(errors);
  for (let tries = 1; ; tries++) {
    const { definition, version } = await api.jobs.get(id);
    try {
      return toJob(definition.state === state ? await api.jobs.get(id) : await api.jobs.update(id, { state }, version));
    } catch (error) {
      if (!(error instanceof StaleVersionError) || tries === 8) throw error;
    }
  }
}
