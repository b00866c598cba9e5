import { InvalidInputError } from '../../domain/errors.ts';
import type { BulkAction, SchedulerApi } from '../../ports/api.ts';
import type { Clock } from '../../ports/clock.ts';
import { API_BASE } from '../contract.ts';
import type { BulkRequest } from '../contract.ts';
import { toExplanation } from '../resources.ts';
import { BULK_REQUEST, RUN_REQUEST } from '../schema/request-schemas.ts';
import { ref } from '../schema/schema.ts';
import { jobId } from './fields.ts';
import { defineRoute, ok } from './route.ts';
import type { Answer, Route } from './route.ts';
import { statsAnswer, statsFields, statsRange } from './stats-range.ts';

export function jobActionRoutes(api: SchedulerApi, clock: Clock): readonly Route[] {
  const tag = 'Jobs';
  const params = { id: jobId() };
  return [
    defineRoute({
      method: 'POST', path: '/jobs/bulk', operationId: 'bulkJobs', summary: 'One action on many jobs; with dryRun only the count', tag,
      body: { schema: BULK_REQUEST, checkedBy: 'http' },
      answers: { 200: ref('BulkResult') },
      handle: async ({ body }) => {
        const { matched, done, failures } = await api.jobs.bulk(toBulk(body));
        return ok({ matched, done, failures: failures.map(({ id, message }) => ({ id, message })) });
      },
    }),
    defineRoute({
      method: 'POST', path: '/jobs/{id}/run', operationId: 'runJob', summary: 'Run now, or say why not', tag, params,
      body: { schema: RUN_REQUEST, checkedBy: 'http', optional: true },
      answers: { 202: ref('StartedRun') }, problems: [404, 409, 502],
      handle: async ({ params: { id }, body }) => started(await api.jobs.run(id, { ...body, trigger: body.trigger ?? 'manual' })),
    }),
    defineRoute({
      method: 'GET', path: '/jobs/{id}/explain', operationId: 'explainJob', summary: 'Would it run now: every gate, and what it says', tag, params,
      answers: { 200: ref('Explanation') }, problems: [404],
      handle: async ({ params: { id } }) => ok(toExplanation(await api.jobs.explain(id))),
    }),
    defineRoute({
      method: 'GET', path: '/jobs/{id}/stats', operationId: 'jobStats', summary: 'Ends per stretch of time; the last 24 hours by the hour unless asked otherwise', tag, params,
      query: statsFields(),
      answers: { 200: ref('Stats') }, problems: [404],
      handle: async ({ params: { id }, query }) => {
        const range = statsRange(query, clock.now());
        return statsAnswer(range, await api.jobs.stats(id, range));
      },
    }),
  ];
}

/** The answer of run and rerun. */
export function started(run: { taskId: string; state: string }): Answer {
  return { status: 202, body: { taskId: run.taskId, state: run.state }, headers: { location: `${API_BASE}/runs/${run.taskId}` } };
}

function toBulk(body: BulkRequest): Parameters<SchedulerApi['jobs']['bulk']>[0] {
  const { ids, filter, dryRun = false } = body;
  if ((ids === undefined) === (filter === undefined)) {
    throw new InvalidInputError([{ field: 'ids', message: 'give either ids or filter' }]);
  }
  const chosen = ids === undefined ? { filter: filter! } : { ids: [...new Set(ids)] };
  return { ...chosen, action: toAction(body), dryRun };
}

/** What an action does not use is refused: it would be silently ignored. */
function toAction({ action, tag, move }: BulkRequest): BulkAction {
  if (tag !== undefined && action !== 'tag') throw new InvalidInputError([{ field: 'tag', message: 'is for the action tag' }]);
  if (move !== undefined && action !== 'move') throw new InvalidInputError([{ field: 'move', message: 'is for the action move' }]);
  switch (action) {
    case 'tag': {
      const { add = [], remove = [] } = tag ?? {};
      if (add.length + remove.length === 0) throw new InvalidInputError([{ field: 'tag', message: 'must say what to add or to remove' }]);
      return { kind: 'tag', add, remove };
    }
    case 'move':
      if (move === undefined) throw new InvalidInputError([{ field: 'move', message: 'must say the namespace and app to move to' }]);
      return { kind: 'move', namespace: move.namespace, app: move.app };
    default:
      return { kind: action };
  }
}
