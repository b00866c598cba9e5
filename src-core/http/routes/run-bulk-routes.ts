import { InvalidInputError } from '../../domain/errors.ts';
import type { RunFilter, SchedulerApi } from '../../ports/api.ts';
import type { RunBulkFilter } from '../contract.ts';
import { RUN_BULK_REQUEST } from '../schema/request-schemas.ts';
import { ref } from '../schema/schema.ts';
import { parseTime } from '../times.ts';
import { BadField } from './fields.ts';
import { present } from './present.ts';
import { defineRoute, ok } from './route.ts';
import type { Route } from './route.ts';
import { addressOf, jobNameOrKey } from './run-routes.ts';

/** One action on many runs. */
export function runBulkRoutes(api: SchedulerApi): readonly Route[] {
  return [
    defineRoute({
      method: 'POST', path: '/runs/bulk', operationId: 'bulkRuns', summary: 'Cancel or rerun many runs; with dryRun only the count', tag: 'Runs',
      body: { schema: RUN_BULK_REQUEST, checkedBy: 'http' },
      answers: { 200: ref('RunBulkResult') },
      handle: async ({ body: { ids, filter, action, dryRun = false } }) => {
        if ((ids === undefined) === (filter === undefined)) throw new InvalidInputError([{ field: 'ids', message: 'give either ids or filter' }]);
        const chosen = ids === undefined ? { filter: toFilter(filter!) } : { ids };
        const { matched, done, failures, started } = await api.runs.bulk({ ...chosen, action, dryRun });
        return ok({ matched, done, failures: failures.map(({ id, message }) => ({ id, message })), started });
      },
    }),
  ];
}

/** The schema has made sure of everything but the job and the order of times. */
function toFilter({ job, state, trigger, worker, from, to, ...rest }: RunBulkFilter): RunFilter {
  const range = { from: from === undefined ? undefined : parseTime(from), to: to === undefined ? undefined : parseTime(to) };
  if (range.from !== undefined && range.to !== undefined && range.from >= range.to) throw new InvalidInputError([{ field: 'filter.to', message: 'must be later than from' }]);
  return present({ ...rest, ...range, states: state, triggers: trigger, workerId: worker, ...readJob(job, rest) });
}

function readJob(job: string | undefined, { namespace, app }: RunBulkFilter): Partial<RunFilter> {
  if (job === undefined || job === '') return {};
  try {
    return addressOf(jobNameOrKey().read(job), { namespace, app });
  } catch (error) {
    if (error instanceof BadField) throw new InvalidInputError([{ field: 'filter.job', message: error.message }]);
    if (error instanceof InvalidInputError) throw new InvalidInputError(error.errors.map(({ message }) => ({ field: 'filter.job', message })));
    throw error;
  }
}
