import { InvalidInputError } from '../../domain/errors.ts';
import { isValidName, NAME_RULE } from '../../domain/names.ts';
import { RUN_STATES, TRIGGERS } from '../../domain/run.ts';
import type { RunFilter, SchedulerApi } from '../../ports/api.ts';
import { toAttempt, toRun, toRunEvent, toRunReport, toSubRun } from '../resources.ts';
import { CANCEL_REQUEST, RERUN_REQUEST } from '../schema/request-schemas.ts';
import { pageOf } from '../schema/resource-schemas.ts';
import { ref } from '../schema/schema.ts';
import { nextCursor } from './definition-routes.ts';
import { BadField, choices, cursor, integer, name, pageFields, taskId, text, time, whole } from './fields.ts';
import type { Field, Values } from './fields.ts';
import { started } from './job-action-routes.ts';
import { present } from './present.ts';
import { defineRoute, ok } from './route.ts';
import type { Route } from './route.ts';
import { checkRange } from './stats-range.ts';

export function runRoutes(api: SchedulerApi): readonly Route[] {
  const tag = 'Runs';
  const params = { taskId: taskId() };
  return [
    defineRoute({
      method: 'GET', path: '/runs', operationId: 'listRuns', summary: 'Runs, newest first', tag,
      query: { ...RUN_FILTER, ...pageFields('runs') },
      answers: { 200: pageOf('Run') },
      handle: async ({ query }) => {
        const { limit, cursor, ...filter } = query;
        const page = await api.runs.list(toRunFilter(filter), { limit, ...present({ before: cursor }) });
        return ok({ items: page.items.map(toRun), nextCursor: nextCursor('runs', page.next) });
      },
    }),
    defineRoute({
      method: 'GET', path: '/runs/count', operationId: 'countRuns', summary: 'How many runs the list has, as far as 10,000 and a moment reach', tag,
      query: RUN_FILTER,
      answers: { 200: ref('Count') },
      handle: async ({ query }) => ok(await api.runs.count(toRunFilter(query))),
    }),
    defineRoute({
      method: 'GET', path: '/runs/{taskId}', operationId: 'getRun', summary: 'One run', tag, params,
      answers: { 200: ref('Run') }, problems: [404],
      handle: async ({ params: { taskId: id } }) => ok(toRun(await api.runs.get(id))),
    }),
    defineRoute({
      method: 'GET', path: '/runs/{taskId}/sub-runs', operationId: 'listSubRuns', summary: 'Pieces of a run, newest first', tag, params,
      query: { ...SUB_RUN_FILTER, ...pageFields('sub-runs') },
      answers: { 200: pageOf('SubRun') }, problems: [404],
      handle: async ({ params: { taskId: id }, query: { limit, cursor, ...filter } }) => {
        const page = await api.runs.subRuns(id, present(filter), { limit, ...present({ before: cursor }) });
        return ok({ items: page.items.map(toSubRun), nextCursor: nextCursor('sub-runs', page.next) });
      },
    }),
    defineRoute({
      method: 'GET', path: '/runs/{taskId}/events', operationId: 'listRunEvents', summary: 'What is known of its way, oldest first', tag, params,
      answers: { 200: pageOf('RunEvent') }, problems: [404],
      handle: async ({ params: { taskId: id } }) => ok({ items: (await api.runs.events(id)).map(toRunEvent), nextCursor: null }),
    }),
    defineRoute({
      method: 'GET', path: '/runs/{taskId}/attempts', operationId: 'listAttempts', summary: 'All tries of the run that this one belongs to, the first one first', tag, params,
      answers: { 200: pageOf('Attempt') }, problems: [404],
      handle: async ({ params: { taskId: id } }) => ok({ items: (await api.runs.attempts(id)).map(toAttempt), nextCursor: null }),
    }),
    defineRoute({
      method: 'GET', path: '/runs/{taskId}/reports', operationId: 'listReports', summary: 'What workers told of it, oldest first: log lines, progress, a long result', tag, params,
      query: { after: whole(0, Number.MAX_SAFE_INTEGER, 'Only those behind this seq'), limit: integer(1, 1_000, 200), cursor: cursor('reports') },
      answers: { 200: pageOf('RunReport') }, problems: [404],
      handle: async ({ params: { taskId: id }, query: { after = 0, limit, cursor: place } }) => {
        const page = await api.runs.reports(id, { limit, after: place === undefined ? after : Number(place) });
        return ok({ items: page.items.map(toRunReport), nextCursor: nextCursor('reports', page.next === undefined ? undefined : String(page.next)) });
      },
    }),
    defineRoute({
      method: 'POST', path: '/runs/{taskId}/cancel', operationId: 'cancelRun', summary: 'End an open run', tag, params,
      body: { schema: CANCEL_REQUEST, checkedBy: 'http', optional: true },
      answers: { 200: ref('Run') }, problems: [404, 409, 502],
      handle: async ({ params: { taskId: id }, body: { reason } }) => ok(toRun(await (reason === undefined ? api.runs.cancel(id) : api.runs.cancel(id, reason)))),
    }),
    defineRoute({
      method: 'POST', path: '/runs/{taskId}/rerun', operationId: 'rerunRun', summary: 'Run the same again, with other args if given', tag, params,
      body: { schema: RERUN_REQUEST, checkedBy: 'http', optional: true },
      answers: { 202: ref('StartedRun') }, problems: [404, 409, 502],
      handle: async ({ params: { taskId: id }, body }) => started(await api.runs.rerun(id, body)),
    }),
  ];
}

