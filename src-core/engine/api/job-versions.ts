import { NotFoundError, UnavailableError } from '../../domain/errors.ts';
import type { JobVersion } from '../../ports/index.ts';
import { DEFINITIONS_PREFIX, DEFINITIONS_STREAM, jobKey, kvKey } from '../../wire/index.ts';
import { decodeDefinition } from '../definition-codec.ts';
import type { JobApiParts } from './api-parts.ts';

/** As long as a change may take. */
const PATIENCE_MS = 8_000;
/** The bucket keeps fewer. */
const MOST_VERSIONS = 64;
const OPERATION_HEADER = 'KV-Operation';

/** What stood at the job's address, newest first, as far back as the definitions bucket keeps it; of a deleted job by its address. */
export async function jobVersions({ jobs, context }: JobApiParts, id: string): Promise<readonly JobVersion[]> {
  const job = jobs.find(id);
  const [namespace, app, name] = (job?.key ?? id).split('.');
  if (namespace === undefined || app === undefined || name === undefined) throw new NotFoundError('job', id);
  const found: JobVersion[] = [];
  const isWhole = await context.bus.read({
    stream: DEFINITIONS_STREAM, subjects: [DEFINITIONS_PREFIX + jobKey(namespace, app, name)], limitMs: PATIENCE_MS,
    onMessage: ({ subject, sequence, storedAt, text, header }) => {
      const isDeleted = header(OPERATION_HEADER) !== '';
      const change = decodeDefinition(kvKey(DEFINITIONS_PREFIX, subject) ?? '', isDeleted ? undefined : text, sequence);
      if (change?.kind === 'job') found.push({ version: sequence, at: storedAt, definition: change.value?.definition });
      return found.length < MOST_VERSIONS;
    },
  });
  if (!isWhole) throw new UnavailableError(`NATS took longer than ${PATIENCE_MS} ms to show the versions of ${id}.`);
  if (found.length === 0 && job === undefined) throw new NotFoundError('job', id);
  return found.reverse();
}
