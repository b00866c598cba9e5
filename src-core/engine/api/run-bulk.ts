import { InvalidInputError, RunSkippedError, UnavailableError } from '../../domain/errors.ts';
import { isFinal, RUN_STATES } from '../../domain/run.ts';
import type { RunApi, RunBulkResult, RunFilter } from '../../ports/index.ts';
import type { JobApiParts } from './api-parts.ts';

type Request = Parameters<RunApi['bulk']>[0];

const MOST_RUNS = 1_000;
/** So many are on their way at a time. */
const AT_ONCE = 50;
/** A search that finds few among many goes on for so long. */
const SEARCH_LIMIT_MS = 5_000;
const OPEN = RUN_STATES.filter((state) => !isFinal(state));

/** Oldest first, so that what is started again comes in its order. Once NATS is found away, the rest is not tried. */
export async function bulkRuns(parts: JobApiParts, request: Request, act: (taskId: string) => Promise<{ taskId: string }>): Promise<RunBulkResult> {
  const ids = await targets(parts, request);
  const failures: { id: string; message: string }[] = [];
  const started: string[] = [];
  if (request.dryRun) return { matched: ids.length, done: 0, failures, started };
  // Says at once when nobody leads.
  parts.byLeader.throwIfNone();
  let away: UnavailableError | undefined;
  for (let first = 0; first < ids.length; first += AT_ONCE) {
    await Promise.all(ids.slice(first, first + AT_ONCE).map(async (id) => {
      try {
        if (away !== undefined) throw away;
        const { taskId } = await act(id);
        if (request.action === 'rerun') started.push(taskId);
      } catch (error) {
        if (error instanceof UnavailableError) away ??= error;
        failures.push({ id, message: messageOf(error) });
      }
    }));
  }
  return { matched: ids.length, done: ids.length - failures.length, failures, started };
}

async function targets(parts: JobApiParts, { ids, filter, action }: Request): Promise<readonly string[]> {
  if ((ids === undefined) === (filter === undefined)) throw new InvalidInputError([{ field: 'ids', message: 'give either ids or filter' }]);
  if (ids === undefined) return newest(parts, action === 'cancel' && !filter!.states?.length ? { ...filter!, states: OPEN } : filter!);
  if (ids.length > MOST_RUNS) throw new InvalidInputError([{ field: 'ids', message: `are ${ids.length}; at most ${MOST_RUNS} at once` }]);
  return [...new Set(ids)];
}

async function newest({ context: { store, clock } }: JobApiParts, filter: RunFilter): Promise<string[]> {
  const until = clock.monotonic() + SEARCH_LIMIT_MS;
  const ids: string[] = [];
  for (let before: string | undefined; ;) {
    const page = await store.briefs({ ...filter, limit: MOST_RUNS - ids.length, ...(before === undefined ? {} : { before }) });
    ids.push(...page.items.map(({ id }) => id));
    before = page.nextBefore;
    if (before === undefined || ids.length >= MOST_RUNS || clock.monotonic() > until) return ids.reverse();
  }
}

function messageOf(error: unknown): string {
  if (error instanceof RunSkippedError) return `${error.reason}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