const RUN_FILTER = {
  namespace: name(),
  app: name(),
  job: jobNameOrKey(),
  state: choices(RUN_STATES),
  trigger: choices(TRIGGERS),
  worker: text(256),
  from: time('Scheduled at or after'),
  to: time('Scheduled before'),
  reason: text(200, 'Part of the reason, any case'),
  monitorStatus: text(256),
  minDurationMs: whole(0, 366 * 86_400_000, 'Took at least so long'),
  monitorPayload: text(200, 'Part of the monitor payload, any case'),
  args: text(200, 'Part of the args, any case; or path:value of args that are JSON (order.id:17)'),
};

const SUB_RUN_FILTER = {
  status: text(256),
  reason: text(200, 'Part of the reason, any case'),
  monitorStatus: text(256),
  monitorPayload: text(200, 'Part of the monitor payload, any case'),
};

function toRunFilter({ job, state, trigger, worker, ...rest }: Values<typeof RUN_FILTER>): RunFilter {
  checkRange(rest.from, rest.to);
  return present({ ...rest, states: state, triggers: trigger, workerId: worker, ...addressOf(job, rest) });
}

interface Address {
  readonly namespace: string | undefined;
  readonly app: string | undefined;
}

/** Name of a job, or its key `namespace.app.name`. */
export function jobNameOrKey(): Field<readonly string[]> {
  return {
    schema: { type: 'string', description: 'Name of a job, or namespace.app.name' },
    read: (value) => {
      const parts = value.split('.');
      if ((parts.length === 1 || parts.length === 3) && parts.every(isValidName)) return parts;
      throw new BadField(`must be the name of a job (${NAME_RULE}) or namespace.app.name`);
    },
  };
}

export function addressOf(job: readonly string[] | undefined, given: Address): { job?: string; namespace?: string; app?: string } {
  if (job === undefined) return {};
  if (job.length === 1) return { job: job[0]! };
  const [namespace, app, jobName] = job as readonly [string, string, string];
  if ((given.namespace ?? namespace) !== namespace || (given.app ?? app) !== app) {
    throw new InvalidInputError([{ field: 'job', message: 'is of another namespace or app than the ones given' }]);
  }
  return { namespace, app, job: jobName };
}
