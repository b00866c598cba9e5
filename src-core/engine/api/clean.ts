import { UnavailableError } from '../../domain/errors.ts';
import { isFinal } from '../../domain/run.ts';
import type { CleanRequest } from '../../ports/index.ts';
import { encodeRunsRemoved, runEventSubject } from '../../wire/index.ts';
import type { JobRuntime } from '../job-runtime.ts';
import { cancel } from './run-api.ts';
import type { RunApiParts } from './run-api.ts';

const PAGE = 1_000;
const IDS_PER_MESSAGE = 500;
const CANCELLED_AT_ONCE = 50;
/** Whoever asks is answered in time; what is left goes with the next call. */
const SEARCH_LIMIT_MS = 5_000;
const PATIENCE_MS = 5_000;

/**
 * On the leader: picks runs of the job by its view, and says in the log that they are to go, so that they go from every node's view.
 * What waits or is delayed is cancelled first. Resolves to how many once the log has it.
 */
export async function clean(parts: RunApiParts, job: JobRuntime, request: CleanRequest): Promise<number> {
  const ids = await pick(parts, job, request);
  const isOpen = request.state === 'waiting' || request.state === 'delayed';
  return remove(parts, job, isOpen ? await cancelled(parts, ids) : ids);
}

async function pick({ book, context: { store, clock } }: RunApiParts, job: JobRuntime, { state, olderThanMs, limit }: CleanRequest): Promise<readonly string[]> {
  const { namespace, app, name } = job.definition;
  const cutoff = clock.now() - olderThanMs;
  const until = clock.monotonic() + SEARCH_LIMIT_MS;
  const ids: string[] = [];
  for (let before: string | undefined; ;) {
    const page = await store.briefs({ namespace, app, job: name, states: [state], to: cutoff + 1, limit: PAGE, ...(before === undefined ? {} : { before }) });
    for (const run of page.items) {
      if (run.jobNumber !== job.number || (run.endedAt || run.dueAt || run.scheduledAt) > cutoff) continue;
      // An attempt that is to follow one has to be in the log before that one goes.
      if (isFinal(run.state) && book.get(run.id)?.record.retryPending) continue;
      if (ids.push(run.id) === limit) return ids;
    }
    before = page.nextBefore;
    if (before === undefined || clock.monotonic() > until) return ids;
  }
}

/** Those that are cancelled now; one that was sent meanwhile is no longer meant. */
async function cancelled(parts: RunApiParts, ids: readonly string[]): Promise<readonly string[]> {
  const done: string[] = [];
  for (let first = 0; first < ids.length; first += CANCELLED_AT_ONCE) {
    await Promise.all(ids.slice(first, first + CANCELLED_AT_ONCE).map(async (id) => {
      const state = parts.book.get(id)?.record.state;
      if (state !== 'waiting' && state !== 'delayed') return;
      const run = await cancel(parts, id, 'cleaned away');
      if (run.state === 'cancelled') done.push(id);
    }));
  }
  return done;
}

async function remove(parts: RunApiParts, job: JobRuntime, ids: readonly string[]): Promise<number> {
  const { namespace, app, name } = job.definition;
  const { clock } = parts.context;
  const now = clock.now();
  const messages: string[][] = [];
  for (let first = 0; first < ids.length; first += IDS_PER_MESSAGE) messages.push(ids.slice(first, first + IDS_PER_MESSAGE));
  const { log } = parts.leadership();
  const removed = await Promise.all(messages.map((taskIds) => new Promise<number>((resolve) => {
    log.publish({
      subject: runEventSubject('removed', namespace, app, name), text: encodeRunsRemoved({ v: 1, taskIds }), id: `${taskIds[0]}:e:removed:${now}`, runHeader: '',
      giveUpAt: now + PATIENCE_MS, onSettled: (sequence) => resolve(sequence === 0 ? 0 : taskIds.length),
    });
  })));
  const count = removed.reduce((sum, each) => sum + each, 0);
  if (count === 0 && ids.length > 0) throw new UnavailableError('NATS did not take the message in time: nothing was removed.');
  return count;
}
