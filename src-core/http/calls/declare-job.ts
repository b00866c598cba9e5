import { AlreadyExistsError, ConflictError, InvalidInputError, NotFoundError, StaleVersionError } from '../../domain/errors.ts';
import { readJobSpec } from '../../domain/job-input.ts';
import { jobInputOf, patchJobInput } from '../../domain/job-patch.ts';
import type { JobView, SchedulerApi } from '../../ports/api.ts';
import { toJob } from '../resources.ts';
import type { Input } from './through-route.ts';

/** Programs that start together declare the same jobs. */
const TRIES = 8;

type Api = Pick<SchedulerApi, 'namespaces' | 'apps' | 'jobs'>;

/**
 * Sees to it that there is such a job: makes it, with its namespace and app, or changes of the one that is there the given fields.
 * `onExisting: 'keep'` leaves one that is there as it is. Asking again changes nothing.
 */
export async function declareJob(api: Api, { onExisting = 'update', ...definition }: Input): Promise<{ job: object; outcome: 'created' | 'updated' | 'unchanged' }> {
  if (onExisting !== 'update' && onExisting !== 'keep') throw new InvalidInputError([{ field: 'onExisting', message: 'must be update or keep' }]);
  const { namespace, app, name } = readJobSpec(definition, bytes);
  const key = `${namespace}.${app}.${name}`;
  for (let tries = 1; ; tries++) {
    try {
      const present = await unlessMissing(api.jobs.get(key));
      if (present === undefined) {
        await ensurePlace(api, namespace, app);
        return { job: toJob(await api.jobs.create(definition)), outcome: 'created' };
      }
      if (onExisting === 'keep' || !differs(present, definition)) return { job: toJob(present), outcome: 'unchanged' };
      return { job: toJob(await api.jobs.update(key, definition, present.version)), outcome: 'updated' };
    } catch (error) {
      if (!(error instanceof AlreadyExistsError || error instanceof StaleVersionError || isPlaceGone(error))) throw error;
      if (tries === TRIES) throw new ConflictError(`The job "${key}" is being changed by others: ${error.message}`);
    }
  }
}

/** Whether the fields given say something else than the job that is there: both are read, as defaults and words come out the same. */
function differs({ definition }: JobView, given: Input): boolean {
  const read = (input: unknown): string => JSON.stringify(readJobSpec(input, bytes));
  return read(patchJobInput(definition, given)) !== read(jobInputOf(definition));
}

async function ensurePlace(api: Api, namespace: string, app: string): Promise<void> {
  if ((await unlessMissing(api.namespaces.get(namespace))) === undefined) await unlessThere(api.namespaces.create({ name: namespace }));
  if ((await unlessMissing(api.apps.get(namespace, app))) === undefined) await unlessThere(api.apps.create(namespace, { name: app }));
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

async function unlessThere(made: Promise<unknown>): Promise<void> {
  try {
    await made;
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error;
  }
}

/** Somebody deleted the namespace or the app that was there a moment ago. */
function isPlaceGone(error: unknown): error is InvalidInputError | NotFoundError {
  return error instanceof NotFoundError || (error instanceof InvalidInputError && error.errors.every(({ message }) => message.endsWith('create it first')));
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}
