import { SKIP_REASONS } from '../../domain/run.ts';
import type { SchedulerApi, SkipCountPage } from '../../ports/api.ts';
import { toSkip } from '../resources.ts';
import { pageOf } from '../schema/resource-schemas.ts';
import { nextCursor } from './definition-routes.ts';
import { choices, jobId, name, pageFields, time } from './fields.ts';
import { present } from './present.ts';
import { defineRoute, ok } from './route.ts';
import type { Answer, Route } from './route.ts';
import { addressOf, jobNameOrKey } from './run-routes.ts';
import { checkRange } from './stats-range.ts';

/** Counters of fires that were not let through. */
export function skipRoutes(api: SchedulerApi): readonly Route[] {
  const common = { reason: choices(SKIP_REASONS), from: time('Hours that start at or after'), to: time('Hours that start before'), ...pageFields('skips') };
  return [
    defineRoute({
      method: 'GET', path: '/skips', operationId: 'listSkips', summary: 'Skipped fires by job, reason and hour, newest hour first', tag: 'Skips',
      query: { namespace: name(), app: name(), job: jobNameOrKey(), ...common },
      answers: { 200: pageOf('Skip') },
      handle: async ({ query }) => {
        const { limit, cursor, job, reason, ...rest } = query;
        checkRange(rest.from, rest.to);
        return page(await api.skips(present({ ...rest, reasons: reason, ...addressOf(job, rest) }), { limit, ...present({ before: cursor }) }));
      },
    }),
    defineRoute({
      method: 'GET', path: '/jobs/{id}/skips', operationId: 'listSkipsOfJob', summary: 'Skipped fires of the job by reason and hour, newest hour first', tag: 'Skips',
      params: { id: jobId() }, query: common,
      answers: { 200: pageOf('Skip') }, problems: [404],
      handle: async ({ params: { id }, query: { limit, cursor, reason, from, to } }) => {
        checkRange(from, to);
        return page(await api.jobs.skips(id, present({ reasons: reason, from, to }), { limit, ...present({ before: cursor }) }));
      },
    }),
  ];
}

function page({ items, next }: SkipCountPage): Answer {
  return ok({ items: items.map(toSkip), nextCursor: nextCursor('skips', next) });
}
